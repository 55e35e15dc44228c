"""Role × object × verb, over every door: page, admin, API, socket, download.

The tables of these tests say what each person gets, and they walk every cell. A page of the admin,
a route of the API or a page of the console that stands in no table fails.

    y  it is there            n  the answer is there, without it
    +  done, or let in        -  let in, and nothing happens
    b  let in as far as the body (400, 422, 415)    c  too late (409)
    4  404    3  403    1  401    g  gone (410)    r  to the sign-in
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection, models, transaction
from django.test import Client
from django.utils import timezone

from apps.agents.models import Agent, AgentSettings, AgentState, CustomState, Team
from apps.attachments.models import Attachment, AttachmentSettings, VerdictChange
from apps.channels.models import (
    ChannelSettings,
    InboundEmail,
    LedgerCheck,
    MailboxMove,
    MailImport,
    OAuthProfile,
    SuppressedAddress,
)
from apps.channels.models.domains import SendingDomain
from apps.console.models import CannedReply, ReadMark, Signature, Viewing
from apps.core import blobs
from apps.core.models import Alarm, ApiToken, Role, SettingsChange, SignInSettings, User
from apps.core.people import set_roles
from apps.crm.models import (
    CrmConnection,
    CrmSettings,
    Ticket,
    TicketComment,
    TicketFile,
    TicketLink,
    TicketUpdate,
)
from apps.queues.models import Queue, QueueMembership
from apps.storage.models import StorageSettings, StoredObject
from apps.tickets.models import Draft, Regrouping, Session, StagedFile, ThreadDeletion
from config import urls as urls  # the pages of the admin are registered with it
from tests.core.test_pictures import plain, saved
from tests.people import (
    House,
    crm_connection,
    make_account,
    make_agent,
    make_attachment,
    make_house,
    make_mailbox,
    make_message,
    make_queue,
    make_session,
    make_supervisor,
    make_team,
    make_user,
    token_of,
)

A_PICTURE = saved(plain(), "PNG")

# The columns. Alice works in the queue Support through the team North, which Irene supervises;
# Charlie works in the queue Other and is of the team South, which Otto supervises.
PEOPLE = (
    "admin",
    "irene",
    "otto",
    "nora",  # supervises nothing
    "alice",
    "charlie",
    "auditor",
    "robot",  # an integration whose token may read and write
    "blind",  # an integration whose token may report events and no more
    "nobody",  # not signed in
    "eve",  # was an agent of North and lost the role
)
SCOPES = {"robot": ("read", "write"), "blind": ("events",)}


@dataclass(slots=True)
class World:
    """Everybody, everything, and how each of them signs in."""

    house: House
    people: dict[str, User | None]
    words: dict[str, Any]  # of addresses
    rows: dict[str, models.Model]  # label of the model: one that is Alice's or the house's
    marks: dict[str, str]  # what shows that it is there
    browsers: dict[str, Client]
    headers: dict[str, dict[str, str]]


def build_world() -> World:
    house = make_house()
    north = Team.objects.get(name="North")
    eve = make_agent("eve", teams=[north], queues=[house.support])
    set_roles(eve.user, [])
    south = make_team("South", members=[house.charlie])
    people: dict[str, User | None] = {
        "admin": house.admin,
        "irene": house.irene,
        "otto": make_supervisor("otto", teams=[south]),
        "nora": make_supervisor("nora"),
        "alice": house.alice.user,
        "charlie": house.charlie.user,
        "auditor": house.auditor,
        "robot": house.robot,
        "blind": make_user("blind", roles=[Role.INTEGRATION]),
        "nobody": None,
        "eve": User.objects.get(username="eve"),
    }
    assert tuple(people) == PEOPLE
    words, rows = _things(house, north)
    marks = {
        "suppressed": "gone@outside.test",
        "session": words["session"],
        "message": f'"id":"{words["message"]}"',
        "regrouping": f'"id":"{words["regrouping"]}"',
        "queue": '"name":"Support"',
        "agent": '"user":"alice"',
        "account": f'"name":"{house.mailbox.account.name}"',
        "time": f'"agent":"{words["agent"]}"',
        "alarm": '"name":"Disk"',
        "ledger": '"subject":"Held mail"',
        "quarantine": '"subject":"Held mail"',
    }
    return World(house, people, words, rows, marks, *_doors(people))


def _doors(people: dict[str, User | None]) -> tuple[dict[str, Client], dict[str, dict[str, str]]]:
    browsers = {name: Client(raise_request_exception=False) for name in people}
    headers: dict[str, dict[str, str]] = {"nobody": {}}
    for name, user in people.items():
        if user is not None:
            browsers[name].force_login(user)
            headers[name] = token_of(user, *SCOPES.get(name, ()))
    return browsers, headers


def _undone(session: Session) -> Regrouping:
    """Of no mail, and taken back already."""
    before = {"messages": {}, "sessions": {}, "landed": session.pk}
    threads = {"from_thread": session.thread, "to_thread": session.thread}
    return Regrouping.objects.create(
        kind="move", before=before, undone_at=timezone.now(), **threads
    )


def _things(house: House, north: Team) -> tuple[dict[str, Any], dict[str, models.Model]]:
    """One of each kind; those that can be deleted have nothing that hangs on them."""
    raw = blobs.store(b"From: a@outside.test\r\nSubject: Held mail\r\n\r\nHello")
    fields = {"raw": raw, "size": 50, "sha256": "x", "subject": "Held mail", "source": "api"}
    held = InboundEmail.objects.create(status="quarantined", mailbox=house.mailbox, **fields)
    stored = InboundEmail.objects.create(status="stored", mailbox=house.mailbox, **fields)
    session = make_session(house.support)
    message = make_message(session, inbound=stored, html='<img src="https://shop.test/a.png">')
    file = make_attachment(message, content=A_PICTURE)
    Attachment.objects.filter(pk=file.pk).update(detected_type="image/png")
    ticket = Ticket.objects.create(subject="A ticket", marker=session.thread.key)
    TicketLink.objects.create(
        thread_key=session.thread.key, connection=crm_connection(), ticket=str(ticket.pk)
    )
    ticket_file = TicketFile.objects.create(
        ticket=ticket, marker="f", name="f.png", size=1, blob=raw
    )
    update = TicketUpdate.objects.create(
        thread_key=session.thread.key, kind="standard", key="1", text="x", status="failed"
    )
    words = {
        "session": session.public_id,
        "message": message.pk,
        "file": file.pk,
        "first": 0,
        "ticket": ticket.pk,
        "ticket_file": ticket_file.pk,
        "queue": house.support.pk,
        "other": house.other.pk,
        "agent": house.alice.pk,
        "alice": house.alice.user_id,
        "north": north.pk,
        "south": Team.objects.get(name="South").pk,
        "account": house.mailbox.account_id,
        "ledger": held.pk,
        "quarantine": held.pk,
        "regrouping": _undone(session).pk,
    }
    suppressed = SuppressedAddress.objects.create(address="gone@outside.test")
    words["suppressed"] = suppressed.pk
    rows: list[models.Model] = [
        house.alice.user,
        ApiToken.objects.create(user=house.bob.user, name="of Bob", digest="d"),
        house.alice,
        north,
        AgentSettings.load(),
        CustomState.objects.create(name="Training"),
        CannedReply.objects.create(name="Late", queue=house.support, html="<p>Sorry, late</p>"),
        Signature.objects.create(user=house.alice.user, html="<p>Alice of Support</p>"),
        SignInSettings.load(),
        SettingsChange.objects.latest("pk"),  # the first page of the list
        Alarm.objects.create(code="disk", name="Disk", since=timezone.now()),
        ChannelSettings.load(),
        make_account("Spare"),
        OAuthProfile.objects.create(name="Spare", client_id="spare"),
        make_mailbox("spare@carteria.test"),
        SendingDomain.objects.create(name="carteria.test"),
        held,
        LedgerCheck.objects.create(account=house.mailbox.account, folder="INBOX"),
        MailImport.objects.create(account=house.mailbox.account, since=date(2026, 1, 1)),
        MailboxMove.objects.create(mailbox=house.mailbox, from_name="Old", to_name="New"),
        suppressed,
        ThreadDeletion.objects.create(thread_key="T0"),
        make_queue("Spare"),
        AttachmentSettings.load(),
        file,
        VerdictChange.objects.create(attachment=file, before="withheld", after="clean"),
        CrmSettings.load(),
        CrmConnection.objects.create(kind="rt", url="https://rt.example.com"),
        ticket,
        update,
        StorageSettings.load(),
        StoredObject.objects.create(
            kind="raw",
            key="1",
            name="x.eml",
            day=session.created_at.date(),
            thread_key=session.thread.key,
            blob=raw,
            size=1,
            status="failed",
        ),
    ]
    by_label = {row._meta.label: row for row in rows}
    by_label["email_channels.QuarantinedEmail"] = held
    return words, by_label


@contextmanager
def undone() -> Iterator[None]:
    """Each cell finds the house as the first one did."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


WATCHED: tuple[type[models.Model], ...] = (
    *(Session, InboundEmail, TicketUpdate, User, Team, Agent, AgentState, Queue, ApiToken),
    *(ReadMark, Draft, Signature, Viewing, StoredObject, Ticket, TicketComment),
    *(SuppressedAddress, ChannelSettings),
)


def state() -> list[Any]:
    """What a verb could change, as the database has it: asked thousands of times."""
    with connection.cursor() as cursor:
        rows = [_rows_of(cursor, model._meta) for model in WATCHED]
    return [*rows, StagedFile.objects.count(), QueueMembership.objects.count()]


def _rows_of(cursor: Any, of: Any) -> list[Any]:
    cursor.execute(f'SELECT * FROM "{of.db_table}" ORDER BY "{of.pk.column}"')
    return list(cursor.fetchall())


def cell(response: Any, mark: str = "", before: list[Any] | None = None) -> str:
    status = response.status_code
    if status == 302 and "/login/" in response["Location"]:
        return "r"
    if status < 400 and before is not None:
        return "+" if state() != before else "-"
    if status < 400 and mark:
        return "y" if mark in response.content.decode() else "n"
    return "+" if status < 400 else _REFUSALS[status]


_REFUSALS = {400: "b", 401: "1", 403: "3", 404: "4", 405: "5", 409: "c", 410: "g"}
_REFUSALS |= {415: "b", 422: "b"}


def walked(answers: dict[str, str], expected: str) -> None:
    """Names every person who got something else."""
    table = dict(zip(PEOPLE, expected.split(), strict=True))
    assert answers == table

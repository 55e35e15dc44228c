"""Role × object × verb, over every door: page, admin, API, socket, download.

The tables say what each person gets; the tests walk every cell. A page of the admin, a route of
the API or a page of the console that stands in no table fails.

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
from urllib.parse import parse_qsl

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db import connection, models, transaction
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone

from apps.agents.models import Agent, AgentSettings, AgentState, CustomState, Team
from apps.attachments.links import make_link
from apps.attachments.models import Attachment, AttachmentSettings, VerdictChange
from apps.attachments.urls import urlpatterns as attachments_urls
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
from apps.channels.parsed import Address
from apps.console.conversation import remote_images
from apps.console.models import CannedReply, ReadMark, Signature, Viewing
from apps.console.urls import urlpatterns as console_urls
from apps.console.urls_desk import LIST, READING, REGROUPING, VIEWING, WRITING
from apps.core import blobs
from apps.core.admin_bases import Restricted
from apps.core.live import topics_of
from apps.core.live_socket import LiveConsumer
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
from apps.reports.urls import urlpatterns as reports_urls
from apps.storage.models import StorageSettings, StoredObject
from apps.tickets import draft_files, drafts
from apps.tickets.drafts_begin import begin_reply
from apps.tickets.drafts_send import Wish, send
from apps.tickets.letters import Upload
from apps.tickets.models import Draft, Regrouping, Session, StagedFile, ThreadDeletion
from config import urls as urls  # the pages of the admin are registered with it
from config.api import urlpatterns as api_urls
from tests.core.test_pictures import plain, saved
from tests.kept_rows import KeptRows
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

# What a database does differently is asked elsewhere: rights are asked of one.
pytestmark = [pytest.mark.django_db, pytest.mark.only_on("sqlite")]

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

# ---- the console: (verb, url name, query or form) ------------------------------------------------
#                                            admin irene otto nora alice charlie auditor robot blind nobody eve
PAGES = {
    ("get", "sessions", "?view=all"):          "y y n n y n y y y r n",
    ("get", "sessions", "?view=all&status=any"):"y y n n y n y y y r n",
    ("get", "sessions", "?queue={queue}"):     "y y n n y n y y y r n",
    ("get", "session", "?view=all"):           "y y n n y n y y y r n",
    ("get", "draft", "?view=all"):             "y y n n y n y y y r n",
    ("get", "words", ""):                      "+ + + + + + + + + + +",
    ("get", "mail-link", ""):                  "+ + 4 4 + 4 + + + r 4",
    ("get", "mail-frame", ""):                 "+ + 4 4 + 4 + + + r 4",
    ("get", "mail-picture", ""):               "+ + 4 4 + 4 + + + r 4",
    ("get", "file", ""):                       "+ + 4 4 + 4 + + + r 4",
    ("get", "ticket", ""):                     "+ + 4 4 + 4 + + + r 4",
    ("get", "tickets", ""):                    "y y n n y n y y y r n",
    ("post", "ticket-close", ""):              "+ + 4 4 + 4 - - - r 4",
    ("post", "ticket-reopen", ""):             "- - 4 4 - 4 - - - r 4",
    ("post", "ticket-note", "text=Hello&token=a-token-of-20-chars"):"+ + 4 4 + 4 3 3 3 r 4",
    ("get", "board", ""):                      "y y n n 4 4 y 4 4 r 4",
    ("post", "board-state", "state=Break&reason=Drill"):"+ + 4 4 4 4 4 4 4 r 4",
}  # fmt: skip

# ---- the console's JSON: (verb, url name, query or body) ----------------------------------------
#                                            admin irene otto nora alice charlie auditor robot blind nobody eve
DESK = {
    ("get", "desk", ""):                       "y y n n y n y y y 1 n",
    ("get", "desk-sessions", "?status=any"):   "y y n n y n y y y 1 n",
    ("get", "desk-sessions", "?queue={queue}"):"y y 4 4 y 4 y y y 1 4",
    ("get", "desk-rows", "?ids={session}"):    "y y n n y n y y y 1 n",
    ("get", "desk-choices", "?session={session}"): "+ + 4 4 + 4 + + + 1 4",
    ("get", "desk-choices", "?queue={queue}"): "+ + 4 4 + 4 4 4 4 1 4",
    ("post", "desk-state", "state=Break"):     "4 4 4 4 + + 4 4 4 1 4",
    ("post", "desk-keys", "on="):              "+ + + + + + + + + 1 +",
    ("post", "desk-take", ""):                 "3 3 4 4 + 4 3 3 3 1 4",
    ("post", "desk-give-back", ""):            "c c 4 4 c 4 c c c 1 4",
    ("post", "desk-status", "status=paused"):  "+ + 4 4 c 4 c c c 1 4",
    ("post", "desk-transfer", "queue={other}"):"+ + 4 4 c 4 c c c 1 4",
    ("post", "desk-assign", "agent={agent}"):  "+ + 4 4 c 4 c c c 1 4",
    ("post", "desk-make-customer", "message={message}"): "c c 4 4 c 4 c c c 1 4",
    ("post", "desk-rebuild", ""):              "+ + 4 4 3 4 3 3 3 1 4",
    ("post", "desk-move", "session={session}"):"c c 4 4 c 4 c c c 1 4",
    ("post", "desk-merge", "into={session}"):  "c c 4 4 c 4 c c c 1 4",
    ("post", "desk-keep-apart", ""):           "- - 4 4 - 4 c c c 1 4",
    ("post", "desk-regroup-undo", ""):         "c c 4 4 c 4 c c c 1 4",
    ("post", "desk-release", "attachment={file}"): "c c 4 4 3 4 3 3 3 1 4",
    ("post", "desk-resolve", "message={message}&outcome=arrived"): "c c 4 4 c 4 c c c 1 4",
    ("post", "desk-seen", "message={message}"):"+ + 4 4 + 4 + + + 1 4",
    ("post", "desk-unread", ""):               "+ + 4 4 + 4 + + + 1 4",
    ("get", "desk-session", ""):               "y y 4 4 y 4 y y y 1 4",
    ("get", "desk-customer", ""):              "+ + 4 4 + 4 + + + 1 4",
    ("get", "desk-message", ""):               "y y 4 4 y 4 y y y 1 4",
    ("post", "desk-here", "tab=a"):            "+ + 4 4 + 4 + + + 1 4",
    ("post", "desk-gone", "tab=a"):            "- - 4 4 - 4 - - - 1 4",
    ("get", "desk-viewers", ""):               "+ + 4 4 + 4 + + + 1 4",
}  # fmt: skip

# ---- writing in the console: (verb, url name, query or body); the draft is Alice's ---------------
#                                            admin irene otto nora alice charlie auditor robot blind nobody eve
WRITING_DOORS = {
    ("get", "desk-drafts", ""):                "n n n n y n n n n 1 n",
    ("post", "desk-drafts", "kind=reply&session={session}"): "+ + 4 4 - 4 c c c 1 4",
    ("post", "desk-drafts", "kind=forward&message={message}"): "+ + 4 4 + 4 c c c 1 4",
    ("post", "desk-drafts", "kind=new&queue={queue}"): "+ + b b + b b b b 1 b",
    ("get", "desk-draft", ""):                 "y y 4 4 y 4 y y y 1 4",
    ("put", "desk-draft", "version=1"):        "4 4 4 4 + 4 4 4 4 1 4",
    ("delete", "desk-draft", ""):              "4 4 4 4 + 4 4 4 4 1 4",
    ("post", "desk-draft-take", ""):           "+ + 4 4 - 4 c c c 1 4",
    ("post", "desk-draft-send", "version=1"):  "4 4 4 4 + 4 4 4 4 1 4",
    ("get", "desk-draft-files", ""):           "+ + 4 4 + 4 + + + 1 4",
    ("post", "desk-draft-files", ""):          "4 4 4 4 + 4 4 4 4 1 4",
    ("post", "desk-draft-unstage", ""):        "4 4 4 4 + 4 4 4 4 1 4",
    ("post", "desk-undo", ""):                 "c c 4 4 + 4 c c c 1 4",
    ("get", "desk-canned", ""):                "y y n n y n y y y 1 n",
    ("get", "desk-canned", "?session={session}"): "y y 4 4 y 4 y y y 1 4",
    ("get", "desk-signature", ""):             "n n n n y n n n n 1 n",
    ("put", "desk-signature", "html=Me"):      "+ + + + + + + + + 1 +",
}  # fmt: skip

# ---- the API: (method, route, query) -------------------------------------------------------------
#                                            admin irene otto nora alice charlie auditor robot blind nobody eve
API = {
    ("get", "session-list", ""):               "y y n n y n y y 3 1 n",
    ("get", "session-list", "?queue=Support"): "y y n n y n y y 3 1 n",
    ("get", "session-list", "?agent=none"):    "y y n n y n y y 3 1 n",
    ("get", "session-detail", ""):             "y y 4 4 y 4 y y 3 1 4",
    ("delete", "session-detail", "?confirm={session}"): "+ 3 4 4 3 4 3 3 3 1 4",
    ("post", "session-list", ""):              "b b b b b b 3 b 3 1 b",
    ("post", "session-take", ""):              "3 3 4 4 + 4 3 3 3 1 4",
    ("post", "session-open", ""):              "3 3 4 4 c 4 3 3 3 1 4",
    ("post", "session-assign", ""):            "b b 4 4 3 4 3 3 3 1 4",
    ("post", "session-transfer", ""):          "b b 4 4 b 4 3 b 3 1 4",
    ("post", "session-status", ""):            "b b 4 4 b 4 3 b 3 1 4",
    ("post", "session-customer", ""):          "b b 4 4 b 4 3 b 3 1 4",
    ("post", "session-reply", ""):             "b b 4 4 b 4 3 b 3 1 4",
    ("post", "session-merge", ""):             "b b 4 4 b 4 3 b 3 1 4",
    ("post", "session-keep-apart", ""):        "+ + 4 4 + 4 3 c 3 1 4",
    ("get", "message-list", ""):               "y y n n y n y y 3 1 n",
    ("get", "message-list", "?session={session}"): "y y n n y n y y 3 1 n",
    ("get", "message-detail", ""):             "y y 4 4 y 4 y y 3 1 4",
    ("get", "message-raw", ""):                "+ 4 4 4 4 4 + 4 3 1 4",
    ("post", "message-move", ""):              "b b 4 4 b 4 3 b 3 1 4",
    ("post", "message-resolve", ""):           "b b 4 4 b 4 3 b 3 1 4",
    ("get", "regrouping-detail", ""):          "y y 4 4 y 4 y y 3 1 4",
    ("post", "regrouping-undo", ""):           "c c 4 4 c 4 3 c 3 1 4",
    ("get", "attachment-content", ""):         "+ + 4 4 + 4 + + 3 1 4",
    ("get", "attachment-preview", "?longest=320"): "+ + 4 4 + 4 + + 3 1 4",
    ("post", "attachment-link", ""):           "+ + 4 4 + 4 3 + 3 1 4",
    ("post", "attachment-release", ""):        "c c 4 4 3 4 3 3 3 1 4",
    ("get", "ticket-detail", ""):              "+ + 4 4 + 4 + + 3 1 4",
    ("get", "ticket-file", ""):                "+ + 4 4 + 4 + + 3 1 4",
    ("get", "queue-list", ""):                 "y y n n y n y y 3 1 n",
    ("get", "queue-detail", ""):               "y y 4 4 y 4 y y 3 1 4",
    ("get", "agent-list", ""):                 "y y n n y y y y 3 1 n",
    ("get", "agent-detail", ""):               "y y 4 4 y y y y 3 1 4",
    ("get", "account-list", ""):               "y y y y 3 3 y y 3 1 3",
    ("get", "account-detail", ""):             "y y y y 3 3 y y 3 1 3",
    ("get", "alarm-list", ""):                 "y 3 3 3 3 3 y y 3 1 3",
    ("get", "ledger-list", ""):                "y 3 3 3 3 3 y y 3 1 3",
    ("get", "ledger-detail", ""):              "y 3 3 3 3 3 y y 3 1 3",
    ("get", "quarantine-list", ""):            "y 3 3 3 3 3 y 3 3 1 3",
    ("get", "quarantine-detail", ""):          "y 3 3 3 3 3 y 3 3 1 3",
    ("get", "quarantine-raw", ""):             "+ 3 3 3 3 3 + 3 3 1 3",
    ("get", "quarantine-preview", ""):         "+ 3 3 3 3 3 + 3 3 1 3",
    ("post", "quarantine-release", ""):        "+ 3 3 3 3 3 3 3 3 1 3",
    ("post", "quarantine-delete", ""):         "+ 3 3 3 3 3 3 3 3 1 3",
    ("post", "quarantine-tell", ""):           "+ 3 3 3 3 3 3 3 3 1 3",
    ("post", "quarantine-release-many", ""):   "b 3 3 3 3 3 3 3 3 1 3",
    ("post", "quarantine-delete-many", ""):    "b 3 3 3 3 3 3 3 3 1 3",
    ("post", "quarantine-tell-many", ""):      "b 3 3 3 3 3 3 3 3 1 3",
    ("get", "suppressed-list", ""):            "y y y y 3 3 y y 3 1 3",
    ("get", "suppressed-detail", ""):          "y y y y 3 3 y y 3 1 3",
    ("post", "suppressed-list", ""):           "b 3 3 3 3 3 3 b 3 1 3",
    ("delete", "suppressed-detail", ""):       "+ 3 3 3 3 3 3 + 3 1 3",
    ("get", "pipeline", ""):                   "+ + + + 3 3 + + 3 1 3",
    ("post", "inbound", ""):                   "b 3 3 3 3 3 3 b 3 1 3",
    ("get", "agent-time-in-state", ""):        "+ + 4 4 + 4 + + 3 1 4",
    ("get", "time-in-state-list", ""):         "y y n n y n y y 3 1 n",
    ("get", "time-in-state-csv", ""):          "+ + + + + + + + 3 1 +",
    ("get", "agent-list", "?accepts=email"):   "y y n n y y y y 3 1 n",
    ("get", "agent-state", ""):                "+ + 4 4 + 4 + + 3 1 4",
    ("post", "agent-state", ""):               "b b 4 4 b 4 3 3 3 1 4",
    ("post", "presence", ""):                  "4 4 4 4 + 4 3 3 3 1 4",
    ("post", "agent-events", ""):              "b 3 3 3 3 3 3 b b 1 3",
}  # fmt: skip
OPEN_TO_ALL = {"schema"}

# ---- a link to a file: made for one person, followed by another ----------------------------------
#                  admin irene otto nora alice charlie auditor robot blind nobody eve
LINKS = {
    "admin":          "+ + 4 4 + 4 + + + + 4",
    "alice":          "+ + 4 4 + 4 + + + + 4",
    "charlie":        "g g g g g g g g g g g",
    "eve":            "g g g g g g g g g g g",
}  # fmt: skip

# ---- the admin -----------------------------------------------------------------------------------
# Who reads: administrators and auditors everything, supervisors their people alone. Nobody else
# gets in, and only administrators do the verbs named here.
ADMIN = {
    "core.User":                         "add change",
    "core.ApiToken":                     "delete",
    "core.SignInSettings":               "change",
    "core.SettingsChange":               "",
    "core.Alarm":                        "",
    "agents.Agent":                      "",
    "agents.Team":                       "add change delete",
    "agents.AgentSettings":              "change",
    "agents.CustomState":                "add change",
    "console.CannedReply":               "add change delete",
    "console.Signature":                 "add change delete",
    "email_channels.ChannelSettings":    "change",
    "email_channels.EmailAccount":       "add change delete",
    "email_channels.OAuthProfile":       "add change delete",
    "email_channels.Mailbox":            "add change delete",
    "email_channels.SendingDomain":      "change",
    "email_channels.InboundEmail":       "",
    "email_channels.LedgerCheck":        "",
    "email_channels.MailImport":         "add",
    "email_channels.MailboxMove":        "add",
    "email_channels.SuppressedAddress":  "add remove_them",
    "tickets.ThreadDeletion":            "",
    "email_channels.QuarantinedEmail":   "release_them delete_them tell_senders",
    "queues.Queue":                      "add change delete",
    "attachments.AttachmentSettings":    "change",
    "attachments.Attachment":            "",
    "attachments.VerdictChange":         "",
    "crm.CrmSettings":                   "change",
    "crm.CrmConnection":                 "add change delete",
    "crm.Ticket":                        "",
    "crm.TicketUpdate":                  "try_again leave_out rebuild_comments",
    "storage.StorageSettings":           "change",
    "storage.StoredObject":              "try_again",
}  # fmt: skip
SUPERVISED = {"agents.Agent", "agents.Team"}
ONE_ROW = {
    "core.SignInSettings",
    "agents.AgentSettings",
    "email_channels.ChannelSettings",
    "attachments.AttachmentSettings",
    "crm.CrmSettings",
    "storage.StorageSettings",
}
VERBS = ("list", "search", "get", "history", "popup", "add", "change", "delete", "actions")
# Fields through which one could look for rows of others: app, model, field.
AUTOCOMPLETE = {
    "agents.Agent": ("queues", "queuemembership", "agent"),
    "agents.Team": ("queues", "queuemembership", "team"),
    "core.User": ("agents", "agent", "user"),
    "email_channels.EmailAccount": ("email_channels", "mailbox", "account"),
    "email_channels.Mailbox": ("queues", "mailboxroute", "mailbox"),
    "queues.Queue": ("queues", "mailboxroute", "queue"),
}

# ---- the socket: who hears what ------------------------------------------------------------------
#                      admin irene otto nora alice charlie auditor robot blind nobody eve
TOPICS = {
    "queue.{queue}":       "y y n n y n y y y 1 n",
    "queue.{other}":       "y n y n n y y y y 1 n",
    "user.{alice}":        "n n n n y n n n n 1 n",
    "agents.all":          "y n n n n n y y y 1 n",
    "agents.team.{north}": "n y n n n n n n n 1 n",
    "agents.team.{south}": "n n y n n n n n n 1 n",
}  # fmt: skip


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


_kept: list[KeptRows[World]] = []  # 0.2 s to build, and every row of the tables begins with it


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(remote_images, "fetch", lambda _address, **_more: A_PICTURE)
    if not _kept:
        _kept.append(KeptRows(_build_world))
    world = _kept[0].copy()
    assert world is not None
    return world


def _build_world() -> World:
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


# ---- pages ---------------------------------------------------------------------------------------

_ARGUMENT = {
    "sessions": None,
    "words": None,
    "board": None,
    "file": "file",
    "tickets": None,
    "ticket": "ticket",
    "ticket-close": "ticket",
    "ticket-reopen": "ticket",
    "ticket-note": "ticket",
    "mail-link": "message",
    "mail-frame": "message",
    "mail-picture": "message",
    "board-state": "agent",
}
_BROUGHT_ALONG = '"id": "{session}"'  # in the list that the page brings along
_MARKS = {
    "sessions": _BROUGHT_ALONG,
    "session": _BROUGHT_ALONG,
    "draft": _BROUGHT_ALONG,
    "board": 'id="agent-{agent}"',
    "tickets": 'href="/tickets/{ticket}/"',
}


@pytest.mark.parametrize("row", PAGES, ids=lambda row: " ".join(row))
def test_pages(world: World, row: tuple[str, str, str]) -> None:
    verb, name, more = row
    word = _ARGUMENT.get(name, "session")
    more_words = [world.words["first"]] if name == "mail-picture" else []
    address = reverse(name, args=[world.words[word], *more_words] if word else [])
    answers = {}
    before = state()
    for person, browser in world.browsers.items():
        with undone():
            if verb == "get":
                answer = browser.get(address + more.format(**world.words))
                answers[person] = cell(answer, _MARKS.get(name, "").format(**world.words))
            else:
                answers[person] = cell(browser.post(address, dict(parse_qsl(more))), before=before)
    walked(answers, PAGES[row])


# Signing in and one's own account: for everybody alike, tested beside them.
PERSONAL = {"login", "logout"}


def test_every_page_of_the_console_is_in_the_table() -> None:
    pages = [*console_urls, *reports_urls]
    names = {pattern.name for pattern in pages if isinstance(pattern, URLPattern)}
    assert names - PERSONAL - {None} == {name for _verb, name, _more in PAGES}


# ---- the console's JSON --------------------------------------------------------------------------

_DESK_MARKS = {
    "desk": '"name": "Support"',
    "desk-sessions": '"id": "{session}"',
    "desk-rows": '"id": "{session}"',
    "desk-session": '"id":"{session}"',
    "desk-message": '"id":"{message}"',
}
_DESK_WORDS = {
    "desk-message": "message",
    "desk-move": "message",
    "desk-regroup-undo": "regrouping",
}
_WITHOUT_SESSION = {"desk", "desk-sessions", "desk-rows", "desk-choices", "desk-state", "desk-keys"}


@pytest.mark.parametrize("row", DESK, ids=lambda row: " ".join(row))
def test_desk(world: World, row: tuple[str, str, str]) -> None:
    verb, name, more = row
    word = _DESK_WORDS.get(name, "session")
    address = reverse(name, args=[] if name in _WITHOUT_SESSION else [world.words[word]])
    said = more.format(**world.words)
    body = {"on": False} if name == "desk-keys" else dict(parse_qsl(said))
    answers = {}
    before = state()
    for person, browser in world.browsers.items():
        with undone():
            if verb == "get":
                mark = _DESK_MARKS.get(name, "").format(**world.words)
                answers[person] = cell(browser.get(address + said), mark)
            else:
                answer = browser.post(address, body, content_type="application/json")
                answers[person] = cell(answer, before=before)
    walked(answers, DESK[row])


def test_every_address_that_writes_no_draft_is_in_the_table() -> None:
    addresses = [*LIST, *REGROUPING, *READING, *VIEWING]
    assert {pattern.name for pattern in addresses} == {name for _verb, name, _more in DESK}


# ---- writing -------------------------------------------------------------------------------------

_WRITING_MARKS = {
    "desk-drafts": '"id": "{draft}"',
    "desk-draft": '"id": "{draft}"',
    "desk-canned": "Sorry, late",
    "desk-signature": "Alice of Support",
}
_ABOUT_NO_DRAFT = {"desk-drafts", "desk-canned", "desk-signature"}


def _drafts_of(world: World) -> dict[str, Any]:
    """Alice's draft with a file, and for Undo one that was sent a moment ago."""
    alice = world.house.alice.user
    session = Session.objects.get(public_id=world.words["session"])
    session.thread.mailboxes.add(world.house.mailbox)
    draft, _new = begin_reply(session, by=alice, opening="<p>Hello</p>")
    row = draft_files.add(draft, Upload("a.txt", "text/plain", b"a"), by=alice)
    return world.words | {"draft": draft.key, "row": row.pk}


def _sent_by(world: World, words: dict[str, Any]) -> int:
    alice = world.house.alice.user
    draft = drafts.find(words["draft"], by=alice)
    ann = Address("customer@outside.test")
    return send(draft, drafts.Content(to=(ann,), html="<p>Hi</p>"), Wish(), by=alice).pk


@pytest.mark.parametrize("row", WRITING_DOORS, ids=lambda row: " ".join(row))
def test_writing(world: World, row: tuple[str, str, str]) -> None:
    verb, name, more = row
    words = _drafts_of(world)
    arguments = [] if name in _ABOUT_NO_DRAFT else [words["draft"]]
    if name == "desk-undo":
        arguments = [_sent_by(world, words)]
    if name == "desk-draft-unstage":
        arguments.append(words["row"])
    address, said = reverse(name, args=arguments), more.format(**words)
    answers = {}
    before = state()
    for person, browser in world.browsers.items():
        with undone():
            if verb == "get":
                mark = _WRITING_MARKS.get(name, "").format(**words)
                answers[person] = cell(browser.get(address + said), mark)
                continue
            call = getattr(browser, verb)
            answer = call(address, dict(parse_qsl(said)), content_type="application/json")
            answers[person] = cell(answer, before=before)
    walked(answers, WRITING_DOORS[row])


def test_every_address_of_writing_is_in_the_table() -> None:
    assert {pattern.name for pattern in WRITING} == {name for _verb, name, _more in WRITING_DOORS}


# ---- API -----------------------------------------------------------------------------------------


def _api_address(world: World, name: str) -> str:
    kind = name.partition("-")[0]
    word = {"attachment": "file", "presence": "agent"}.get(kind, kind)
    if name.endswith(("-list", "-csv", "-many")) or name in ("pipeline", "agent-events"):
        return reverse(f"api:{name}")
    if name == "inbound":
        return reverse("api:inbound", args=["support@carteria.test"])
    if name == "ticket-file":
        return reverse(f"api:{name}", args=[world.words["ticket"], world.words["ticket_file"]])
    return reverse(f"api:{name}", args=[world.words[word]])


@pytest.mark.parametrize("row", API, ids=lambda row: " ".join(row))
def test_api(world: World, row: tuple[str, str, str]) -> None:
    method, name, query = row
    address = _api_address(world, name) + query.format(**world.words)
    shows = method == "get" and name.endswith(("-list", "-detail")) and name != "ticket-detail"
    mark = world.marks[name.partition("-")[0]] if shows else ""
    answers = {}
    for person in PEOPLE:
        with undone():
            client = Client(raise_request_exception=False)
            call = getattr(client, method)
            kind = {} if method == "get" else {"content_type": "application/json", "data": {}}
            answers[person] = cell(call(address, headers=world.headers[person], **kind), mark)
    walked(answers, API[row])


def test_every_route_of_the_api_is_in_the_table() -> None:
    routes = set()
    for pattern in api_urls:
        assert not isinstance(pattern, URLResolver)
        if pattern.name:
            actions = getattr(pattern.callback, "actions", {"get": ""})
            routes |= {(method, pattern.name) for method in actions if method != "head"}
    assert {one for one in routes if one[1] not in OPEN_TO_ALL} == {row[:2] for row in API}


# ---- links ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("asker", LINKS)
def test_links(world: World, asker: str) -> None:
    file, user = world.rows["attachments.Attachment"], world.people[asker]
    assert isinstance(file, Attachment) and user is not None
    address = reverse("linked-file", args=[make_link(file, for_user=user).token])
    answers = {person: cell(browser.get(address)) for person, browser in world.browsers.items()}
    walked(answers, LINKS[asker])


def test_every_address_without_a_sign_in_is_known() -> None:
    assert [pattern.name for pattern in attachments_urls] == ["linked-file"]


# ---- admin ---------------------------------------------------------------------------------------


def _expected(label: str, verb: str, person: str) -> str:
    """From the table: what one person gets at one page."""
    if person not in ("admin", "irene", "otto", "nora", "auditor"):
        return "r"
    supervises = person in ("irene", "otto", "nora")
    if supervises and label not in SUPERVISED:
        return "3"
    may = ADMIN[label].split() if person == "admin" else []
    if verb in ("add", "change"):
        return "+" if verb in may else "3"
    if verb == "actions":
        doing = set(may) - {"add", "change"}
        return "+" if doing else "-"
    mine = not supervises or person == "irene"
    if verb == "delete":
        return "+" if "delete" in may else "3"
    if verb in ("list", "search", "popup"):
        return "+" if label in ONE_ROW else "y" if mine else "n"
    return "+" if mine else "4"


def _ask(world: World, label: str, verb: str, browser: Client) -> str:
    row = world.rows[label]
    base = f"admin:{label.replace('.', '_').lower()}"
    objects = {"get": "change", "change": "change"}
    if verb in ("get", "history", "change", "delete"):
        address = reverse(f"{base}_{objects.get(verb, verb)}", args=[row.pk])
        answer = browser.post(address) if verb == "change" else browser.get(address)
        return cell(answer)
    if verb == "add":
        return cell(browser.get(reverse(f"{base}_add")))
    address = reverse(f"{base}_changelist")
    if verb == "actions":
        return _act(browser, label, address, row)
    query = {"list": "", "search": "?q=", "popup": "?_popup=1&_to_field=id"}[verb]
    mark = "" if label in ONE_ROW else f'name="_selected_action" value="{row.pk}"'
    link = "" if label in ONE_ROW else f"/{row.pk}/change/"
    answer = browser.get(address + query)
    found = cell(answer, link)
    return "y" if found == "n" and mark in answer.content.decode() else found


ACTIONS = (
    *("delete_selected", "release_them", "delete_them", "tell_senders", "remove_them"),
    *("try_again", "leave_out", "rebuild_comments"),
)


def _act(browser: Client, label: str, address: str, row: models.Model) -> str:
    """Every action that there could be, as if the page had offered it."""
    done, before = "-", state()
    for action in ACTIONS:
        form = {"action": action, "_selected_action": row.pk, "post": "yes", "index": 0}
        outcome = cell(browser.post(address, form))
        if outcome in ("r", "3", "4"):
            return outcome
        gone = not type(row)._default_manager.filter(pk=row.pk).exists()
        after = state()
        done = "+" if (outcome == "+" and after != before) or gone else done
        before = after
    return done


@pytest.mark.parametrize("label", ADMIN)
def test_admin(world: World, label: str) -> None:
    verbs = [verb for verb in VERBS if not (label in ONE_ROW and verb == "actions")]
    asked, expected = {}, {}
    for verb in verbs:
        for person, browser in world.browsers.items():
            with undone():
                asked[verb, person] = _ask(world, label, verb, browser)
            expected[verb, person] = _expected(label, verb, person)
    assert asked == expected


@pytest.mark.parametrize("label", AUTOCOMPLETE)
def test_autocomplete(world: World, label: str) -> None:
    app, model, field = AUTOCOMPLETE[label]
    query = {"app_label": app, "model_name": model, "field_name": field, "term": ""}
    mark = f'"id": "{world.rows[label].pk}"'
    answers = {
        person: cell(browser.get(reverse("admin:autocomplete"), query), mark)
        for person, browser in world.browsers.items()
    }
    assert answers == {person: _expected(label, "list", person) for person in PEOPLE}


def test_every_page_of_the_admin_is_in_the_table() -> None:
    assert {model._meta.label for model in admin.site._registry} == set(ADMIN)


def test_every_search_of_the_admin_is_in_the_table(world: World) -> None:
    """Whatever a field can search for, somebody could search through."""
    request = RequestFactory().get("/")
    request.user = world.house.admin
    sought = {
        name.remote_field.model._meta.label
        for page in admin.site._registry.values()
        for each in (page, *page.get_inline_instances(request))
        for name in (each.opts.get_field(field) for field in each.autocomplete_fields)
    }
    assert sought <= set(AUTOCOMPLETE)


def test_every_page_of_the_admin_is_restricted() -> None:
    """What has `visible_to` is shown through it; the rest is a row of settings."""
    for model, page in admin.site._registry.items():
        narrow = hasattr(model._default_manager.all(), "visible_to")
        assert isinstance(page, Restricted) == narrow, model._meta.label


class _TeamsByPeople(Restricted):
    list_filter = ("parent", "members")


@pytest.mark.parametrize(
    ("person", "agents"), [("irene", {"Alice", "Bob"}), ("nora", set()), ("admin", None)]
)
def test_filters_offer_only_who_is_yours(
    world: World, person: str, agents: set[str] | None
) -> None:
    user = world.people[person]
    request = RequestFactory().get("/")
    request.user = user  # type: ignore[assignment]
    page = _TeamsByPeople(Team, admin.site)
    found = page.get_changelist_instance(request).filter_specs
    offered = {str(name) for one in found for _pk, name in getattr(one, "lookup_choices", ())}
    everybody = {"Alice", "Bob", "Charlie", "Eve"}
    assert offered & everybody == (everybody if agents is None else agents)


def test_choices_of_a_form_take_only_what_is_yours(world: World) -> None:
    request = RequestFactory().get("/")
    request.user = world.people["irene"]  # type: ignore[assignment]
    page = _TeamsByPeople(Team, admin.site)
    field = page.formfield_for_manytomany(Team._meta.get_field("members"), request)  # type: ignore[arg-type]
    assert field is not None
    assert set(field.queryset) == {world.house.alice, world.house.bob}


def test_a_supervisor_of_nothing_is_told_so(world: World) -> None:
    for model in ("agent", "team"):
        page = world.browsers["nora"].get(reverse(f"admin:agents_{model}_changelist"))
        assert "You supervise no team yet." in page.content.decode()
    page = world.browsers["irene"].get(reverse("admin:agents_agent_changelist"))
    assert "You supervise no team yet." not in page.content.decode()


# ---- socket --------------------------------------------------------------------------------------


@pytest.mark.parametrize("topic", TOPICS)
def test_socket(world: World, topic: str) -> None:
    name = topic.format(**world.words)
    answers = {
        person: ("y" if name in topics_of(user) else "n") if user else "1"
        for person, user in world.people.items()
    }
    walked(answers, TOPICS[topic])


async def _answer_to(user: Any) -> Any:
    scope = {"type": "websocket", "path": "/ws/", "user": user}
    socket = ApplicationCommunicator(LiveConsumer.as_asgi(), scope)
    await socket.send_input({"type": "websocket.connect"})
    assert (await socket.receive_output(5))["type"] == "websocket.accept"
    return await socket.receive_output(5)


def test_nobody_hears_anything_without_signing_in() -> None:
    answer = async_to_sync(_answer_to)(AnonymousUser())
    assert (answer["type"], answer["code"]) == ("websocket.close", 4401)


def test_the_size_of_the_matrix() -> None:
    """The figure that the README may quote: cells that were walked above."""
    rows = len(PAGES) + len(DESK) + len(API) + len(LINKS) + len(TOPICS) + len(AUTOCOMPLETE)
    rows += len(WRITING_DOORS)
    admin_rows = len(ADMIN) * len(VERBS) - len(ONE_ROW)
    assert (rows + admin_rows) * len(PEOPLE) > 1900

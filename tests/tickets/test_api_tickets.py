"""tickets/, quarantine/ and pipeline/."""

import pytest
from django.core.cache import cache

from apps.attachments.models import Attachment
from apps.channels.models import InboundEmail
from apps.core import blobs
from apps.crm import links, ticket_verbs
from apps.crm.models import Ticket, TicketComment, TicketFile, TicketLink, TicketUpdate
from apps.crm.posting import post_updates
from apps.crm.updates import Planned, plan
from tests.calls import Caller, problem
from tests.console.asking import queries
from tests.people import (
    House,
    crm_connection,
    make_attachment,
    make_house,
    make_message,
    make_queue,
    make_session,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def ticket(house: House) -> Ticket:
    session = make_session(house.support)
    ticket = Ticket.objects.create(subject="Parcel", marker=session.thread.key)
    TicketLink.objects.create(
        thread_key=session.thread.key,
        connection=crm_connection(),
        ticket=str(ticket.pk),
        url=f"http://console.test/tickets/{ticket.pk}/",
    )
    return ticket


def test_a_ticket_shows_its_comments_in_order_and_its_files(house: House, ticket: Ticket) -> None:
    for number, kind in enumerate(("standard", "link")):
        TicketComment.objects.create(ticket=ticket, marker=str(number), kind=kind, text=kind)
    blob = blobs.store(b"%PDF")
    TicketFile.objects.create(ticket=ticket, marker="f", name="a.pdf", size=4, blob=blob)
    body = Caller(house.alice.user).get(f"tickets/{ticket.pk}/").json()
    assert [(one["kind"], one["private"]) for one in body["comments"]] == [
        ("standard", True), ("link", True),
    ]  # fmt: skip
    assert set(body["comments"][0]) == {"id", "kind", "text", "private", "created_at"}
    assert body["url"] == f"http://console.test/tickets/{ticket.pk}/"
    assert (body["id"], body["subject"], body["status"]) == (str(ticket.pk), "Parcel", "open")
    [file] = body["files"]
    assert (file["name"], file["size"]) == ("a.pdf", 4)
    assert Caller(house.alice.user).get(file["url"]).content == b"%PDF"
    assert Caller(house.charlie.user).get(file["url"]).status_code == 404


def test_each_kind_of_comment_is_named_and_nothing_else_is_told(
    house: House, ticket: Ticket
) -> None:
    for kind in ("standard", "link", "copy"):
        TicketComment.objects.create(ticket=ticket, marker=kind, kind=kind, text=kind)
    ticket_verbs.add_note(ticket, "Call her.", by=house.bob.user, token="a-token-of-16-letters")
    body = Caller(house.alice.user).get(f"tickets/{ticket.pk}/").json()

    assert set(body) == {"id", "url", "subject", "status", "comments", "files"}
    kinds = [one["kind"] for one in body["comments"]]
    assert kinds == ["standard", "link", "copy", "note"]
    assert body["comments"][-1]["text"] == "Call her."
    assert all(one["private"] for one in body["comments"])


@pytest.mark.contract("1.3.g")
def test_of_the_pdfs_of_a_conversation_the_newest_is_there(house: House) -> None:
    key = make_session(house.support).thread.key
    for number in ("1", "2"):
        name, blob = f"email-E-{number}.pdf", blobs.store(number.encode())
        plan([Planned(key, "pdf", number, "Parcel", name, blob)])
        post_updates([key])
    number = links.links_of([key])[key].ticket
    [file] = Caller(house.alice.user).get(f"tickets/{number}/").json()["files"]

    assert (file["name"], file["size"]) == ("email-E-2.pdf", 1)
    assert Caller(house.alice.user).get(file["url"]).content == b"2"


def test_a_closed_ticket_says_so(house: House, ticket: Ticket) -> None:
    ticket_verbs.close(ticket, by=house.bob.user)
    assert Caller(house.alice.user).get(f"tickets/{ticket.pk}/").json()["status"] == "closed"


def test_more_comments_and_files_are_no_more_queries(house: House, ticket: Ticket) -> None:
    def cost() -> int:
        alice = Caller(house.alice.user)
        cache.clear()
        alice.get(f"tickets/{ticket.pk}/")
        return queries(lambda: alice.get(f"tickets/{ticket.pk}/"))

    def add(marker: str) -> None:
        TicketComment.objects.create(ticket=ticket, marker=marker, kind="link", text="x")
        blob = blobs.store(b"%PDF")
        TicketFile.objects.create(ticket=ticket, marker=marker, name="a", size=4, blob=blob)

    add("first")
    before = cost()
    for number in range(9):
        add(str(number))
    assert cost() == before


def test_a_ticket_that_is_in_no_conversation_is_for_who_sees_everything(house: House) -> None:
    lonely = Ticket.objects.create(subject="x", marker="none")
    assert Caller(house.admin).get(f"tickets/{lonely.pk}/").json()["url"] == ""
    assert Caller(house.alice.user).get(f"tickets/{lonely.pk}/").status_code == 404


@pytest.fixture
def held(house: House) -> InboundEmail:
    raw = blobs.store(b"From: x\r\n\r\n?")
    return InboundEmail.objects.create(
        mailbox=house.mailbox,
        raw=raw,
        size=raw.size,
        source="fetch",
        sha256=raw.sha256,
        status="quarantined",
        code="unreadable",
        reason="It cannot be read.",
        sender="x@outside.test",
    )


def test_the_quarantine_says_why(house: House, held: InboundEmail) -> None:
    [row] = Caller(house.auditor).get("quarantine/").json()["results"]
    assert row.pop("received_at")
    assert "source" in row.pop("cure")
    assert row == {
        "id": str(held.pk),
        "mailbox": "support@carteria.test",
        "stage": "read",
        "reason": "It cannot be read.",
        "code": "unreadable",
        "sender": "x@outside.test",
        "subject": "",
        "size": held.size,
    }


def test_the_source_of_a_held_mail_is_text_without_its_files(
    house: House, held: InboundEmail
) -> None:
    block = b"QUJD" * 19 + b"\r\n"
    held.raw = blobs.store(b"From: x\r\n\r\n?\r\n" + block * 9)
    held.save()
    raw = Caller(house.auditor).get(f"quarantine/{held.pk}/raw/")
    assert raw.content.startswith(b"From: x\n\n?\n")
    assert b"QUJDQUJD" not in raw.content
    assert raw["Content-Type"].startswith("text/plain")
    assert raw["Content-Disposition"].startswith("attachment")
    assert problem(Caller(house.irene).get(f"quarantine/{held.pk}/raw/"))[0] == 403


def test_an_administrator_releases_once(house: House, held: InboundEmail) -> None:
    admin, path = Caller(house.admin), f"quarantine/{held.pk}/release/"
    answer = admin.post(path)
    assert answer.status_code == 200
    assert answer.json() == {"inbound": str(held.pk), "outcome": "received"}
    assert problem(admin.post(path)) == (404, "not-found")
    assert problem(Caller(house.auditor).post(path)) == (403, "read-only")


SETTLED = {
    "inbound": {"received": 0},
    "attachments": {"waiting": 0},
    "outbound": {"queued": 0, "sending": 0, "unknown": 0},
    "updates": {"planned": 0, "failed": 0},
    "unassigned": 0,
}


def test_a_house_at_rest_is_all_zeros(house: House) -> None:
    """A session that waits in a manual queue is at rest too."""
    message = make_message(make_session(house.support))
    make_attachment(message)
    assert Caller(house.admin).get("pipeline/").json() == SETTLED


def test_the_pipeline_counts_what_is_on_its_way(house: House, held: InboundEmail) -> None:
    line = make_queue("Line", routing="automatic", members=[house.alice])
    session = make_session(line)
    make_session(line, agent=house.alice)
    make_session(line, status="closed")
    for status in ("queued", "queued", "sending", "unknown", "sent", "failed"):
        make_message(session, direction="out", status=status)
    make_attachment(make_message(session), verdict="waiting")
    for number, status in enumerate(("planned", "failed", "posted")):
        TicketUpdate.objects.create(thread_key="T", kind="link", key=str(number), status=status)
    InboundEmail.objects.create(source="api", sha256="0")
    assert Caller(house.admin).get("pipeline/").json() == {
        "inbound": {"received": 1},
        "attachments": {"waiting": 1},
        "outbound": {"queued": 2, "sending": 1, "unknown": 1},
        "updates": {"planned": 1, "failed": 1},
        "unassigned": 1,
    }
    assert Attachment.objects.count() == 1

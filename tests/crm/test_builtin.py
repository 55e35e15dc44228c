"""The built-in CRM as a connector: told twice, told late, deleted, closed, and searched."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from apps.core import blobs
from apps.core.errors import Forbidden, Invalid
from apps.core.models import Role
from apps.crm import links, ticket_search, ticket_verbs
from apps.crm.models import (
    CrmConnection,
    Gone,
    Ticket,
    TicketComment,
    TicketFile,
    TicketMove,
    TicketUpdate,
)
from apps.crm.posting import post_updates
from apps.crm.ticket_search import matching
from apps.crm.updates import Planned, plan, post_again, rebuild
from tests.people import crm_connection, make_user

pytestmark = pytest.mark.django_db

CUSTOMER = {"CUSTOMER_NAME": "Ana López", "CUSTOMER_EMAIL": "ana.lopez@firma.test"}
TOKEN = "a-token-of-16-letters"


def say(thread: str = "T1", kind: str = "link", key: str = "1", **more: object) -> None:
    words: dict[str, object] = {"subject": "Parcel", "text": f"{kind} {key}", **more}
    plan([Planned(thread, kind, key, **words)])  # type: ignore[arg-type]
    post_updates([thread])


def a_ticket(thread: str = "T1") -> Ticket:
    say(thread, "standard", "first", facts=CUSTOMER)
    return ticket_of(thread)


def ticket_of(thread: str) -> Ticket:
    return Ticket.objects.get(pk=int(links.links_of([thread])[thread].ticket))


def close(ticket: Ticket) -> None:
    ticket_verbs.close(ticket, by=make_user(roles=[Role.AGENT]))


def found(question: str) -> list[str]:
    return sorted(matching(Ticket.objects.all(), question).values_list("marker", flat=True))


# ---- what a ticket hears ------------------------------------------------------------------------


@pytest.mark.contract("1.3.j")
def test_a_ticket_knows_its_contact() -> None:
    ticket = a_ticket()

    assert (ticket.contact_name, ticket.contact_email) == ("Ana López", "ana.lopez@firma.test")


def test_a_name_longer_than_its_column_is_cut() -> None:
    say("T1", "standard", "first", facts={"CUSTOMER_NAME": "x" * 999})

    assert len(ticket_of("T1").contact_name) == 200


@pytest.mark.contract("1.3.g")
def test_the_newer_pdf_takes_the_place_of_the_older() -> None:
    for number in ("1", "2"):
        say("T1", "pdf", number, text=f"email-E-{number}.pdf", blob=blobs.store(b"%PDF"))

    assert [file.name for file in ticket_of("T1").files.all()] == ["email-E-2.pdf"]


def test_of_pdfs_that_arrive_together_the_newest_stays() -> None:
    blob = blobs.store(b"%PDF")
    plan([Planned("T1", "pdf", number, "Parcel", f"{number}.pdf", blob) for number in "123"])
    post_updates(["T1"])

    assert [file.name for file in TicketFile.objects.all()] == ["3.pdf"]


def test_a_rebuilt_ticket_lacks_nothing_and_has_nothing_twice() -> None:
    for number in "12":
        say("T1", "link", number)
        say("T1", "pdf", number, text=f"{number}.pdf", blob=blobs.store(b"%PDF"))
    TicketComment.objects.filter(text="link 1").delete()
    rebuild("T1")
    post_updates(["T1"])

    assert sorted(TicketComment.objects.values_list("text", flat=True)) == ["link 1", "link 2"]
    assert [file.name for file in TicketFile.objects.all()] == ["2.pdf"]


# ---- closed and opened again --------------------------------------------------------------------


def test_a_mail_that_comes_in_opens_a_closed_ticket_and_says_so() -> None:
    ticket = a_ticket()
    close(ticket)
    say("T1", "link", "2", facts={"DIRECTION": "in"})

    ticket.refresh_from_db()
    assert ticket.status == "open"
    moves = [(move.status, move.by is None) for move in ticket.moves.all()]
    assert moves == [("closed", False), ("open", True)]


def test_our_own_answer_leaves_a_closed_ticket_closed() -> None:
    """It may be posted after the agent has closed the ticket."""
    ticket = a_ticket()
    close(ticket)
    say("T1", "link", "2", facts={"DIRECTION": "out"})
    say("T1", "copy", "1")

    ticket.refresh_from_db()
    assert ticket.status == "closed"


def test_a_mail_that_is_told_again_opens_nothing() -> None:
    ticket = a_ticket()
    say("T1", "link", "2", facts={"DIRECTION": "in"})
    close(ticket)
    before = Ticket.objects.get().updated_at
    rebuild("T1")
    post_updates(["T1"])

    ticket.refresh_from_db()
    assert (ticket.status, ticket.updated_at) == ("closed", before)
    assert TicketUpdate.objects.filter(status="posted").count() == 2


def test_a_ticket_moves_up_with_what_it_hears() -> None:
    ticket = a_ticket()
    past = timezone.now() - timedelta(days=9)
    Ticket.objects.update(updated_at=past)
    say("T1", "link", "2")

    ticket.refresh_from_db()
    assert ticket.updated_at > past


def test_closing_twice_is_one_change() -> None:
    ticket, agent = a_ticket(), make_user(roles=[Role.AGENT])

    assert [ticket_verbs.close(ticket, by=agent) for _time in range(2)] == [True, False]
    assert [ticket_verbs.reopen(ticket, by=agent) for _time in range(2)] == [True, False]
    assert TicketMove.objects.count() == 2


def test_auditors_read_only() -> None:
    ticket, auditor = a_ticket(), make_user(roles=[Role.AUDITOR])
    for verb in (ticket_verbs.close, ticket_verbs.reopen):
        with pytest.raises(Forbidden):
            verb(ticket, by=auditor)
    with pytest.raises(Forbidden):
        ticket_verbs.add_note(ticket, "x", by=auditor, token=TOKEN)


# ---- notes --------------------------------------------------------------------------------------


def test_a_form_that_is_sent_twice_writes_one_private_note() -> None:
    ticket, agent = a_ticket(), make_user(roles=[Role.AGENT])
    notes = {
        ticket_verbs.add_note(ticket, " Call\r\nher. ", by=agent, token=TOKEN).pk for _time in "12"
    }

    [note] = TicketComment.objects.filter(kind="note")
    assert notes == {note.pk}
    assert (note.text, note.author, note.private) == ("Call\nher.", agent, True)


@pytest.mark.parametrize(
    ("text", "token", "code"),
    [
        (" \r\n\x00", TOKEN, "empty"),
        ("x" * 20_001, TOKEN, "too-long"),
        ("x", "", "no-token"),
        ("x", "<script>alert(1)</script>", "no-token"),
    ],
)
def test_a_note_that_cannot_be_is_refused(text: str, token: str, code: str) -> None:
    ticket, agent = a_ticket(), make_user(roles=[Role.AGENT])
    with pytest.raises(Invalid) as refused:
        ticket_verbs.add_note(ticket, text, by=agent, token=token)

    assert refused.value.code == code
    assert not TicketComment.objects.filter(kind="note").exists()


def test_a_note_may_be_long_in_any_script() -> None:
    ticket, agent = a_ticket(), make_user(roles=[Role.AGENT])
    note = ticket_verbs.add_note(ticket, "荷" * 20_000, by=agent, token=TOKEN)

    assert len(TicketComment.objects.get(pk=note.pk).text) == 20_000


# ---- found --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "markers"),
    [
        ("lopez", ["T1"]),
        ("ANA.LOPEZ@firma.test", ["T1"]),
        ("ana parcel", ["T1"]),
        ("damaged", ["T1"]),
        ("dama", ["T1"]),
        ("refund", ["T2"]),
        ("parcel", ["T1", "T2"]),
        ("nowhere", []),
        ("???", []),
        ("", ["T1", "T2"]),
        ("link", []),  # of an address nobody would look for the words
    ],
)
def test_tickets_are_found_by_contact_subject_and_words(question: str, markers: list[str]) -> None:
    a_ticket("T1")
    say("T1", "copy", "1", text="It arrived damaged.")
    say("T2")
    agent = make_user(roles=[Role.AGENT])
    ticket_verbs.add_note(ticket_of("T2"), "Refund her.", by=agent, token=TOKEN)

    assert found(question) == markers


def test_a_number_with_its_sign_is_that_ticket_alone() -> None:
    first, second = a_ticket("T1"), a_ticket("T2")
    say("T2", "copy", "1", text=f"As in {first.pk}")

    assert found(f"#{first.pk}") == ["T1"]
    assert found(f"{first.pk}") == ["T2"]
    assert found(f"#{second.pk + 7}") == []
    assert found("#999999999999999999") == []


def test_what_is_deleted_is_not_found() -> None:
    ticket = a_ticket()
    say("T1", "copy", "1", text="It arrived damaged.")
    TicketComment.objects.filter(kind="copy").delete()
    assert found("damaged") == []
    key = -ticket.pk
    ticket.delete()

    assert not ticket_search.TICKETS.known([key])


def test_words_from_before_the_index_are_added() -> None:
    ticket = Ticket.objects.create(marker="T9", subject="Parcel", contact_name="Zoë")
    TicketComment.objects.create(ticket=ticket, marker="1", kind="copy", text="damaged")
    for _time in "12":
        ticket_search.add_all()

    assert found("zoe") == found("damaged") == ["T9"]


def test_a_ticket_from_before_was_active_when_it_last_heard_something() -> None:
    silent = Ticket.objects.create(marker="T8", subject="x")
    ticket = Ticket.objects.create(marker="T9", subject="x")
    heard = timezone.now() - timedelta(days=3)
    for days in (0, 2):
        at = heard - timedelta(days=days)
        TicketComment.objects.create(ticket=ticket, marker=str(days), text="x", created_at=at)
    import_module("apps.crm.migrations.0009_fill_tickets").fill_activity(apps, None)

    for one in (silent, ticket):
        one.refresh_from_db()
    assert (silent.updated_at, ticket.updated_at) == (silent.created_at, heard)


# ---- a ticket that is gone ----------------------------------------------------------------------


@pytest.mark.contract("1.3.c")
def test_of_a_deleted_ticket_the_thread_stops_until_somebody_decides() -> None:
    a_ticket().delete()
    say("T1", "link", "2")

    row = TicketUpdate.objects.get(kind="link")
    assert (row.status, "has been deleted" in row.error) == ("failed", True)
    assert not Ticket.objects.exists()


@pytest.mark.contract("1.3.c", "1.3.e")
def test_by_setting_a_new_ticket_takes_its_place_and_hears_the_standard_comment() -> None:
    connection = crm_connection()
    connection.deleted_ticket = Gone.NEW
    connection.save()
    former = a_ticket()
    Ticket.objects.filter(pk=former.pk).delete()
    say("T1", "link", "2")
    for _round in "12":
        TicketUpdate.objects.update(not_before=timezone.now() - timedelta(seconds=1))
        post_updates(["T1"])

    link = links.links_of(["T1"])["T1"]
    comments = Ticket.objects.get(pk=int(link.ticket)).comments
    assert list(comments.values_list("kind", flat=True)) == ["standard", "link"]
    assert [one["ticket"] for one in link.former] == [str(former.pk)]
    assert ticket_of("T1").contact_name == "Ana López"


def test_a_stopped_thread_goes_on_in_a_new_ticket_when_the_setting_changes() -> None:
    a_ticket().delete()
    say("T1", "link", "2")
    CrmConnection.objects.update(deleted_ticket=Gone.NEW)
    post_again(list(TicketUpdate.objects.values_list("pk", flat=True)))
    for _round in "12":
        post_updates(["T1"])

    assert ticket_of("T1").comments.count() == 2

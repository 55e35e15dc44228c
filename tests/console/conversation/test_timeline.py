"""What happened to a session, one sentence each, from what the rows say."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from apps.console.conversation.timeline import EventJson, timeline_of
from apps.crm.models import TicketUpdate
from apps.tickets import hand_over, sessions
from apps.tickets.assignment import assign_waiting
from apps.tickets.file_verdicts import release_file, remember_found
from apps.tickets.models import Session, SessionEvent, ThreadPdf
from tests.people import House, make_attachment, make_house, make_message, make_queue, make_session

Kind = SessionEvent.Kind


@pytest.fixture
def house(db: None) -> House:
    return make_house()


def told(session: Session) -> list[EventJson]:
    return timeline_of(session, [])


def last(session: Session) -> tuple[str, str, str | None]:
    event = told(session)[-1]
    return event["icon"], event["sentence"], event["by"]


def happened(session: Session, kind: str, **fields: Any) -> SessionEvent:
    return SessionEvent.objects.create(session=session, kind=kind, **{"why": "Stored."} | fields)


def test_who_took_a_session_stands_beside_the_sentence(house: House) -> None:
    session = make_session(house.support)
    sessions.take(session, house.alice)
    assert last(session) == ("users", "Taken.", "Alice")


def test_who_gave_it_to_whom(house: House) -> None:
    session = make_session(house.support)
    sessions.assign(session, house.bob, by=house.irene)
    assert last(session) == ("users", "Given to Bob.", "Irene")


def test_routing_tells_why_it_chose_from_the_facts_it_stored(db: None) -> None:
    house = make_house(routing="automatic")
    session = make_session(house.support)
    assign_waiting(house.support)
    session.refresh_from_db()
    event = told(session)[-1]
    assert event["sentence"] == session.why
    assert event["sentence"].startswith("Given to")
    assert "fewest open sessions (0) of 2 with room" in event["sentence"]
    assert event["by"] is None


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("unopened", "active", "Opened."),
        ("paused", "active", "Opened again."),
        ("active", "paused", "Paused."),
        ("active", "resolved", "Resolved."),
        ("resolved", "closed", "Closed."),
    ],
)
def test_moves_by_a_person(house: House, before: str, after: str, sentence: str) -> None:
    session = make_session(house.support, agent=house.alice, status=before)
    sessions.set_status(session, after, by=house.alice.user)
    assert last(session) == (f"s-{after}", sentence, "Alice")


def test_moves_that_nobody_made_tell_their_reason(house: House) -> None:
    session = make_session(house.support, status="paused")
    sessions.reopen(session, why="Not sent: 550 no such user")
    assert last(session) == ("s-reopened", "Not sent: 550 no such user", None)


def test_where_it_was_moved_to_and_given_back(house: House) -> None:
    session = make_session(house.support, agent=house.alice)
    sessions.transfer(session, house.other, by=house.alice.user)
    assert last(session) == ("transfer", "Transferred to Other.", "Alice")
    session.refresh_from_db()
    sessions.transfer(session, house.other, by=house.admin)
    assert last(session) == ("transfer", "Given back to Other.", "Admin")


def test_a_queue_that_is_gone_is_told_as_it_was_called(house: House) -> None:
    session = make_session(house.support)
    gone = make_queue("Gone")
    why = "Transferred to Gone by Alice."
    happened(session, Kind.QUEUE, before="1", after=str(gone.pk), by=house.alice.user, why=why)
    gone.delete()
    assert last(session) == ("transfer", "Transferred to Gone by Alice.", None)


def test_somebody_left_and_the_work_found_new_hands(house: House) -> None:
    given, returned = (make_session(house.support, agent=house.alice) for _one in range(2))
    hand_over.hand_over(house.alice.user, to=house.bob, by=house.admin)
    assert last(given) == ("users", "Given to Bob: Alice has left.", "Admin")
    happened(returned, Kind.RELEASED, before=str(house.alice.pk), facts={"hand_over": True})
    assert last(returned) == ("inbox", "Back in the queue: Alice has left.", None)


def test_an_agent_who_is_none_any_more(house: House) -> None:
    session = make_session(house.support)
    happened(session, Kind.RELEASED, before=str(house.alice.pk))
    assert last(session)[1] == "Back in the queue: Alice is no agent any more."


def test_a_released_file_is_named(house: House) -> None:
    session = make_session(house.support)
    locked = {"verdict": "withheld", "reason": "encrypted", "engine": "ClamAV 1.4"}
    file = make_attachment(make_message(session), name="offer.pdf", **locked)
    release_file(file, by=house.irene)
    sentence = "The password-protected file “offer.pdf” was released."
    assert last(session) == ("lock", sentence, "Irene")


@pytest.mark.parametrize("direction", ["in", "out"])
def test_a_file_that_was_found_later_is_named(house: House, direction: str) -> None:
    session = make_session(house.support)
    file = make_attachment(make_message(session, direction=direction), name="offer.pdf")
    file.changes.create(before="clean", after="infected")
    remember_found([file.pk])
    icon, sentence, _by = last(session)
    assert icon == "shield-x"
    assert "“offer.pdf”" in sentence
    assert ("which we sent" in sentence) is (direction == "out")


def test_reading_a_source_is_told_with_what_was_left_out(house: House) -> None:
    session = make_session(house.support)
    left_out = [{"name": "a.exe", "size": 1, "reason": "type-denied"}]
    happened(session, Kind.RAW_READ, by=house.admin, facts={"left_out": left_out})
    assert last(session) == ("eye", "The source of a mail was read, without a.exe.", "Admin")


def test_an_answer_in_spite_of_a_newer_mail_tells_its_reason_and_nobody_twice(
    house: House,
) -> None:
    session = make_session(house.support)
    why = "Alice answered although a newer mail had come: it is about something else"
    happened(session, Kind.SENT_ANYWAY, by=house.alice.user, why=why)
    assert last(session) == ("alert", why, None)


def test_a_mail_that_was_called_back(house: House) -> None:
    session = make_session(house.support)
    happened(session, Kind.UNDONE, by=house.alice.user)
    assert last(session) == ("reply", "A mail was called back before it left.", "Alice")


@pytest.mark.parametrize("kind", Kind.values)
def test_every_kind_has_a_sentence_and_an_icon(house: House, kind: str) -> None:
    session = make_session(house.support)
    happened(session, kind, after="active", why="")
    icon, sentence, _by = last(session)
    assert icon
    assert sentence


def test_the_same_facts_are_told_in_each_readers_language(house: House) -> None:
    session = make_session(house.support)
    happened(session, Kind.STATUS, after="unopened", why="A mail arrived.")
    with translation.override("es"):
        assert told(session)[0]["sentence"] == translation.gettext("A mail arrived.")
        assert told(session)[0]["sentence"] != "A mail arrived."


def test_what_the_ticket_was_told_stands_in_between(house: House) -> None:
    session = make_session(house.support)
    now = timezone.now()
    happened(session, Kind.STATUS, after="unopened", why="First.", at=now - timedelta(hours=2))
    happened(session, Kind.STATUS, after="active", why="Last.", at=now)
    rows = [
        TicketUpdate(pk=1, kind="link", status="posted", posted_at=now - timedelta(hours=1)),
        TicketUpdate(pk=2, kind="link", status="failed", error="No.", created_at=now),
        TicketUpdate(pk=3, kind="link", status="planned", error="Busy.", created_at=now),
        TicketUpdate(pk=4, kind="link", status="planned", created_at=now),
    ]
    assert [one["sentence"] for one in timeline_of(session, rows)] == [
        "First.",
        "The ticket has got the link to an email.",
        "Last.",
        "The ticket is not told any more: No.",
        "The CRM has not taken it yet: Busy.",
    ]


def test_many_events_cost_the_queries_of_one(house: House) -> None:
    counts = []
    for number in (1, 30):
        session = make_session(house.support)
        file = make_attachment(make_message(session))
        for _one in range(number):
            happened(session, Kind.ASSIGNED, after=str(house.alice.pk), by=house.irene)
            happened(session, Kind.QUEUE, after=str(house.other.pk), by=house.irene)
            happened(session, Kind.RELEASED, facts={"attachment": file.pk}, by=house.irene)
        with CaptureQueriesContext(connection) as queries:
            told(session)
        counts.append(len(queries))
    assert counts == [5, 5]


# ---- what the ticket has got --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("copy", "The ticket has got a copy of an email."),
        ("file", "The ticket has got a file."),
        ("pdf", "The ticket has got the PDF of the conversation."),
    ],
)
def test_each_kind_of_entry_is_called_what_it_is(house: House, kind: str, sentence: str) -> None:
    session = make_session(house.support)
    update = TicketUpdate(kind=kind, status="posted", posted_at=timezone.now())
    assert timeline_of(session, [update])[-1]["sentence"] == sentence


def test_an_entry_that_was_left_out_is_not_awaited(house: House) -> None:
    update = TicketUpdate(kind="file", status="skipped", error="Too big.")
    (event,) = timeline_of(make_session(house.support), [update])
    assert event["sentence"] == "Left out of the ticket: Too big."


@pytest.mark.contract("1.3.g")
def test_a_pdf_that_could_not_be_made_says_why(house: House) -> None:
    session = make_session(house.support)
    pdf = ThreadPdf(thread=session.thread, session=session, number=1, reason="No room.")
    pdf.save()
    assert told(session)[-1]["sentence"] == "The PDF of the conversation is tried again: No room."
    ThreadPdf.objects.update(status="failed")
    assert told(session)[-1]["sentence"].endswith("could not be made: No room.")

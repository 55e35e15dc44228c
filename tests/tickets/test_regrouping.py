"""Mails go to another thread or one of their own, threads become one, and all of it is undone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.channels.models import InboundEmail
from apps.channels.receive import receive_one
from apps.core.errors import Conflict
from apps.core.models import User
from apps.tickets import comments, regrouping, search, sessions
from apps.tickets.drafts_begin import begin_reply
from apps.tickets.inbound import take_in
from apps.tickets.models import (
    Draft,
    Message,
    Participant,
    Regrouping,
    Session,
    SessionEvent,
    Thread,
    ThreadPdf,
)
from apps.tickets.tokens import hash_of, new_message_id
from tests.counted import drifts
from tests.people import House, make_house, make_mailbox, make_message, make_session

ANN, BEA = "ann@outside.test", "bea@outside.test"


@pytest.fixture
def house(db: None) -> House:
    return make_house()


@pytest.fixture
def session(house: House) -> Session:
    """Ann's parcel, in Alice's hands; the newest mail is Bea's and does not belong here."""
    made = make_session(
        house.support, agent=house.alice, status="active", customer=ANN, mailbox=house.mailbox
    )
    make_message(made, text="First")
    make_message(made, text="Second", direction="out", to=[{"email": ANN, "name": ""}])
    odd = make_message(made, from_email=BEA, from_name="Bea", subject="Re: Another matter")
    placement = {"rule": "our-id", "signals": [], "flags": ["unverified-sender", "subject-changed"]}
    Message.objects.filter(pk=odd.pk).update(placement=placement)
    Participant.objects.create(thread=made.thread, address=BEA)
    search.add(list(Message.objects.all()))
    return made


@pytest.fixture
def other(house: House) -> Session:
    """Bea's, in Charlie's hands, at another address."""
    made = make_session(
        house.other,
        agent=house.charlie,
        status="active",
        customer=BEA,
        subject="Another matter",
        mailbox=make_mailbox("other@carteria.test", queue=house.other),
    )
    make_message(made, text="Before")
    return made


def odd_of(session: Session) -> Message:
    return mails_of(session)[-1]


def mails_of(session: Session) -> list[Message]:
    mails = Message.objects.select_related("thread", "session").filter(session=session)
    return list(mails.order_by("pk"))


def move(
    mails: list[Message], to: Session | None, by: User | None = None, why: str = ""
) -> Regrouping:
    with transaction.atomic():
        return regrouping.move(mails, to, by=by, why=why)


def merge(loser: Session, survivor: Session, by: User | None = None) -> Regrouping:
    with transaction.atomic():
        return regrouping.merge(loser.thread, survivor.thread, by=by, why="")


def undo(row: Regrouping, house: House) -> Session:
    with transaction.atomic():
        return regrouping.undo(row, by=house.admin)


def everything() -> dict[str, Any]:
    """All that undoing has to put back; what was made meanwhile is made."""
    fields = "pk thread status agent message_count newest_in why".split()
    times = "finished_at assigned_at waiting_since".split()
    rows = Session.objects.order_by("pk").values_list(*fields, *times)
    mails = Message.objects.order_by("pk").values_list("pk", "thread", "session", "placement")
    return {
        "sessions": {row[0]: row for row in rows},
        "mails": list(mails),
        "people": set(Participant.objects.values_list("thread", "address")),
        "boxes": set(Thread.mailboxes.through.objects.values_list("thread", "mailbox")),
        "threads": dict(Thread.objects.values_list("pk", "merged_into")),
        "drafts": dict(Draft.objects.values_list("pk", "session")),
    }


def told(session: Session) -> list[str]:
    events = session.events.filter(kind=SessionEvent.Kind.REGROUPED).order_by("pk")
    return list(events.values_list("why", flat=True))


# ---- move -------------------------------------------------------------------------------------


def test_a_mail_goes_to_another_conversation(
    house: House, session: Session, other: Session
) -> None:
    odd = odd_of(session)
    row = move([odd], other, by=house.admin, why="It is Bea's.")
    odd.refresh_from_db()
    session.refresh_from_db()
    other.refresh_from_db()
    assert (odd.session, odd.thread) == (other, other.thread)
    assert (session.message_count, other.message_count) == (2, 2)
    assert other.newest_in == mails_of(other)[-1].pk
    assert session.newest_in == mails_of(session)[0].pk
    assert (session.status, session.agent) == ("active", house.alice)
    assert told(session) == [f"1 mail went to {other.public_id}. It is Bea's."]
    assert told(other) == [f"1 mail came from {session.public_id}. It is Bea's."]
    assert row.by == house.admin
    assert drifts() == []


def test_its_facts_say_who_decided_and_keep_what_it_showed(
    house: House, session: Session, other: Session
) -> None:
    odd = odd_of(session)
    row = move([odd], other, by=house.admin)
    odd.refresh_from_db()
    assert odd.placement == {
        "rule": "moved",
        "confidence": 1.0,
        "signals": [],
        "flags": ["unverified-sender"],  # its subject is the thread's now
        "moved": row.pk,
    }


def test_people_and_mailboxes_go_along(house: House, session: Session, other: Session) -> None:
    move([odd_of(session)], other, by=house.admin)
    people = {
        thread: set(thread.participants.values_list("address", flat=True))
        for thread in (session.thread, other.thread)
    }
    assert people == {session.thread: {ANN}, other.thread: {BEA}}
    assert house.mailbox in other.thread.mailboxes.all()


def test_it_is_found_where_it_is(house: House, session: Session, other: Session) -> None:
    move([odd_of(session)], other, by=house.admin)
    found = search.matching(Session.objects.all(), "bea another")
    assert list(found) == [other]


def test_an_answer_that_was_begun_follows_its_mail(
    house: House, session: Session, other: Session
) -> None:
    mine, _new = begin_reply(session, by=house.alice.user, answers=odd_of(session), opening="")
    kept, _new = begin_reply(
        session,
        by=house.bob.user if False else house.irene,
        answers=mails_of(session)[0],
        opening="",
    )
    move([odd_of(session)], other, by=house.admin)
    assert Draft.objects.get(pk=mine.pk).session == other
    assert Draft.objects.get(pk=kept.pk).session == session


def test_the_pdfs_of_both_conversations_are_made_anew(
    house: House, session: Session, other: Session
) -> None:
    for one in (session, other):
        comments.plan_for(mails_of(one))
        ThreadPdf.objects.create(thread=one.thread, session=one, number=1, status="rendered")
    move([odd_of(session)], other, by=house.admin)
    waiting = ThreadPdf.objects.filter(status="waiting").values_list("thread", flat=True)
    assert set(waiting) == {session.thread_id, other.thread_id}


def test_open_browsers_hear_of_both(house: House, session: Session, other: Session) -> None:
    before = {one.pk: one.version for one in (session, other)}
    move([odd_of(session)], other, by=house.admin)
    now = Session.objects.in_bulk(before)
    assert all(now[pk].version > version for pk, version in before.items())


def test_a_session_that_is_empty_now_is_closed_and_leads_on(
    house: House, session: Session, other: Session
) -> None:
    draft, _new = begin_reply(session, by=house.alice.user, opening="")
    move(mails_of(session), other, by=house.admin)
    session.refresh_from_db()
    session.thread.refresh_from_db()
    assert session.status == "closed" and session.finished_at
    assert session.why == f"Closed: its mails are in {other.public_id} now."
    assert session.thread.merged_into == other.thread
    assert Draft.objects.get(pk=draft.pk).session == other
    assert drifts() == []


@pytest.mark.parametrize(
    ("status", "days", "then"),
    [("paused", 0, "reopened"), ("resolved", 1, "reopened"), ("closed", 3, "reopened"),
     ("closed", 31, "closed")],
)  # fmt: skip
def test_open_work_stays_open_where_it_comes(
    house: House, session: Session, status: str, days: int, then: str
) -> None:
    at = timezone.now() - timedelta(days=days)
    done = make_session(house.support, status=status, customer=BEA, finished_at=at)
    move([odd_of(session)], done, by=house.admin)
    done.refresh_from_db()
    newest = Session.objects.filter(thread=done.thread).latest("pk")
    assert done.status == then
    assert (newest == done, newest.message_count) == (days < 31, 1)
    assert newest.status in Session.OPEN
    assert drifts() == []


def test_what_is_settled_wakes_nobody(house: House, session: Session) -> None:
    done = make_session(house.support, status="resolved", finished_at=timezone.now())
    Session.objects.filter(pk=session.pk).update(status="resolved")
    move([odd_of(session)], done, by=house.admin)
    done.refresh_from_db()
    assert (done.status, done.message_count) == ("resolved", 1)


def test_what_cannot_be_moved(house: House, session: Session, other: Session) -> None:
    odd, first = odd_of(session), mails_of(session)[0]
    leaving = make_message(session, direction="out", status="queued")
    refused: dict[str, tuple[list[Message], Session | None]] = {
        "same-thread": ([odd], session),
        "on-its-way": ([leaving], other),
        "only-mail": (mails_of(other), None),
    }
    for code, (mails, to) in refused.items():
        with pytest.raises(Conflict) as refusal:
            move(mails, to, by=house.admin)
        assert refusal.value.code == code
    move([odd], other, by=house.admin)
    with pytest.raises(Conflict) as refusal:
        move([odd, first], None, by=house.admin)
    assert refusal.value.code == "changed-since"


# ---- split ------------------------------------------------------------------------------------


def test_a_mail_is_split_off(house: House, session: Session) -> None:
    odd = odd_of(session)
    row = move([odd], None, by=house.alice.user)
    odd.refresh_from_db()
    new = odd.session
    assert (row.kind, odd.placement["rule"]) == ("split", "split")
    assert odd.thread != session.thread
    assert (new.subject, new.customer, new.customer_name) == ("Re: Another matter", BEA, "Bea")
    assert (new.queue, new.message_count) == (house.support, 1)
    assert odd.thread.subject == "Another matter"
    assert list(odd.thread.mailboxes.all()) == [house.mailbox]
    assert drifts() == []


@pytest.mark.parametrize("own", [True, False])
def test_who_splits_an_own_conversation_keeps_both_halves(
    house: House, session: Session, own: bool
) -> None:
    move([odd_of(session)], None, by=house.alice.user if own else house.irene)
    new = Session.objects.latest("pk")
    assert (new.agent, new.status) == ((house.alice, "active") if own else (None, "unopened"))
    assert drifts() == []


# ---- merge ------------------------------------------------------------------------------------


def test_two_open_conversations_become_one(house: House, session: Session, other: Session) -> None:
    row = merge(session, other, by=house.admin)
    session.refresh_from_db()
    other.refresh_from_db()
    assert Thread.objects.get(pk=session.thread_id).merged_into == other.thread
    assert (session.status, session.message_count, other.message_count) == ("closed", 0, 4)
    assert {one["rule"] for one in placements(other) if one} == {"merged"}
    assert set(other.thread.participants.values_list("address", flat=True)) == {ANN, BEA}
    assert other.thread.mailboxes.count() == 2
    assert row.kind == "merge"
    assert drifts() == []


def placements(session: Session) -> list[dict[str, Any]]:
    received = Message.objects.filter(session=session, direction="in").exclude(text="Before")
    return list(received.values_list("placement", flat=True))


def test_history_comes_along_whole(house: House, session: Session, other: Session) -> None:
    old = make_session(
        house.support, thread=session.thread, status="closed", finished_at=timezone.now()
    )
    make_message(old)
    merge(session, other, by=house.admin)
    old.refresh_from_db()
    assert (old.thread, old.status, old.message_count) == (other.thread, "closed", 1)
    assert set(old.messages.values_list("thread", flat=True)) == {other.thread_id}


def test_open_work_comes_along_whole_where_none_is_open(
    house: House, session: Session, other: Session
) -> None:
    Session.objects.filter(pk=other.pk).update(status="closed", finished_at=timezone.now())
    merge(session, other, by=house.admin)
    session.refresh_from_db()
    assert (session.thread, session.status, session.agent) == (other.thread, "active", house.alice)
    assert told(session) == [f"This conversation goes on with {other.public_id}."]
    assert told(other) == [f"The conversation {session.public_id} goes on here."]


def test_who_had_one_half_has_the_whole(house: House, session: Session) -> None:
    waiting = make_session(house.support, customer=ANN, mailbox=house.mailbox)
    merge(session, waiting, by=house.admin)
    waiting.refresh_from_db()
    assert waiting.agent == house.alice
    assert drifts() == []


def test_a_chain_of_merges_leads_to_its_end(house: House, session: Session, other: Session) -> None:
    third = make_session(house.other, customer=BEA)
    make_message(third)
    merge(session, other, by=house.admin)
    merge(other, third, by=house.admin)
    heads = set(Thread.objects.exclude(pk=third.thread_id).values_list("merged_into", flat=True))
    assert heads == {third.thread_id}
    with pytest.raises(Conflict):
        merge(session, third, by=house.admin)


# ---- undo -------------------------------------------------------------------------------------

Do = Callable[[House, Session, Session], Regrouping]
WAYS: dict[str, Do] = {
    "move": lambda house, one, two: move([odd_of(one)], two, by=house.admin),
    "move all": lambda house, one, two: move(mails_of(one), two, by=house.admin),
    "merge": lambda house, one, two: merge(one, two, by=house.admin),
    "merge back": lambda house, one, two: merge(two, one, by=house.admin),
}


@pytest.mark.parametrize("status", ["active", "paused", "resolved", "closed"])
@pytest.mark.parametrize("way", WAYS)
def test_undo_restores_the_exact_earlier_state(
    house: House, session: Session, other: Session, way: str, status: str
) -> None:
    if status != "active":
        other = sessions.set_status(other, status, by=house.admin)
    begin_reply(session, by=house.alice.user, answers=odd_of(session), opening="")
    before = everything()
    row = WAYS[way](house, session, other)
    assert everything() != before
    assert drifts() == []
    undo(row, house)
    assert everything() == before
    assert drifts() == []


def test_what_was_split_off_comes_back(house: House, session: Session) -> None:
    before = everything()
    row = move([odd_of(session)], None, by=house.alice.user)
    new = Session.objects.latest("pk")
    undo(row, house)
    new.refresh_from_db()
    now = everything()
    assert now["mails"] == before["mails"]
    assert {pk: now["sessions"][pk] for pk in before["sessions"]} == before["sessions"]
    assert (new.status, new.message_count) == ("closed", 0)
    assert Thread.objects.get(pk=new.thread_id).merged_into == session.thread
    assert drifts() == []


def test_a_mail_that_came_meanwhile_stays(house: House, session: Session, other: Session) -> None:
    row = merge(session, other, by=house.admin)
    late = make_message(other, text="Late")
    undo(row, house)
    late.refresh_from_db()
    assert late.session == other
    assert [one.text for one in mails_of(session)] == ["First", "Second", "Hello, where is it?"]
    assert drifts() == []


def test_undo_does_not_take_a_session_from_who_moved_it_on(house: House, session: Session) -> None:
    done = make_session(house.support, status="resolved", finished_at=timezone.now())
    row = move([odd_of(session)], done, by=house.admin)
    Session.objects.filter(pk=done.pk).update(status="active", agent=house.bob)
    undo(row, house)
    done.refresh_from_db()
    assert (done.status, done.agent) == ("active", house.bob)


def test_undo_works_once(house: House, session: Session, other: Session) -> None:
    row = move([odd_of(session)], other, by=house.admin)
    undo(row, house)
    with pytest.raises(Conflict) as refusal:
        undo(row, house)
    assert refusal.value.code == "changed-since"
    row.refresh_from_db()
    assert row.undone_by == house.admin


@pytest.mark.parametrize("way", ["move", "merge"])
def test_nobody_undoes_what_others_have_built_on(
    house: House, session: Session, other: Session, way: str
) -> None:
    odd, third = odd_of(session), make_session(house.other)
    row = WAYS[way](house, session, other)
    odd.refresh_from_db()
    later = move([odd], third, by=house.admin)
    with pytest.raises(Conflict) as refusal:
        undo(row, house)
    assert refusal.value.code == "changed-since"
    undo(later, house)
    undo(row, house)
    odd.refresh_from_db()
    assert odd.session == session


def test_a_conversation_that_has_its_mail_again_leads_nowhere_else(
    house: House, session: Session, other: Session
) -> None:
    """Split off, followed by all the rest, parted again: the older step is undone alone."""
    first, *rest = mails_of(session)
    row = move([first], None, by=house.admin)
    split = Session.objects.select_related("thread").latest("pk")
    move(rest, split, by=house.admin)
    move([Message.objects.get(pk=one.pk) for one in rest], other, by=house.admin)
    undo(row, house)
    ends = dict(Thread.objects.values_list("pk", "merged_into"))
    assert ends[session.thread_id] is None
    assert ends[split.thread_id] == session.thread_id
    assert drifts() == []


# ---- who takes part ---------------------------------------------------------------------------

HEARD_ONLY = {
    "a stranger with our token": {"signals": [{"used": True}], "flags": ["unverified-sender"]},
    "an agent's address": {"signals": [{"used": True}], "flags": ["agent-address"]},
    "a report, merged before": {
        "rule": "merged",
        "signals": [{"kind": "report", "used": True}],
        "flags": [],
    },
}


@pytest.mark.parametrize("who", HEARD_ONLY)
@pytest.mark.parametrize("way", ["merge", "move all"])
def test_whoever_was_heard_without_being_let_in_is_not_let_in_by_a_merge(
    house: House, session: Session, other: Session, way: str, who: str
) -> None:
    mail = make_message(session, from_email="eve@outside.test", cc=[{"email": "cc@outside.test"}])
    Message.objects.filter(pk=mail.pk).update(placement={"rule": "our-id"} | HEARD_ONLY[who])
    row = WAYS[way](house, session, other)
    known = set(other.thread.participants.values_list("address", flat=True))
    assert not {"eve@outside.test", "cc@outside.test"} & known
    undo(row, house)
    assert not Participant.objects.filter(address="eve@outside.test").exists()


def test_whoever_got_a_circular_is_not_let_in_by_a_merge(
    house: House, session: Session, other: Session
) -> None:
    people = [{"email": f"reader{n}@outside.test", "name": ""} for n in range(50)]
    make_message(session, from_email="news@outside.test", to=people)
    merge(session, other, by=house.admin)
    known = set(other.thread.participants.values_list("address", flat=True))
    assert known == {ANN, BEA, "news@outside.test"}


# ---- and mails that come later ----------------------------------------------------------------


def comes(house: House, answers: Message, sender: str) -> Message:
    """An answer to a mail, by somebody who has it."""
    head = f"From: {sender}\r\nTo: support@carteria.test\r\nMessage-ID: <later@outside.test>\r\n"
    raw = f"{head}In-Reply-To: <{answers.message_id}>\r\nSubject: Re: it\r\n\r\nMore.\r\n"
    receive_one(raw.encode(), mailbox=house.mailbox, source=InboundEmail.Source.API)
    assert take_in() == 1
    return Message.objects.select_related("session").latest("pk")


@pytest.fixture
def ours(house: House, session: Session) -> Message:
    """The newest mail of the conversation is an answer of ours, with a token of its thread."""
    token = new_message_id(session.thread, "carteria.test")
    to = [{"email": ANN, "name": ""}]
    return make_message(
        session, direction="out", to=to, message_id=token, message_id_hash=hash_of(token)
    )


def test_answers_to_either_half_land_on_the_survivor(
    house: House, session: Session, other: Session, ours: Message
) -> None:
    merge(session, other, by=house.admin)
    assert comes(house, ours, ANN).session == other
    assert drifts() == []


def test_after_undo_answers_land_where_they_did(
    house: House, session: Session, other: Session, ours: Message
) -> None:
    undo(merge(session, other, by=house.admin), house)
    assert comes(house, ours, ANN).session == session


def test_answers_to_a_mail_that_was_moved_land_with_it(
    house: House, session: Session, other: Session, ours: Message
) -> None:
    move([ours], other, by=house.admin)
    assert comes(house, ours, ANN).session == other


# ---- what it costs ----------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_no_number_of_mails_costs_more_queries(
    house: House, session: Session, other: Session, way: str
) -> None:
    first = _queries(lambda: WAYS[way](house, session, other))
    twin, second = (
        make_session(house.support, agent=house.alice, status="active", customer=ANN,
                     mailbox=house.mailbox),
        make_session(house.other, agent=house.charlie, status="active", customer=BEA,
                     mailbox=house.mailbox),
    )  # fmt: skip
    for _number in range(12):
        make_message(twin)
        make_message(second)
    assert _queries(lambda: WAYS[way](house, twin, second)) <= first


def _queries(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as queries:
        work()
    return len(queries)

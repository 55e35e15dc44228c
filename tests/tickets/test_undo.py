"""Undo: what was sent a moment ago is a draft again, everything as before, and never twice."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.channels.models import ChannelSettings
from apps.channels.parsed import Address
from apps.core.errors import Conflict, Problem
from apps.crm.models import TicketUpdate
from apps.queues.models import AgentLoad
from apps.tickets import draft_files, drafts, outbound, sessions, tasks
from apps.tickets.drafts import Content, find
from apps.tickets.drafts_begin import begin_new, begin_reply
from apps.tickets.drafts_send import Wish, send
from apps.tickets.letters import Upload
from apps.tickets.models import Draft, Message, Session, SessionEvent, StagedFile, Thread
from apps.tickets.regrouping import by_hand
from apps.tickets.sending import delivery
from apps.tickets.sending.delivery import deliver, due
from apps.tickets.undo import undo
from tests.counted import drifts
from tests.people import House, make_house, make_message, make_session
from tests.servers.postgres import report_of
from tests.servers.smtp_sink import SmtpSink
from tests.tickets.arrivals import a_mail, arrive

pytestmark = pytest.mark.django_db

Status = Session.Status
NEW = Address("new@outside.test", "New")
PAPER = Upload("invoice.pdf", "application/pdf", b"%PDF-1.4 paper")


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def session(house: House) -> Session:
    """Nobody's, with one mail of the customer."""
    session = make_session(house.support, mailbox=house.mailbox)
    make_message(session)
    return session


@pytest.fixture
def draft(house: House, session: Session) -> Draft:
    draft, _new = begin_reply(session, by=house.alice.user, opening="")
    draft_files.add(draft, PAPER, by=house.alice.user)
    return draft


def sent(draft: Draft, *, then: str = "", **content: object) -> Message:
    told = {"to": (NEW,), "subject": "Re: parcel", "html": "<p>On its way.</p>"} | content
    return send(draft, Content(**told), Wish(then=then), by=draft.author)  # type: ignore[arg-type]


def over(message: Message) -> None:
    """Its waiting time is."""
    past = timezone.now() - timedelta(seconds=1)
    Message.objects.filter(pk=message.pk).update(next_try_at=past)


def code_of(refusal: pytest.ExceptionInfo[Problem]) -> str:
    return refusal.value.code


# ---- back as before ---------------------------------------------------------------------------


def test_the_mail_is_gone_and_the_draft_is_back(house: House, draft: Draft) -> None:
    message = sent(draft)
    back = find(undo(message, by=house.alice.user).key, by=house.alice.user)
    assert not Message.objects.filter(direction="out").exists()
    assert (back.sent_as, back.text.strip()) == (None, "On its way.")
    assert back.to == [{"email": NEW.email, "name": "New"}]
    assert [one.attachment.name for one in draft_files.files_of(back)] == ["invoice.pdf"]


def test_the_session_is_as_it_was(house: House, session: Session, draft: Draft) -> None:
    message = sent(draft, then="resolved")
    undo(message, by=house.alice.user)
    session.refresh_from_db()
    assert (session.status, session.agent, session.finished_at) == (Status.UNOPENED, None, None)
    assert session.message_count == 1
    assert sum(AgentLoad.objects.values_list("open_sessions", flat=True)) == 0
    event = SessionEvent.objects.latest("pk")
    assert (event.kind, event.why) == ("undone", "Alice called a mail back before it left.")


def test_whom_only_this_mail_named_takes_no_part(
    house: House, session: Session, draft: Draft
) -> None:
    make_message(session, direction="out", to=[{"email": "old@outside.test", "name": ""}])
    message = sent(draft, cc=(Address("old@outside.test"),), newest=10**9)
    undo(message, by=house.alice.user)
    known = set(session.thread.participants.values_list("address", flat=True))
    assert known == {"customer@outside.test", "old@outside.test"}


def test_what_somebody_moved_meanwhile_stays(house: House, session: Session, draft: Draft) -> None:
    message = sent(draft, then="paused")
    Session.objects.update(agent=house.bob, status=Status.CLOSED)
    undo(message, by=house.alice.user)
    session.refresh_from_db()
    assert (session.agent, session.status, session.message_count) == (house.bob, Status.CLOSED, 1)


@pytest.mark.parametrize("before", [Status.PAUSED, Status.RESOLVED])
def test_a_mail_that_came_meanwhile_stays_in_open_work(house: House, before: str) -> None:
    [first] = arrive(a_mail(house.mailbox, message_id="one@outside.test"))
    taken = sessions.take(first.session, house.alice)
    finished = sessions.set_status(taken, before, by=house.alice.user)
    message = sent(begin_reply(finished, by=house.alice.user, opening="")[0])
    [newer] = arrive(a_mail(house.mailbox, in_reply_to="one@outside.test"))
    undo(message, by=house.alice.user)
    now = Session.objects.get(pk=newer.session_id)
    assert (now, now.agent, now.status) == (finished, house.alice, Status.ACTIVE)


def test_a_first_mail_takes_its_conversation_along(house: House) -> None:
    draft = begin_new(house.support, by=house.alice.user, opening="")
    message = sent(draft, queue=house.support.pk, agent=house.alice.pk)
    undo(message, by=house.alice.user)
    assert not Thread.objects.exists()
    assert not Session.objects.exists()
    assert Draft.objects.unsent().get().subject == "Re: parcel"
    assert AgentLoad.objects.get(agent=house.alice).open_sessions == 0


def test_it_can_be_sent_again(house: House, draft: Draft) -> None:
    undo(sent(draft), by=house.alice.user)
    again = sent(find(draft.key, by=house.alice.user))
    assert again.files.count() == 1
    assert Message.objects.filter(direction="out").count() == 1


# ---- too late ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"attempts": 1},
        {"status": "sending", "attempts": 1},
        {"status": "sent"},
        {"next_try_at": None},
        {"next_try_at": timezone.now() - timedelta(minutes=1)},
    ],
)
def test_what_has_begun_to_leave_is_not_called_back(
    house: House, draft: Draft, fields: dict[str, object]
) -> None:
    message = sent(draft)
    Message.objects.filter(pk=message.pk).update(**fields)
    with pytest.raises(Conflict) as refusal:
        undo(message, by=house.alice.user)
    assert code_of(refusal) == "too-late"
    assert Message.objects.filter(pk=message.pk).exists()
    assert not StagedFile.objects.exists()


def test_without_waiting_time_there_is_no_undo(house: House, draft: Draft) -> None:
    ChannelSettings.objects.update(undo_seconds=0)
    with pytest.raises(Conflict) as refusal:
        undo(sent(draft), by=house.alice.user)
    assert code_of(refusal) == "too-late"


def test_nobody_else_calls_it_back(house: House, draft: Draft) -> None:
    with pytest.raises(Conflict) as refusal:
        undo(sent(draft), by=house.irene)
    assert code_of(refusal) == "not-yours"


# ---- against delivery -------------------------------------------------------------------------


def test_nothing_leaves_and_no_crm_hears_before_the_time_is_over(
    smtp_sink: SmtpSink, house: House
) -> None:
    account = house.mailbox.account
    account.send_host, account.send_port = smtp_sink.host, smtp_sink.port
    account.save()
    draft = begin_new(house.support, by=house.alice.user, opening="")
    message = sent(draft, queue=house.support.pk)
    deliver(message.pk)
    assert (due(10), smtp_sink.mails, TicketUpdate.objects.count()) == ([], [], 0)
    over(message)
    assert due(10) == [message.pk]
    deliver(message.pk)
    assert len(smtp_sink.mails) == 1
    assert TicketUpdate.objects.exists()


def test_delivery_is_woken_when_the_time_is_over(
    draft: Draft, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    woken: list[tuple[object, ...]] = []
    told = lambda task, *ids, after=0: woken.append((task, *ids, after))  # noqa: E731
    monkeypatch.setattr("apps.tickets.tasks.wake", told)
    with django_capture_on_commit_callbacks(execute=True):
        message = sent(draft)
    assert (tasks.deliver, message.pk, 10) in woken


def test_an_answer_of_a_program_does_not_wait(house: House, session: Session) -> None:
    message = outbound.reply(session, outbound.Letter(text="Hi"), by=house.alice.user)
    assert due(10) == [message.pk]
    with pytest.raises(Conflict) as refusal:
        undo(message, by=house.alice.user)
    assert code_of(refusal) == "too-late"


def test_delivery_that_comes_after_undo_finds_nothing(house: House, draft: Draft) -> None:
    message = sent(draft)
    seen = Message.objects.get(pk=message.pk)
    undo(message, by=house.alice.user)
    assert delivery._claim(seen) is None


def test_undo_that_comes_after_delivery_is_too_late(house: House, draft: Draft) -> None:
    message = sent(draft)
    assert delivery._claim(Message.objects.get(pk=message.pk))
    with pytest.raises(Conflict) as refusal:
        undo(message, by=house.alice.user)
    assert code_of(refusal) == "too-late"
    assert not Draft.objects.unsent().exists()


@pytest.mark.servers("postgres")
def test_of_undo_and_delivery_at_once_exactly_one_has_the_mail(tmp_path: Path) -> None:
    report = report_of("tests.tickets.undo_race", tmp_path)
    assert report["wrong"] == []
    assert report["waited"] > 5  # so they did meet
    assert min(report["won"].values()) > 2  # and each was first at times


# ---- afterwards -------------------------------------------------------------------------------


def test_a_sent_draft_is_forgotten_when_nobody_can_call_it_back(draft: Draft) -> None:
    message = sent(draft)
    assert drafts.forget_sent() == 0
    Draft.objects.update(updated_at=timezone.now() - timedelta(hours=2))
    assert drafts.forget_sent() == 0  # it has not left yet
    over(message)
    assert drafts.forget_sent() == 1
    assert Message.objects.filter(pk=message.pk).exists()


def test_a_mail_that_was_moved_since_it_was_looked_at_is_called_back(
    house: House, session: Session, draft: Draft
) -> None:
    """The caller's row names the session that a merge has emptied and closed meanwhile."""
    message, other = sent(draft), make_session(house.support, mailbox=house.mailbox)
    seen = Message.objects.select_related("session", "thread").get(pk=message.pk)
    by_hand.merge(session, other.public_id, by=house.admin)
    back = undo(seen, by=house.alice.user)
    session.refresh_from_db()
    other.refresh_from_db()
    assert (session.message_count, other.message_count, back.session) == (0, 1, other)
    assert drifts() == []


def test_after_an_undone_merge_the_draft_is_back_with_its_conversation(
    house: House, session: Session, draft: Draft
) -> None:
    message, other = sent(draft), make_session(house.support, mailbox=house.mailbox)
    make_message(other)
    row, _landed = by_hand.merge(session, other.public_id, by=house.admin)
    by_hand.undo(row, by=house.admin)
    back = undo(message, by=house.alice.user)
    assert Draft.objects.get(pk=back.pk).session == session
    assert {one.session for one in draft_files.files_of(back)} == {session}


def test_after_an_undone_merge_a_first_mail_begins_its_own_conversation(house: House) -> None:
    draft = begin_new(house.support, by=house.alice.user, opening="")
    message = sent(draft, queue=house.support.pk)
    other = make_session(house.support, mailbox=house.mailbox)
    make_message(other)
    row, _landed = by_hand.merge(message.session, other.public_id, by=house.admin)
    by_hand.undo(row, by=house.admin)
    back = undo(message, by=house.alice.user)
    assert Draft.objects.get(pk=back.pk).session is None
    assert drifts() == []

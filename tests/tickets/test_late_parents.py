"""A mail that comes after its answers, and people who are let in later: as if all had come in order."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.channels.customer import MOST_PEOPLE
from apps.channels.models import Mailbox
from apps.core.models import Role
from apps.tickets import sessions
from apps.tickets.models import Message, MessageReference, Regrouping, Session, Thread
from apps.tickets.outbound import Letter, reply
from apps.tickets.reading import ReadMail
from apps.tickets.regrouping import undo
from apps.tickets.threading import evidence, late_parents
from apps.tickets.threading.late_parents import MOST_UNITED
from apps.tickets.tokens import hash_of
from tests.counted import drifts
from tests.people import make_agent, make_mailbox, make_queue, make_user, switch_channel_on
from tests.tickets.arrivals import CUSTOMER, a_mail, arrive

pytestmark = pytest.mark.django_db

ANA, BEN, EVE = "ana@outside.test", "ben@outside.test", "eve@outside.test"


@pytest.fixture
def mailbox() -> Mailbox:
    return make_mailbox("support@x.test", queue=make_queue())


def threads_of(*messages: Message) -> int:
    for message in messages:
        message.refresh_from_db()
    return len({message.thread_id for message in messages})


@pytest.mark.parametrize("batch", [1, 50])
def test_a_parent_joins_the_answer_that_was_here_before_it(mailbox, batch: int) -> None:
    answer, parent = arrive(
        a_mail(mailbox, in_reply_to="first@id"), a_mail(mailbox, message_id="first@id"), batch=batch
    )
    assert threads_of(answer, parent) == 1
    assert Session.objects.get().message_count == 2
    assert Regrouping.objects.count() == 0


def test_a_parent_that_joins_says_so(mailbox) -> None:
    arrive(a_mail(mailbox, in_reply_to="first@id"))
    (parent,) = arrive(a_mail(mailbox, message_id="first@id"))
    assert parent.placement["rule"] == "late-parent"


def test_all_threads_that_waited_become_the_oldest_one(mailbox) -> None:
    answers = arrive(*(a_mail(mailbox, in_reply_to="first@id") for _time in range(3)))
    assert threads_of(*answers) == 3
    (parent,) = arrive(a_mail(mailbox, message_id="first@id"))
    assert threads_of(parent, *answers) == 1
    assert parent.thread == answers[0].thread
    assert [one.kind for one in Regrouping.objects.all()] == ["late-parent"] * 2
    assert Thread.objects.filter(merged_into=parent.thread).count() == 2
    assert drifts() == []


def test_a_parent_with_a_thread_of_its_own_brings_the_waiting_one_there(mailbox) -> None:
    first, last = arrive(
        a_mail(mailbox, message_id="1@id"), a_mail(mailbox, message_id="3@id", in_reply_to="2@id")
    )
    (middle,) = arrive(a_mail(mailbox, message_id="2@id", in_reply_to="1@id"))
    assert threads_of(first, middle, last) == 1
    assert middle.placement["rule"] == "stored-id"
    assert last.placement["rule"] == "merged"
    (answer,) = arrive(a_mail(mailbox, in_reply_to="3@id"))
    assert answer.thread == first.thread
    assert drifts() == []


def test_a_stranger_who_names_a_mail_is_not_let_in_by_its_arrival(mailbox) -> None:
    (guess,) = arrive(a_mail(mailbox, sender=EVE, to=["support@x.test", ANA], in_reply_to="1@id"))
    (parent,) = arrive(a_mail(mailbox, sender=ANA, message_id="1@id"))
    assert threads_of(guess, parent) == 2
    assert not parent.thread.participants.filter(address=EVE).exists()


def test_another_mailbox_brings_nothing_together(mailbox) -> None:
    elsewhere = make_mailbox(queue=make_queue())
    answer, parent = arrive(
        a_mail(mailbox, in_reply_to="1@id"), a_mail(elsewhere, message_id="1@id"), batch=1
    )
    assert threads_of(answer, parent) == 2


def test_customers_of_one_mail_come_together_only_if_it_names_them(mailbox) -> None:
    """The answers are in one thread after it exactly where they were had it come first."""
    answers = arrive(*(a_mail(mailbox, sender=one, in_reply_to="1@id") for one in (ANA, BEN, EVE)))
    (parent,) = arrive(a_mail(mailbox, to=["support@x.test", ANA], cc=[BEN], message_id="1@id"))
    assert threads_of(parent, *answers[:2]) == 1
    assert threads_of(parent, *answers) == 2
    assert answers[2].placement["rule"] == "opens-unknown"


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("visible", [0, 3, 40])
@pytest.mark.parametrize("sender", ["news@letter.test", "alice@agents.test"])
def test_readers_of_a_newsletter_keep_threads_of_their_own(
    mailbox, first: bool, visible: int, sender: str
) -> None:
    """PAINS 21, with the newsletter before or after the answers."""
    make_agent("alice", email="alice@agents.test")
    readers = [f"reader{number}@outside.test" for number in range(40)]
    letter = a_mail(mailbox, sender=sender, to=readers[:visible], message_id="1@id")
    answers = [a_mail(mailbox, sender=one, in_reply_to="1@id") for one in readers]
    messages = arrive(*([letter, *answers] if first else [*answers, letter]))
    named = visible if visible <= MOST_PEOPLE else 0
    assert threads_of(*messages) == 41 - named


def test_one_mail_brings_a_bounded_number_of_threads_together(mailbox) -> None:
    answers = arrive(*(a_mail(mailbox, in_reply_to="1@id") for _time in range(MOST_UNITED + 5)))
    (parent,) = arrive(a_mail(mailbox, message_id="1@id"))
    assert threads_of(parent, *answers) == 6


def test_whoever_is_let_in_brings_the_mail_that_was_turned_away(mailbox) -> None:
    """The mail that named Ben has no Message-ID, so that he could refer to the first one alone."""
    first, turned_away = arrive(
        a_mail(mailbox, message_id="1@id"), a_mail(mailbox, sender=BEN, references=["1@id"])
    )
    assert turned_away.placement["rule"] == "opens-elsewhere"
    (letting_in,) = arrive(a_mail(mailbox, cc=[BEN], in_reply_to="1@id"))
    assert threads_of(first, turned_away, letting_in) == 1
    assert drifts() == []


def test_what_a_person_has_taken_apart_stays_apart(mailbox) -> None:
    first, turned_away = arrive(
        a_mail(mailbox, message_id="1@id"), a_mail(mailbox, sender=BEN, references=["1@id"])
    )
    arrive(a_mail(mailbox, cc=[BEN], in_reply_to="1@id"))
    undo(Regrouping.objects.get(), by=make_agent("alice").user)
    arrive(a_mail(mailbox, cc=[BEN, EVE], in_reply_to="1@id"))
    assert threads_of(first, turned_away) == 2


def test_what_was_taken_apart_stays_apart_whichever_half_was_older(mailbox) -> None:
    """The late mail comes twice, as where two folders hold it."""
    waiting, first = arrive(
        a_mail(mailbox, in_reply_to="late@id"), a_mail(mailbox, message_id="1@id")
    )
    arrive(a_mail(mailbox, message_id="late@id", in_reply_to="1@id"))
    undo(Regrouping.objects.get(), by=make_agent("alice").user)
    arrive(a_mail(mailbox, message_id="late@id", in_reply_to="1@id"))
    assert threads_of(waiting, first) == 2


def test_a_flood_of_mails_that_wait_hides_no_other_mail(mailbox, monkeypatch) -> None:
    """An attacker refers to one id again and again, or gives it to each of his mails."""
    monkeypatch.setattr(evidence, "MOST_ROWS", 20)
    arrive(a_mail(mailbox, message_id="parcel@id"))
    arrive(*(a_mail(mailbox, sender=EVE, in_reply_to="flood@id") for _time in range(30)))
    arrive(*(a_mail(mailbox, sender=EVE, message_id="same@id") for _time in range(30)))
    _flood, answer = arrive(
        a_mail(mailbox, sender=EVE, message_id="flood@id", in_reply_to="same@id"),
        a_mail(mailbox, in_reply_to="parcel@id"),
    )
    assert answer.placement["rule"] == "stored-id"


def test_one_batch_brings_a_bounded_number_of_threads_together(mailbox, monkeypatch) -> None:
    monkeypatch.setattr(late_parents, "MOST_IN_BATCH", 4)
    arrive(*(a_mail(mailbox, in_reply_to=f"{n % 3}@id") for n in range(12)))
    arrive(*(a_mail(mailbox, message_id=f"{n}@id") for n in range(3)))
    assert Regrouping.objects.count() <= 4
    assert drifts() == []


def test_a_long_conversation_is_carried_nowhere_by_itself(mailbox, monkeypatch) -> None:
    monkeypatch.setattr(evidence, "MOST_CARRIED", 3)
    arrive(a_mail(mailbox, message_id="1@id"))
    long = arrive(
        a_mail(mailbox, message_id="2@id", in_reply_to="gone@id"),
        *(a_mail(mailbox, in_reply_to="2@id") for _time in range(3)),
    )
    (parent,) = arrive(a_mail(mailbox, message_id="gone@id", in_reply_to="1@id"))
    assert threads_of(*long) == 1
    assert parent.thread_id != long[0].thread_id
    assert Regrouping.objects.count() == 0


def test_a_mail_that_joined_by_something_stronger_is_not_torn_away(mailbox) -> None:
    first, other = arrive(
        a_mail(mailbox, message_id="1@id"),
        a_mail(mailbox, references=["gone@id", "1@id"]),
    )
    (late,) = arrive(a_mail(mailbox, message_id="gone@id"))
    assert threads_of(first, other) == 1
    assert late.thread != first.thread


def test_mails_from_before_the_references_were_kept_wait_as_well(mailbox) -> None:
    answer, beside = arrive(
        a_mail(mailbox, in_reply_to="1@id", message_id="2@id"),
        a_mail(mailbox, in_reply_to="2@id", references=["1@id", "2@id"]),
    )
    Message.objects.update(placement={})
    (parent,) = arrive(a_mail(mailbox, message_id="1@id"))
    assert threads_of(parent, answer, beside) == 1
    assert parent.thread == answer.thread


def test_an_answer_of_ours_is_kept_as_a_reference_too(mailbox) -> None:
    switch_channel_on()
    agent = make_agent("alice", queues=[mailbox.route.queue])
    (mail,) = arrive(a_mail(mailbox, message_id="1@id"))
    ours = reply(mail.session, Letter(text="Hello"), by=agent.user)
    assert list(ours.referred.values_list("hash", flat=True)) == [hash_of("1@id")]


def test_an_assigned_session_keeps_its_hands_when_its_thread_joins_another(mailbox) -> None:
    agent = make_agent("alice", queues=[mailbox.route.queue])
    arrive(a_mail(mailbox, message_id="1@id"), a_mail(mailbox, in_reply_to="2@id"))
    first = Session.objects.order_by("pk").first()
    assert first is not None
    Session.objects.filter(pk=first.pk).update(agent=agent, status="active")
    arrive(a_mail(mailbox, message_id="2@id", in_reply_to="1@id"))
    first.refresh_from_db()
    assert (first.agent, first.status, first.message_count) == (agent, "active", 3)


def test_no_late_mail_shows_a_queue_what_was_handed_to_another(mailbox) -> None:
    """One customer's two matters, one of them confidential meanwhile; then the link arrives."""
    support, other = arrive(a_mail(mailbox, message_id="1@id"), a_mail(mailbox, in_reply_to="2@id"))
    hidden = make_queue("Complaints")
    sessions.transfer(other.session, hidden, by=make_user(roles=[Role.ADMINISTRATOR]))
    arrive(a_mail(mailbox, message_id="2@id", in_reply_to="1@id"))
    assert threads_of(support, other) == 1
    assert other.session.queue == hidden
    assert Message.objects.get(pk=other.pk).session == other.session
    assert {one.status for one in Session.objects.all()} == {"unopened"}
    assert drifts() == []


def test_a_batch_asks_a_constant_number_of_questions(mailbox) -> None:
    """Fifty answers that join cost no more statements than five."""
    arrive(*(a_mail(mailbox, sender=f"{n}@o.test", message_id=f"{n}@id") for n in range(50)))

    def answers(number: int) -> list[ReadMail]:
        return [a_mail(mailbox, sender=f"{n}@o.test", in_reply_to=f"{n}@id") for n in range(number)]

    with CaptureQueriesContext(connection) as few:
        arrive(*answers(5))
    with CaptureQueriesContext(connection) as many:
        arrive(*answers(50))
    # SQLite takes fewer values at once than a batch has: messages, updates, the test's own rows.
    assert len(many) <= len(few) + 3
    assert MessageReference.objects.count() == 55


def test_a_circle_of_mails_ends(mailbox) -> None:
    messages = arrive(
        a_mail(mailbox, message_id="1@id", in_reply_to="2@id"),
        a_mail(mailbox, message_id="2@id", in_reply_to="3@id"),
        a_mail(mailbox, message_id="3@id", in_reply_to="1@id"),
        a_mail(mailbox, message_id="4@id", in_reply_to="4@id", sender=CUSTOMER),
    )
    assert threads_of(*messages[:3]) == 1
    assert threads_of(*messages) == 2

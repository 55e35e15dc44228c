"""Which conversation a mail joins: our token, a stored id, a participant; never a subject."""

import pytest

from apps.channels.parsed import Address, ParsedEmail
from apps.tickets.models import Message, Thread
from apps.tickets.threads import (
    Evidence,
    Place,
    add_participants,
    base_subject,
    find_thread,
    hash_of,
    ids_of,
    new_message_id,
    open_thread,
    thread_key_of,
)
from tests.people import make_mailbox, make_queue, make_session

pytestmark = pytest.mark.django_db

CUSTOMER = "customer@outside.test"


@pytest.fixture
def mailbox():
    return make_mailbox(queue=make_queue())


@pytest.fixture
def thread(mailbox):
    return open_thread("Parcel", mailbox, [CUSTOMER])


def place_of(mailbox, *, sender=CUSTOMER, refers_to=(), subject="Re: Parcel") -> Place | None:
    mail = ParsedEmail(subject=subject, from_=Address(sender), references=tuple(refers_to))
    return find_thread(mail, mailbox, Evidence([mail]))


def stored_id(thread: Thread, mailbox, message_id: str) -> str:
    session = make_session(mailbox.route.queue, thread=thread, customer=CUSTOMER)
    Message.objects.create(
        thread=thread,
        session=session,
        mailbox=mailbox,
        direction="in",
        status="received",
        message_id=message_id,
        message_id_hash=hash_of(message_id),
    )
    return message_id


def test_an_answer_to_our_mail_joins(mailbox, thread) -> None:
    place = place_of(mailbox, refers_to=[new_message_id(thread, "x.test")])
    assert place is not None
    assert place.conversation.thread == thread
    assert place.verified


def test_a_stranger_with_our_token_joins_unverified(mailbox, thread) -> None:
    place = place_of(
        mailbox, sender="stranger@z.test", refers_to=[new_message_id(thread, "x.test")]
    )
    assert place is not None
    assert not place.verified
    assert "unverified" in place.because


def test_a_forged_token_joins_nobody(mailbox, thread) -> None:
    genuine = new_message_id(thread, "x.test")
    forged = genuine.replace(genuine.split(".")[2][:4], "0000", 1)
    assert thread_key_of(genuine) == thread.key
    assert thread_key_of(forged) is None
    assert place_of(mailbox, refers_to=[forged]) is None


def test_a_stored_id_joins_a_participant_only(mailbox, thread) -> None:
    message_id = stored_id(thread, mailbox, "abc@outside.test")
    joined = place_of(mailbox, refers_to=[message_id])
    assert joined is not None
    assert joined.conversation.thread == thread
    assert place_of(mailbox, sender="stranger@z.test", refers_to=[message_id]) is None


def test_another_mailbox_joins_nothing(mailbox, thread) -> None:
    elsewhere = make_mailbox(queue=make_queue())
    token = new_message_id(thread, "x.test")
    assert place_of(elsewhere, refers_to=[token]) is None


def test_equal_subjects_and_unknown_references_join_nobody(mailbox, thread) -> None:
    assert place_of(mailbox, subject="Parcel") is None
    assert place_of(mailbox, refers_to=["never@seen.test"]) is None


def test_a_reused_message_id_finds_the_thread_of_its_participant(mailbox, thread) -> None:
    other = open_thread("Other", mailbox, ["somebody@else.test"])
    stored_id(thread, mailbox, "same@id")
    stored_id(other, mailbox, "same@id")
    other.participants.filter(address=CUSTOMER).delete()
    place = place_of(mailbox, refers_to=["same@id"])
    assert place is not None
    assert place.conversation.thread == thread


def test_a_mail_of_the_same_batch_can_be_referred_to(mailbox) -> None:
    first = ParsedEmail(message_id="first@id", from_=Address(CUSTOMER))
    second = ParsedEmail(message_id="second@id", from_=Address(CUSTOMER), in_reply_to="first@id")
    evidence = Evidence([first, second])
    thread = open_thread("New", mailbox, [CUSTOMER])
    from apps.tickets.threads import Conversation

    evidence.remember(first, Conversation(thread, {mailbox.pk}, {CUSTOMER}))
    place = find_thread(second, mailbox, evidence)
    assert place is not None
    assert place.conversation.thread == thread


def test_a_long_list_of_references_is_capped_at_both_ends() -> None:
    mail = ParsedEmail(references=tuple(f"{number}@id" for number in range(5000)))
    ids = ids_of(mail)
    assert len(ids) == 40
    assert ids[0] == "4999@id"
    assert ids[-1] == "0@id"


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        ("Re: Parcel", "Parcel"),
        ("AW: Re: WG: Parcel", "Parcel"),
        ("re[2]: FWD: Parcel", "Parcel"),
        ("RES: TR: Encomenda", "Encomenda"),
        ("Report: all well", "Report: all well"),
        ("Re:", ""),
    ],
)
def test_prefixes_of_many_countries_are_taken_off(subject: str, base: str) -> None:
    assert base_subject(subject) == base


def test_participants_are_kept_once_whatever_their_case(thread) -> None:
    add_participants(thread, ["Customer@Outside.test", "", CUSTOMER])
    assert thread.participants.count() == 1

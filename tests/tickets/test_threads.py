"""Which conversation a mail joins: our token, a stored id, a participant; never a subject."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.channels.models import Mailbox
from apps.tickets.letters import Letter, newest_inbound, recipients_of, subject_of_answer
from apps.tickets.models import Message, Regrouping, Session, Thread
from apps.tickets.regrouping import merge
from apps.tickets.threading.evidence import Evidence
from apps.tickets.threading.joining import Place, find_thread
from apps.tickets.threading.references import ids_of
from apps.tickets.threads import add_participants, open_thread
from apps.tickets.tokens import hash_of, new_message_id, reply_tag
from tests.people import make_agent, make_mailbox, make_message, make_queue, make_session
from tests.tickets.arrivals import CUSTOMER, a_mail, arrive

pytestmark = pytest.mark.django_db

STRANGER = "stranger@z.test"


@pytest.fixture
def mailbox() -> Mailbox:
    return make_mailbox("support@x.test", queue=make_queue())


@pytest.fixture
def thread(mailbox: Mailbox) -> Thread:
    return open_thread("Parcel", mailbox, [CUSTOMER])


@pytest.fixture
def session(mailbox: Mailbox, thread: Thread) -> Session:
    return make_session(mailbox.route.queue, thread=thread, customer=CUSTOMER)


def place_of(mailbox: Mailbox, **mail: object) -> Place | None:
    one = a_mail(mailbox, **({"subject": "Re: Parcel"} | mail))  # type: ignore[arg-type]
    return find_thread(one, Evidence([one]))


def kept(session: Session, message_id: str, *, direction: str = "in") -> str:
    hashed = hash_of(message_id)
    make_message(session, message_id=message_id, message_id_hash=hashed, direction=direction)
    return message_id


def test_an_answer_to_our_mail_joins(mailbox, thread) -> None:
    place = place_of(mailbox, references=[new_message_id(thread, "x.test")])
    assert place is not None
    assert (place.conversation.thread, place.rule, place.verified) == (thread, "our-id", True)


def test_a_stranger_with_our_token_joins_unverified(mailbox, thread) -> None:
    place = place_of(mailbox, sender=STRANGER, references=[new_message_id(thread, "x.test")])
    assert place is not None
    assert (place.rule, place.verified) == ("our-id", False)


def test_a_forged_token_joins_nobody(mailbox, thread) -> None:
    genuine = new_message_id(thread, "x.test")
    forged = genuine.replace(genuine.split(".")[2][:4], "zzzz", 1)
    assert place_of(mailbox, references=[forged]) is None


def test_a_mail_of_ours_is_known_by_its_row_once_the_seal_has_changed(
    mailbox, session, settings
) -> None:
    message_id = kept(session, new_message_id(session.thread, "x.test"), direction="out")
    settings.SECRET_KEY = "another, after a move"
    place = place_of(mailbox, sender=STRANGER, in_reply_to=message_id)
    assert place is not None
    assert (place.conversation.thread, place.rule) == (session.thread, "our-id")


def test_a_stored_id_joins_a_participant_only(mailbox, session) -> None:
    message_id = kept(session, "abc@outside.test")
    joined = place_of(mailbox, references=[message_id])
    assert joined is not None
    assert (joined.conversation.thread, joined.rule) == (session.thread, "stored-id")
    assert place_of(mailbox, sender=STRANGER, references=[message_id]) is None


@pytest.mark.parametrize(("sender", "verified"), [(CUSTOMER, True), (STRANGER, False)])
@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_the_reply_address_joins_whoever_knows_it(
    mailbox, thread, sender: str, verified: bool, change
) -> None:
    address = change(f"support+{reply_tag(thread)}@x.test")
    for way in ({"to": [address]}, {"cc": [address]}, {"delivered_to": (address,)}):
        place = place_of(mailbox, sender=sender, **way)
        assert place is not None
        assert (place.rule, place.verified) == ("reply-address", verified)


def test_a_session_in_the_subject_joins_a_participant_only(mailbox, session) -> None:
    subject = f"Re: Parcel [{session.public_id}]"
    joined = place_of(mailbox, subject=subject)
    assert joined is not None
    assert (joined.conversation.thread, joined.rule) == (session.thread, "subject-id")
    assert place_of(mailbox, sender=STRANGER, subject=subject) is None


def test_another_mailbox_joins_nothing(mailbox, session) -> None:
    thread = session.thread
    elsewhere = make_mailbox(queue=make_queue())
    for sign in (
        {"references": [new_message_id(thread, "x.test")]},
        {"references": [kept(session, "abc@outside.test")]},
        {"to": [f"support+{reply_tag(thread)}@x.test"]},
        {"subject": session.public_id},
    ):
        assert place_of(mailbox, **sign) is not None
        assert place_of(elsewhere, **sign) is None


def test_equal_subjects_and_unknown_references_join_nobody(mailbox, thread) -> None:
    assert place_of(mailbox, subject="Parcel") is None
    assert place_of(mailbox, references=["never@seen.test"]) is None


def test_a_reused_message_id_finds_the_thread_of_its_participant(mailbox, session) -> None:
    other = make_session(mailbox.route.queue, customer="somebody@else.test", mailbox=mailbox)
    kept(session, "same@id")
    kept(other, "same@id")
    place = place_of(mailbox, references=["same@id"])
    assert place is not None
    assert place.conversation.thread == session.thread


def test_a_foreign_mail_with_the_id_of_ours_draws_no_answer_to_ours(mailbox, session) -> None:
    """Whoever has seen our mail can send one of the same name, with its recipient in Cc."""
    ours = kept(session, new_message_id(session.thread, "x.test"), direction="out")
    forged = open_thread("Parcel", mailbox, [STRANGER, CUSTOMER])
    kept(make_session(mailbox.route.queue, thread=forged, customer=STRANGER), ours)
    place = place_of(mailbox, in_reply_to=ours)
    assert place is not None
    assert (place.conversation.thread, place.rule) == (session.thread, "our-id")


def test_an_answer_finds_a_mail_where_it_was_moved_to(mailbox, session) -> None:
    """The sealed id still names the old thread."""
    other = make_session(mailbox.route.queue, customer=CUSTOMER, mailbox=mailbox)
    message_id = kept(other, new_message_id(session.thread, "x.test"), direction="out")
    place = place_of(mailbox, in_reply_to=message_id)
    assert place is not None
    assert place.conversation.thread == other.thread


def test_answers_to_either_half_of_a_merge_land_on_the_survivor(mailbox, session) -> None:
    """Also when that was merged once more (PAINS 23)."""
    signs, threads = [], [session.thread]
    for number in range(2):
        later = make_session(mailbox.route.queue, customer=CUSTOMER, mailbox=mailbox)
        threads.append(later.thread)
        signs += [
            {"in_reply_to": kept(later, f"{number}@outside.test")},
            {"in_reply_to": new_message_id(later.thread, "x.test")},
            {"to": [f"support+{reply_tag(later.thread)}@x.test"]},
            {"subject": later.public_id},
        ]
    # Rows as they are after two merges, the second of the first one's survivor.
    Thread.objects.filter(pk=threads[2].pk).update(merged_into=threads[1])
    Thread.objects.filter(pk=threads[1].pk).update(merged_into=threads[0])
    places = [place_of(mailbox, **sign) for sign in signs]
    assert {place.conversation.thread for place in places if place} == {session.thread}
    assert len([place for place in places if place]) == 8


def test_a_real_merge_is_followed(mailbox, session) -> None:
    later = make_session(mailbox.route.queue, customer=CUSTOMER, mailbox=mailbox)
    message_id = kept(later, "abc@outside.test")
    kept(session, "first@outside.test")
    merge(later.thread, session.thread, by=None, kind=Regrouping.Kind.MERGE, why="")
    (message,) = arrive(a_mail(mailbox, in_reply_to=message_id))
    assert message.thread == session.thread
    assert message.session.thread == session.thread


def test_the_nearest_id_decides_and_another_conversation_lowers_the_confidence(
    mailbox, session
) -> None:
    other = make_session(mailbox.route.queue, customer=CUSTOMER, mailbox=mailbox)
    far, near = kept(other, "far@id"), kept(session, "near@id")
    message, alone = arrive(
        a_mail(mailbox, references=[far, near]), a_mail(mailbox, references=[near])
    )
    assert message.thread == alone.thread == session.thread
    assert [one["used"] for one in message.placement["signals"]] == [True, False]
    assert message.placement["confidence"] < alone.placement["confidence"]


def test_a_sender_who_takes_part_comes_before_a_stranger_with_a_token(mailbox, session) -> None:
    mine = make_session(mailbox.route.queue, customer=STRANGER, mailbox=mailbox)
    message_id = kept(mine, "mine@id")
    place = place_of(
        mailbox,
        sender=STRANGER,
        in_reply_to=new_message_id(session.thread, "x.test"),
        references=[message_id],
    )
    assert place is not None
    assert (place.conversation.thread, place.verified) == (mine.thread, True)


def test_a_mail_of_the_same_batch_can_be_referred_to(mailbox) -> None:
    first, second = arrive(
        a_mail(mailbox, message_id="first@id"), a_mail(mailbox, in_reply_to="first@id")
    )
    assert first.thread == second.thread


def test_a_long_list_of_references_is_capped_at_both_ends(mailbox) -> None:
    mail = a_mail(mailbox, references=[f"{number}@id" for number in range(5000)])
    ids = ids_of(mail.parsed)
    assert (len(ids), ids[0], ids[-1]) == (40, "4999@id", "0@id")


def test_participants_are_kept_once_whatever_their_case(thread) -> None:
    add_participants(thread, ["Customer@Outside.test", "", CUSTOMER])
    assert thread.participants.count() == 1


# ---- PAINS 17 to 25 ---------------------------------------------------------------------------


@pytest.mark.contract("1.3.c")
def test_an_answer_by_somebody_in_cc_joins_under_his_own_name(mailbox) -> None:
    """PAINS 24."""
    first, answer = arrive(
        a_mail(mailbox, cc=["colleague@outside.test"], message_id="one@id"),
        a_mail(mailbox, sender="colleague@outside.test", in_reply_to="one@id"),
    )
    assert answer.thread == first.thread
    assert answer.from_email == "colleague@outside.test"
    assert answer.session.customer == CUSTOMER


def test_a_strangers_mail_with_a_sessions_number_is_a_suggestion_and_no_more(
    mailbox, session
) -> None:
    """PAINS 20."""
    (message,) = arrive(a_mail(mailbox, sender=STRANGER, subject=f"About {session.public_id}"))
    assert message.thread != session.thread
    assert message.placement["rule"] == "opens-possible"
    assert message.placement["possible"] == {
        "thread": session.thread.key,
        "session": session.public_id,
    }
    assert not session.thread.participants.filter(address=STRANGER).exists()


def test_two_hundred_answers_to_one_foreign_mail_are_two_hundred_threads(mailbox) -> None:
    """PAINS 21: the newsletter itself never came here."""
    people = [f"reader{number}@outside.test" for number in range(200)]
    arrive(*(a_mail(mailbox, sender=one, in_reply_to="news@letter.test") for one in people))
    assert Thread.objects.count() == 200


@pytest.mark.parametrize("status", ["active", "paused", "resolved", "closed"])
def test_a_mail_from_an_agents_address_joins_and_moves_neither_state_nor_clock(
    mailbox, session, status: str
) -> None:
    """PAINS 25, as SPEC 2.2 has it."""
    agent = make_agent("alice", queues=[mailbox.route.queue], email="Alice@agents.test")
    long_ago = timezone.now() - timedelta(days=40)
    Session.objects.filter(pk=session.pk).update(
        status=status, agent=agent, finished_at=long_ago if status == "closed" else None
    )
    before = Session.objects.get(pk=session.pk)
    message_id = kept(session, "one@id")
    (message,) = arrive(
        a_mail(
            mailbox,
            sender="alice@Agents.test",
            cc=[STRANGER],
            in_reply_to=message_id,
            subject=session.subject,
        )
    )
    after = Session.objects.get(pk=session.pk)
    assert message.session == after
    assert message.placement["flags"] == ["agent-address"]
    for name in ("status", "agent", "waiting_since", "finished_at", "why"):
        assert getattr(after, name) == getattr(before, name)
    assert after.updated_at > before.updated_at
    assert not session.thread.participants.filter(address=STRANGER).exists()


def test_an_agents_address_that_opens_a_conversation_is_routed_like_any_other(mailbox) -> None:
    make_agent("alice", email="alice@agents.test")
    (message,) = arrive(a_mail(mailbox, sender="alice@agents.test"))
    assert message.placement["flags"] == ["agent-address"]
    assert message.session.status == Session.Status.UNOPENED
    assert message.thread.participants.filter(address="alice@agents.test").exists()


def test_a_new_subject_in_an_answer_is_flagged(mailbox, session) -> None:
    """PAINS 22: it joins, shows a badge, and a person may split it off."""
    kept(session, "one@id")
    subjects = ["AW: " + session.subject, "[EXTERNAL] Re: " + session.subject, "Invoice 7", "Re:"]
    messages = arrive(*(a_mail(mailbox, subject=one, in_reply_to="one@id") for one in subjects))
    flagged = ["subject-changed" in message.placement["flags"] for message in messages]
    assert flagged == [False, False, True, False]
    assert {message.thread for message in messages} == {session.thread}


def test_every_id_is_remembered_once(mailbox) -> None:
    (message,) = arrive(
        a_mail(
            mailbox, message_id="me@id", in_reply_to="a@id", references=["b@id", "a@id", "me@id"]
        )
    )
    hashes = set(message.referred.values_list("hash", flat=True))
    assert hashes == {hash_of("a@id"), hash_of("b@id")}


def test_messages_without_facts_keep_their_words(session) -> None:
    message = make_message(session, because="It opens a conversation.")
    assert Message.objects.get(pk=message.pk).placement == {}


def test_an_answer_goes_to_the_customer_although_a_colleague_wrote_last(mailbox, session) -> None:
    make_agent("alice", email="alice@agents.test")
    message_id = kept(session, "one@id")
    (message,) = arrive(a_mail(mailbox, sender="alice@agents.test", in_reply_to=message_id))
    assert [one.email for one in recipients_of(message.session).to] == [CUSTOMER]


def test_an_answer_goes_to_the_customer_although_a_stranger_wrote_last(mailbox, session) -> None:
    """Whoever got hold of our mail and answers it is heard, and is told nothing unasked."""
    arrive(a_mail(mailbox, subject=f"Parcel {session.public_id}"))
    token = new_message_id(session.thread, "x.test")
    (mail,) = arrive(a_mail(mailbox, sender=STRANGER, in_reply_to=token))
    assert mail.session == session
    assert recipients_of(session).everybody == [CUSTOMER]


def test_a_stranger_who_is_alone_in_a_conversation_is_answered(mailbox, session) -> None:
    token = new_message_id(session.thread, "x.test")
    arrive(a_mail(mailbox, sender=STRANGER, in_reply_to=token))
    assert recipients_of(session).everybody == [STRANGER]


def test_no_stranger_names_our_answer_to_the_customer(mailbox, session) -> None:
    arrive(a_mail(mailbox, subject=f"Parcel {session.public_id}"))
    token = new_message_id(session.thread, "x.test")
    arrive(a_mail(mailbox, sender=STRANGER, subject="Pay here", in_reply_to=token))
    subject = subject_of_answer(Letter(), session, newest_inbound(session))
    assert subject == f"Re: Parcel {session.public_id}"

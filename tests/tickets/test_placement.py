"""The facts that are stored with a mail, the sentence they make, and signals that get lost."""

from itertools import combinations
from typing import Any

import pytest
from django.utils import translation

from apps.channels.models import Mailbox
from apps.tickets.models import Message
from apps.tickets.threading.joining import CONFIDENCE, CONFIDENCE_OF
from apps.tickets.threading.words import because_of, sentence
from apps.tickets.tokens import new_message_id, reply_tag
from tests.people import make_mailbox, make_message, make_queue
from tests.tickets.arrivals import CUSTOMER, a_mail, arrive

FIRST = "CAF8x=first+7@mail.gmail.com"

# Which ids programs write into an answer, of those of the whole chain, oldest first.
PROGRAMS = {
    "gmail": lambda chain: {"in_reply_to": chain[-1], "references": chain},
    "outlook": lambda chain: {"in_reply_to": chain[-1], "references": [chain[0], chain[-1]]},
    "apple": lambda chain: {"in_reply_to": chain[-1], "references": chain[-2:]},
}
SIGNALS = ("in-reply-to", "references", "reply-address", "subject-id")
LOST = [*combinations(SIGNALS, 1), *combinations(SIGNALS, 2)]


@pytest.fixture
def mailbox(db: None) -> Mailbox:
    return make_mailbox("support@x.test", queue=make_queue())


@pytest.fixture
def asked(mailbox: Mailbox) -> Message:
    """Gmail writes + and = into its ids."""
    (message,) = arrive(a_mail(mailbox, message_id=FIRST))
    return message


def answer_to(asked: Message, program: str, lost: tuple[str, ...], ours: str) -> dict[str, Any]:
    """By the customer, with every signal but the lost ones."""
    headers: dict[str, Any] = PROGRAMS[program]([FIRST, ours])
    headers["subject"] = f"Re: Parcel [{asked.session.public_id}]"
    headers["to"] = [f"support+{reply_tag(asked.thread).lower()}@x.test"]
    without = {
        "in-reply-to": {"in_reply_to": ""},
        "references": {"references": []},
        "reply-address": {"to": ["support@x.test"]},
        "subject-id": {"subject": "Re: Parcel"},
    }
    for signal in lost:
        headers |= without[signal]
    return headers


@pytest.mark.parametrize("lost", LOST, ids="+".join)
@pytest.mark.parametrize("program", PROGRAMS)
def test_any_one_or_two_signals_may_be_missing(
    mailbox: Mailbox, asked: Message, program: str, lost: tuple[str, ...]
) -> None:
    """PAINS 17 and 18."""
    ours = new_message_id(asked.thread, "x.test")
    make_message(asked.session, direction="out", message_id=ours)
    (answer,) = arrive(a_mail(mailbox, **answer_to(asked, program, lost, ours)))
    assert answer.thread == asked.thread
    assert answer.placement["confidence"] >= 0.8
    kinds = {one["kind"] for one in answer.placement["signals"]}
    assert kinds  # at least one is left
    assert sum(one["used"] for one in answer.placement["signals"]) == 1


@pytest.mark.parametrize("rewritten", [FIRST, "0102019a-relay@amazonses.com"])
def test_a_relay_that_writes_ids_of_its_own_does_not_matter(
    mailbox: Mailbox, asked: Message, rewritten: str
) -> None:
    """The relay's id of our mail was never here; what was there before it is."""
    (answer,) = arrive(a_mail(mailbox, in_reply_to=rewritten, references=[FIRST, rewritten]))
    assert answer.thread == asked.thread
    assert answer.placement["rule"] == "stored-id"


# ---- facts ------------------------------------------------------------------------------------


def test_facts_are_plain_and_whole(mailbox: Mailbox, asked: Message) -> None:
    (answer,) = arrive(a_mail(mailbox, in_reply_to=FIRST, subject="Invoice"))
    assert asked.placement == {"rule": "opens", "confidence": 1.0, "signals": [], "flags": []}
    assert answer.placement == {
        "rule": "stored-id",
        "confidence": 0.81,
        "signals": [
            {
                "kind": "stored-id",
                "thread": asked.thread.key,
                "sender": "participant",
                "mailbox": True,
                "used": True,
            }
        ],
        "flags": ["subject-changed"],
    }


@pytest.mark.parametrize(
    ("mail", "rule"),
    [
        ({}, "opens"),
        ({"in_reply_to": "never@seen.test"}, "opens-unknown"),
        ({"in_reply_to": FIRST, "sender": "x@z.test"}, "opens-elsewhere"),
    ],
)
def test_why_a_mail_opens_a_conversation_is_kept(
    mailbox: Mailbox, asked: Message, mail: dict[str, str], rule: str
) -> None:
    (message,) = arrive(a_mail(mailbox, **mail))
    assert message.placement["rule"] == rule
    assert message.thread != asked.thread


def test_confidences_are_numbers_between_none_and_all() -> None:
    numbers = [*CONFIDENCE.values(), *CONFIDENCE_OF.values()]
    assert all(0 < number <= 1 for number in numbers)
    for kind in ("our-id", "reply-address"):
        assert CONFIDENCE[kind, "participant"] > CONFIDENCE[kind, "stranger"]
    assert not any(
        ("stranger" in pair) for pair in CONFIDENCE if pair[0] in ("stored-id", "subject-id")
    )


def test_a_mail_full_of_signals_keeps_a_few(mailbox: Mailbox) -> None:
    first = arrive(*(a_mail(mailbox, message_id=f"{number}@id") for number in range(30)))
    (message,) = arrive(a_mail(mailbox, references=[f"{number}@id" for number in range(30)]))
    assert message.thread == first[-1].thread
    assert len(message.placement["signals"]) == 12


# ---- words ------------------------------------------------------------------------------------

SIGNAL = {"kind": "our-id", "thread": "T1", "sender": "participant", "mailbox": True, "used": True}
FACTS: dict[str, Any] = {"rule": "our-id", "confidence": 0.99, "signals": [SIGNAL], "flags": []}

# Each differs from FACTS by one stored input.
CHANGED: list[dict[str, Any]] = [
    {"rule": rule}
    for rule in (
        "report reply-address stored-id subject-id late-parent opens opens-unknown "
        "opens-elsewhere opens-possible moved split merged"
    ).split()
]
CHANGED += [{"signals": [SIGNAL | {"sender": sender}]} for sender in ("stranger", "agent")]
CHANGED += [{"signals": [SIGNAL, SIGNAL | {"thread": "T2", "used": False}]}]
CHANGED += [{"flags": [flag]} for flag in ("agent-address", "subject-changed")]


def test_the_sentence_changes_when_a_stored_input_changes() -> None:
    said = [sentence(FACTS), *(sentence(FACTS | change) for change in CHANGED)]
    assert len(set(said)) == len(said)
    assert all(one.endswith(".") for one in said)


def test_a_mail_that_names_a_session_says_which() -> None:
    possible = {"rule": "opens-possible", "possible": {"thread": "T1", "session": "E7"}}
    assert "E7" in sentence(FACTS | possible)


def test_another_mailbox_is_said_to_be_the_reason() -> None:
    elsewhere = FACTS | {"rule": "opens-elsewhere", "signals": [SIGNAL | {"mailbox": False}]}
    assert "another mailbox" in sentence(elsewhere)


def test_the_stored_facts_of_a_mail_are_what_is_told(mailbox: Mailbox, asked: Message) -> None:
    assert because_of(asked) == "It opens a conversation."
    asked.placement["rule"] = "split"
    assert because_of(asked) != "It opens a conversation."


def test_what_has_no_facts_has_its_own_words() -> None:
    assert because_of(Message(because="550 no such user")) == "550 no such user"
    assert sentence({}) == ""


def test_facts_have_no_language(mailbox: Mailbox) -> None:
    with translation.override("es"):
        (message,) = arrive(a_mail(mailbox, sender=CUSTOMER))
    with translation.override("en"):
        assert because_of(message) == "It opens a conversation."


def test_a_suggestion_that_was_refused_names_no_session_any_more() -> None:
    """`keep_apart` takes it out of the facts."""
    said = "It opens a conversation: it is kept apart from the one that its subject names."
    assert sentence({"rule": "opens-possible"}) == said

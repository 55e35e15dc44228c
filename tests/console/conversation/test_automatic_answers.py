"""What we sent by ourselves: seen as such, and nobody takes it for an answer."""

from django.utils import translation

from apps.console.conversation.timeline import timeline_of
from apps.console.desk.rows import row_of
from apps.tickets.automatic import words as auto_response_words
from apps.tickets.models import Message, Session, SessionEvent
from tests.console.asking import conversation
from tests.console.conftest import SignIn
from tests.people import House, make_message, make_session


def answered(house: House, **fields: str) -> tuple[Session, Message, Message]:
    session = make_session(house.support, mailbox=house.mailbox)
    asked = make_message(session, text="Where is it?")
    ours = make_message(session, direction="out", automatic=True, text="We have it.", **fields)
    return session, asked, ours


def test_the_customers_mail_stays_the_one_that_is_open(house: House, as_user: SignIn) -> None:
    session, _asked, _ours = answered(house)
    first, last = conversation(as_user(house.alice.user), session)["messages"]
    assert (first["open"], last["open"]) == (True, False)
    assert (last["automatic"], last["direction"]) == (True, "out")


def test_the_row_shows_the_customers_words_and_no_trouble_of_it(house: House) -> None:
    session, _asked, _ours = answered(house, status=Message.Status.FAILED)
    row = row_of(house.alice.user, session)
    assert (row["snippet"], row["delivery"], row["count"]) == ("Where is it?", None, 2)
    assert (row["status"], row["unread"]) == ("unopened", True)


def test_the_history_tells_it_in_the_readers_words(house: House) -> None:
    session = make_session(house.support)
    for kind, facts in (
        ("auto-answer", {"code": "answered", "closed": True}),
        ("auto-answer", {"code": "limit", "most": 1}),
        ("auto-answer", {"code": "list"}),
        ("loop", {"mails": 11}),
    ):
        SessionEvent.objects.create(session=session, kind=kind, why="Gespeichert.", facts=facts)
    told = timeline_of(session, [])
    assert [one["sentence"] for one in told] == [
        "An automatic answer was sent (outside the opening hours).",
        "No automatic answer: its sender has had 1 within a day, the most there may be.",
        "No automatic answer: it is list or bulk mail.",
        "11 mails of one sender in 15 minutes: this may be a machine that answers ours. For a day,"
        " nothing automatic answers it.",
    ]
    assert [one["icon"] for one in told] == ["mail", "mail", "mail", "alert"]


def test_every_reason_is_a_sentence() -> None:
    with translation.override("en"):
        for code in auto_response_words._WHY:
            assert auto_response_words.sentence({"code": code}) != f"No automatic answer: {code}."

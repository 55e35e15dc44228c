"""One conversation in JSON: what is unfolded, what each mail tells, and how little is asked for it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.attachments.models import Verdict
from apps.channels.models import ChannelSettings
from apps.console.conversation.text import SHOWN_AT_MOST
from apps.console.models import ReadMark, Viewing
from apps.core.models import User
from apps.crm.models import CrmConnection, TicketLink, TicketUpdate
from apps.tickets.models import Draft, Message, Session, SessionEvent
from tests.console.asking import act, conversation, only_mail
from tests.console.conftest import SignIn
from tests.people import House, crm_connection, make_attachment, make_message, make_session

WARNED = {
    "level": "warning",
    "facts": [{"code": "looks-like", "domain": "a.test", "known": "b.test"}],
}
LOCKED = {"verdict": Verdict.WITHHELD, "reason": "encrypted", "engine": "ClamAV 1.4"}


def make_messages(session: Session, number: int, **fields: Any) -> list[Message]:
    fields = {"thread": session.thread, "direction": "in", "status": "received"} | fields
    fields = {"from_email": session.customer, "from_name": "Ann Lee", "subject": "Re: x"} | fields
    fields = {"to": [{"email": "support@carteria.test", "name": "Support"}], "text": "hi"} | fields
    return Message.objects.bulk_create(Message(session=session, **fields) for _one in range(number))


# ---- what is unfolded -----------------------------------------------------------------------


def test_the_newest_is_open_with_its_body_and_the_others_are_a_line(
    house: House, as_user: SignIn
) -> None:
    session = make_session(house.support)
    old, new = make_messages(session, 2, text="the words")
    ReadMark.objects.create(user=house.alice.user, session=session, message=new.pk)

    first, last = conversation(as_user(house.alice.user), session)["messages"]

    assert (first["id"], first["open"], first["body"]) == (str(old.pk), False, None)
    assert first["snippet"] == "the words"
    assert (last["open"], last["body"]["kind"]) == (True, "text")
    assert last["body"]["parts"] == [{"html": "the words", "quoted": False, "lines": 1}]


def test_the_mail_that_a_link_named_is_open_too(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    old, _middle, new = make_messages(session, 3)
    ReadMark.objects.create(user=house.alice.user, session=session, message=new.pk)

    messages = conversation(as_user(house.alice.user), session, f"?message={old.pk}")["messages"]

    assert [one["open"] for one in messages] == [True, False, True]
    assert messages[0]["body"]["kind"] == "text"


@pytest.mark.parametrize("query", ["?message=", "?message=x", "?message=²", "?message=" + "9" * 40])
def test_a_link_that_names_nothing_opens_the_newest(
    house: House, as_user: SignIn, query: str
) -> None:
    session = make_session(house.support)
    make_message(session)
    assert conversation(as_user(house.alice.user), session, query)["messages"][0]["open"]


def test_what_this_reader_has_not_seen_is_open(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    first, *_rest = make_messages(session, 4)
    ReadMark.objects.create(user=house.alice.user, session=session, message=first.pk)

    messages = conversation(as_user(house.alice.user), session)["messages"]

    assert [one["open"] for one in messages] == [False, True, True, True]


def test_of_many_unread_mails_the_ten_newest_are_open(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    make_messages(session, 30)

    messages = conversation(as_user(house.alice.user), session)["messages"]

    assert [one["open"] for one in messages] == [False] * 20 + [True] * 10
    assert all(bool(one["body"]) == one["open"] for one in messages)


def test_long_texts_wait_until_they_are_asked_for(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    make_messages(session, 5, text="word " * 15_000)
    client = as_user(house.alice.user)

    messages = conversation(client, session)["messages"]

    assert [bool(one["body"]) for one in messages] == [False, False, False, False, True]
    body = client.get(f"/desk/messages/{messages[0]['id']}/").json()["body"]
    assert body["kind"] == "text"


def test_a_folded_mail_is_whole_when_it_is_asked_for(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    message = make_message(session, text="the words\n> quoted\n> twice", trust=WARNED)
    make_attachment(message, name="a.pdf")

    told = as_user(house.alice.user).get(f"/desk/messages/{message.pk}/").json()

    assert [part["quoted"] for part in told["body"]["parts"]] == [False, True]
    assert told["files"][0]["name"] == "a.pdf"
    assert told["trust"]["level"] == "warning"


def test_a_very_long_mail_is_cut(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    make_message(session, text="x" * (SHOWN_AT_MOST + 5))
    assert only_mail(as_user(house.alice.user), session)["body"]["cut"] is True


# ---- what each mail tells -------------------------------------------------------------------


def test_markup_in_a_plain_mail_is_text_and_links_are_links(house: House, as_user: SignIn) -> None:
    text = "See https://x.test/?a=1&b=2. <img onerror=x>\n\nOn Monday Bob wrote:\n> old <b>"
    session = make_session(house.support)
    make_message(session, text=text)

    own, quoted = only_mail(as_user(house.alice.user), session)["body"]["parts"]

    assert 'href="https://x.test/?a=1&amp;b=2"' in own["html"]
    assert "&lt;img onerror=x&gt;" in own["html"]
    assert (quoted["quoted"], quoted["lines"]) == (True, 2)
    assert "old &lt;b&gt;" in quoted["html"]


def test_an_html_mail_is_a_frame_that_says_how_many_pictures_wait(
    house: House, as_user: SignIn
) -> None:
    session = make_session(house.support)
    html = "<img src=https://a.test/1.png><img src=//a.test/2.png><img src=cid:x>"
    message = make_message(session, html=html, text="words of it")

    told = only_mail(as_user(house.alice.user), session)

    frame = {"kind": "frame", "url": f"/m/{message.pk}/", "remote": 2, "chars": len(html)}
    assert told["body"] == frame
    assert told["snippet"] == "words of it"


def test_no_character_hides_in_names_and_addresses(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    make_message(session, from_email="a\u202eb@x.test", from_name="An\u200bn")
    told = only_mail(as_user(house.alice.user), session)
    assert "\u202e" not in str(told["from"])
    assert "\u200b" not in told["from"]["name"] + told["who"]


def test_who_was_blind_copied_is_told_of_our_own_mails_alone(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    bcc = [{"email": "boss@x.test", "name": ""}]
    make_message(session, bcc=bcc)
    make_message(session, bcc=bcc, direction="out")

    received, sent = conversation(as_user(house.alice.user), session)["messages"]

    assert received["bcc"] == []
    assert sent["bcc"] == bcc


def test_a_mail_of_ones_own_says_so_with_ones_own_colour(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    make_message(session, direction="out", author=house.alice.user)

    own, others = (only_mail(as_user(agent.user), session) for agent in (house.alice, house.bob))

    assert (own["who"], others["who"]) == ("You", "Alice")
    assert own["initials"] == others["initials"] == "A"
    assert own["tint"] == others["tint"]


@pytest.mark.parametrize(
    ("status", "word", "because"),
    [
        ("sent", "Sent", ""),
        ("sending", "Sending", ""),
        ("queued", "Waits to be sent", ""),
        ("failed", "Not delivered", "The mail server did not take it."),
        ("unknown", "Unknown", "The mail server fell silent"),
    ],
)
def test_delivery_is_told_in_words(
    house: House, as_user: SignIn, status: str, word: str, because: str
) -> None:
    session = make_session(house.support)
    make_message(session, direction="out", status=status)

    delivery = only_mail(as_user(house.alice.user), session)["delivery"]

    assert (delivery["status"], delivery["word"]) == (status, word)
    assert delivery["because"].startswith(because)
    assert delivery["undo_until"] is None


def test_the_servers_reason_is_told_as_it_gave_it(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    make_message(session, direction="out", status="failed", because="550 no such user")
    assert (
        only_mail(as_user(house.alice.user), session)["delivery"]["because"] == "550 no such user"
    )


@pytest.mark.parametrize(
    ("seconds", "attempts", "author", "undo"),
    [(8, 0, "alice", True), (-1, 0, "alice", False), (8, 1, "alice", False), (8, 0, "bob", False)],
    ids=["waits", "has left", "was tried", "somebody else's"],
)
def test_its_author_can_call_a_mail_back_while_it_waits(
    house: House, as_user: SignIn, seconds: int, attempts: int, author: str, undo: bool
) -> None:
    session = make_session(house.support)
    later = timezone.now() + timedelta(seconds=seconds)
    by = getattr(house, author).user
    make_message(
        session, direction="out", status="queued", next_try_at=later, attempts=attempts, author=by
    )

    until = only_mail(as_user(house.alice.user), session)["delivery"]["undo_until"]

    assert (until is not None) is undo


def test_a_clean_file_comes_with_links(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    clean = make_attachment(make_message(session), name="photo.png", content=b"x" * 2048)

    (photo,) = only_mail(as_user(house.alice.user), session)["files"]

    assert photo["url"] == f"/api/v1/attachments/{clean.pk}/content/"
    assert (photo["view"], photo["ext"]) == (f"/files/{clean.pk}/", "PNG")
    assert photo["size_words"] == "2.0\xa0KB"
    assert (photo["verdict"], photo["reason"]) == ("clean", "")


@pytest.mark.parametrize(
    ("verdict", "code", "word", "reason"),
    [
        ("waiting", "scanner-down", "Waiting for scan", "the virus scanner is not running"),
        ("refused", "type-denied", "Refused", "programs and archives are not accepted"),
        ("infected", "infected:Eicar", "Infected", "Eicar"),
        ("withheld", "encrypted", "Withheld", "password-protected"),
    ],
)
def test_a_file_that_is_held_back_has_its_reason_and_no_links(
    house: House, as_user: SignIn, verdict: str, code: str, word: str, reason: str
) -> None:
    session = make_session(house.support)
    make_attachment(make_message(session), name="a.png", verdict=verdict, reason=code)

    (file,) = only_mail(as_user(house.alice.user), session)["files"]

    assert (file["url"], file["view"], file["thumbnail"]) == (None, None, None)
    assert (file["verdict"], file["verdict_word"], file["reason_code"]) == (verdict, word, code)
    assert reason in file["reason"]


def test_a_locked_file_waits_for_the_word_of_a_supervisor(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    make_attachment(make_message(session), **LOCKED)
    for user, may in ((house.alice.user, False), (house.irene, True), (house.admin, True)):
        assert only_mail(as_user(user), session)["files"][0]["may_release"] is may


def test_a_line_divides_the_sessions_of_a_conversation(house: House, as_user: SignIn) -> None:
    now = make_session(house.support)
    before = make_session(house.support, thread=now.thread)
    hidden = make_session(house.other, thread=now.thread)
    for session in (before, before, hidden, now):
        make_message(session, text="secret" if session is hidden else "open")
    client = as_user(house.alice.user)

    messages = conversation(client, now)["messages"]

    assert [one["divider"] and one["divider"]["id"] for one in messages] == [
        before.public_id,
        None,
        now.public_id,
    ]
    assert "secret" not in str(messages)


def test_a_conversation_of_one_session_needs_no_line(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    make_messages(session, 2)
    assert not any(
        one["divider"] for one in conversation(as_user(house.alice.user), session)["messages"]
    )


# ---- the head -------------------------------------------------------------------------------


def head(as_user: SignIn, user: User, session: Session) -> Any:
    return conversation(as_user(user), session)["session"]


def test_the_head_is_the_row_and_what_this_reader_may_do(house: House, as_user: SignIn) -> None:
    session = make_session(house.support, agent=house.alice, status="active", why="Because.")

    told = head(as_user, house.alice.user, session)

    assert (told["id"], told["status_word"], told["mine"]) == (session.public_id, "Active", True)
    assert (told["thread"], told["why"]) == (session.thread.key, "Because.")
    assert [one["word"] for one in told["rights"].pop("moves")] == ["Pause", "Resolve", "Close"]
    assert told["rights"] == {
        "take": False,
        "give_back": True,
        "reply": True,
        "forward": True,
        "transfer": True,
        "assign": False,
        "rebuild": False,
        "regroup": True,
    }


def test_what_one_may_do_follows_the_person(house: House, as_user: SignIn) -> None:
    session = make_session(house.support, agent=house.alice)
    bob, irene = (head(as_user, one, session) for one in (house.bob.user, house.irene))
    auditor = head(as_user, house.auditor, session)
    assert not any(bob["rights"].values())
    assert not any(auditor["rights"].values())
    assert irene["rights"]["assign"]
    assert "active" not in [one["status"] for one in irene["rights"]["moves"]]


def test_open_again_is_the_word_for_what_was_paused(house: House, as_user: SignIn) -> None:
    for status, word in (("paused", "Open again"), ("unopened", "Open")):
        session = make_session(house.support, agent=house.alice, status=status)
        moves = head(as_user, house.alice.user, session)["rights"]["moves"]
        assert moves[0] == {"status": "active", "word": word}


@pytest.mark.parametrize(
    ("person", "agent", "sentence"),
    [
        ("alice", "alice", None),
        ("alice", None, "Nobody has this session yet. Sending takes it."),
        ("irene", None, "Nobody has this session. Your answer is recorded under your name."),
        ("irene", "alice", "This session is assigned to Alice. Your answer is recorded under"),
    ],
)
def test_whose_session_it_is_stands_above_an_answer(
    house: House, as_user: SignIn, person: str, agent: str | None, sentence: str | None
) -> None:
    session = make_session(house.support, agent=getattr(house, agent) if agent else None)
    reader = getattr(house, person)
    note = head(as_user, getattr(reader, "user", reader), session)["owner_note"]
    assert (note or "").startswith(sentence or "")
    assert (note is None) == (sentence is None)


def test_why_nobody_answers_here_is_said_in_a_sentence(house: House, as_user: SignIn) -> None:
    def sentence(user: User, **fields: Any) -> str | None:
        return head(as_user, user, make_session(house.support, **fields))["no_reply"]

    alice, bob = house.alice.user, house.bob.user
    assert sentence(alice, agent=house.alice) is None
    assert sentence(bob, agent=house.alice) == "Alice answers this session."
    assert "This session is closed." in sentence(alice, agent=house.alice, status="closed")
    assert "its queue's members answer it" in sentence(house.auditor)
    ChannelSettings.objects.update(enabled=False)
    assert "The email channel is off" in sentence(alice, agent=house.alice)


# ---- the ticket -----------------------------------------------------------------------------


def mirror(as_user: SignIn, house: House, updates: Iterable[dict[str, Any]]) -> Any:
    session = make_session(house.support)
    key = session.thread.key
    TicketLink.objects.create(thread_key=key, connection=crm_connection(), ticket="7")
    for number, fields in enumerate(updates):
        TicketUpdate.objects.create(thread_key=key, kind="link", key=str(number), **fields)
    return head(as_user, house.alice.user, session)["ticket"]


def test_a_ticket_that_knows_everything_is_up_to_date(house: House, as_user: SignIn) -> None:
    assert mirror(as_user, house, [{"status": "posted"}]) == {
        "id": "7",
        "url": "/tickets/7/",
        "word": "Ticket 7",
        "mirror": {"state": "up-to-date", "words": "Up to date"},
        "former": [],
    }


def test_a_ticket_says_how_far_it_is_behind_and_why(house: House, as_user: SignIn) -> None:
    told = mirror(as_user, house, [{"error": "No answer."}, {}, {"status": "posted"}])["mirror"]
    assert told == {"state": "behind", "words": "2 entries behind: No answer."}


def test_a_ticket_that_is_told_nothing_more_says_why(house: House, as_user: SignIn) -> None:
    told = mirror(as_user, house, [{"status": "failed", "error": "Login refused."}, {}])["mirror"]
    assert told == {"state": "stopped", "words": "Stopped: Login refused."}


def test_a_ticket_says_for_how_long_it_has_been_behind(house: House, as_user: SignIn) -> None:
    for minutes, words in ((4, "4 minutes"), (1, "1 minute"), (150, "2 hours"), (4000, "2 days")):
        since = timezone.now() - timedelta(minutes=minutes)
        told = mirror(as_user, house, [{"created_at": since}, {}])["mirror"]
        assert told == {"state": "behind", "words": f"2 entries behind, for {words}"}


def test_what_is_planned_for_later_is_not_late(house: House, as_user: SignIn) -> None:
    later = timezone.now() + timedelta(minutes=15)
    told = mirror(as_user, house, [{"not_before": later}])["mirror"]
    assert told == {"state": "up-to-date", "words": "Up to date"}
    told = mirror(as_user, house, [{"not_before": later, "tries": 1}])["mirror"]
    assert told["state"] == "behind"


def test_a_ticket_says_what_was_left_out_of_it(house: House, as_user: SignIn) -> None:
    told = mirror(as_user, house, [{"status": "skipped"}, {"status": "posted"}])["mirror"]
    assert told == {"state": "up-to-date", "words": "Up to date, 1 entry left out"}


def test_a_crm_that_rests_says_until_when_and_why(house: House, as_user: SignIn) -> None:
    until = timezone.now() + timedelta(minutes=5)
    crm_connection()
    CrmConnection.objects.update(paused_until=until, error="rt.x did not answer in time.")
    told = mirror(as_user, house, [{"error": "An older error."}])["mirror"]
    hour = f"{timezone.localtime(until):%H:%M}"
    assert told["state"] == "resting"
    assert told["words"].startswith("1 entry behind. The CRM rests until ")
    assert told["words"].endswith(f"{hour}: rt.x did not answer in time.")


def test_tickets_that_the_crm_has_lost_stay_to_be_seen(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    old = {"ticket": "7", "url": "https://rt.x/7", "at": "2026-01-31", "why": "It was deleted."}
    TicketLink.objects.create(
        thread_key=session.thread.key, connection=crm_connection(), ticket="8", former=[old]
    )
    told = head(as_user, house.alice.user, session)["ticket"]
    assert told["word"] == "Ticket 8"
    (former,) = told["former"]
    assert former == {
        "id": "7",
        "url": "https://rt.x/7",
        "word": "Ticket 7",
        "why": "It was deleted.",
    }


def test_a_ticket_that_is_not_opened_yet_says_what_waits(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    TicketUpdate.objects.create(thread_key=session.thread.key, kind="standard", key="first")
    told = head(as_user, house.alice.user, session)["ticket"]
    assert (told["id"], told["word"]) == ("", "No ticket yet")
    assert told["mirror"] == {"state": "behind", "words": "1 entry behind"}


def test_a_head_costs_the_same_with_many_entries(house: House, as_user: SignIn) -> None:
    def cost(count: int) -> int:
        cache.clear()
        with CaptureQueriesContext(connection) as asked:
            mirror(as_user, house, [{} for _one in range(count)])
        return len(asked) - count  # each is written by this test

    cost(1)
    assert cost(30) == cost(1)


def test_without_a_ticket_there_is_none(house: House, as_user: SignIn) -> None:
    assert head(as_user, house.alice.user, make_session(house.support))["ticket"] is None


# ---- who is there ---------------------------------------------------------------------------


def test_others_who_look_and_write_are_told(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    now = timezone.now()
    Viewing.objects.create(
        session=session, user=house.bob.user, tab="t", since=now, until=now + timedelta(minutes=1)
    )
    Draft.objects.create(
        author=house.bob.user, session=session, kind="reply", text="Dear  Ann,", html="x"
    )

    told = conversation(as_user(house.alice.user), session)

    assert [one["name"] for one in told["viewers"]] == ["Bob"]
    (draft,) = told["drafts"]
    assert (draft["snippet"], draft["mine"], draft["kind"]) == ("Dear Ann,", False, "reply")
    assert draft["author"]["name"] == "Bob"


def test_what_happened_stands_beside_the_mails(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    SessionEvent.objects.create(session=session, kind="status", why="New mail to <support>.")

    (event,) = conversation(as_user(house.alice.user), session)["events"]

    assert (event["by"], event["sentence"]) == (None, "New mail to <support>.")


# ---- rights and costs -----------------------------------------------------------------------


def test_what_one_does_not_see_is_not_there(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    message = make_message(session)
    for address in (f"sessions/{session.public_id}/", f"messages/{message.pk}/", "sessions/Enone/"):
        response = as_user(house.charlie.user).get(f"/desk/{address}")
        assert (response.status_code, response.json()["code"]) == (404, "not-found")


def test_reading_changes_nothing(house: House, as_user: SignIn) -> None:
    session = make_session(house.support, agent=house.alice)
    make_message(session)
    before = Session.objects.values().get()

    conversation(as_user(house.alice.user), session)

    assert Session.objects.values().get() == before
    assert not ReadMark.objects.exists()


def test_an_id_beyond_all_numbers_is_not_found(house: House, as_user: SignIn) -> None:
    address = f"/desk/messages/{'9' * 30}/"
    assert as_user(house.alice.user).get(address).status_code == 404


def test_nobody_reads_signed_out(db: None, client: Client) -> None:
    response = client.get("/desk/sessions/E1/")
    assert (response.status_code, response.json()["code"]) == (401, "signed-out")


def test_three_hundred_mails_cost_the_queries_of_one_and_little_room(
    house: House, as_user: SignIn
) -> None:
    counts = []
    client = as_user(house.irene)
    for number in (1, 300):
        session = make_session(house.support, agent=house.alice)
        trust = {
            "level": "verified",
            "facts": [{"code": "authenticated", "domain": "outside.test", "method": "DKIM"}],
        }
        messages = make_messages(session, number, text="Ein längerer Satz. " * 30, trust=trust)
        for message in messages[::10]:
            make_attachment(message, **LOCKED)
        for message in messages:
            update = {"kind": "link", "key": str(message.pk), "status": "posted"}
            TicketUpdate.objects.create(
                thread_key=session.thread.key, posted_at=timezone.now(), **update
            )
        with CaptureQueriesContext(connection) as queries:
            response = client.get(f"/desk/sessions/{session.public_id}/")
        assert response.status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 24
    assert len(response.content) < 300_000


def test_the_texts_of_folded_mails_are_not_read(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    make_messages(session, 20, text="x", html="<p>x</p>")
    with CaptureQueriesContext(connection) as queries:
        conversation(as_user(house.alice.user), session)
    whole = [one["sql"] for one in queries if '"tickets_message"."html"' in one["sql"]]
    assert len(whole) == 1
    assert "IN (" in whole[0]


def test_a_verb_answers_the_head_as_it_is_now(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    client = as_user(house.alice.user)
    before = conversation(client, session)["session"]

    after = act(client, session, "take").json()["session"]

    assert after.keys() == before.keys()
    assert (before["rights"]["take"], after["rights"]["take"]) == (True, False)
    assert after == conversation(client, session)["session"]


def test_a_picture_in_the_text_says_that_it_is_one(house: House, as_user: SignIn) -> None:
    """So that the page lists it only where its place in the text stays empty."""
    session = make_session(house.support)
    message = make_message(session, html="<img src=cid:logo>")
    make_attachment(message)
    message.files.update(inline=True, content_id="logo")
    assert only_mail(as_user(house.alice.user), session)["files"][0]["inline"] is True

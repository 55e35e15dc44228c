"""Passing a mail on: its words and clean files travel, the conversation stays one."""

from datetime import UTC, datetime

import pytest

from apps.attachments.models import Attachment, Verdict
from apps.channels.parsed import Address
from apps.core.models import Blob
from apps.tickets import draft_files, tokens
from apps.tickets.draft_notes import notes_of
from apps.tickets.drafts import Content, discard, write
from apps.tickets.drafts_begin import begin_forward
from apps.tickets.drafts_send import Wish, send
from apps.tickets.models import Draft, Message, MessageFile, Session
from tests.people import House, make_attachment, make_house, make_message, make_session

pytestmark = pytest.mark.django_db

LAB = Address("lab@partner.test", "Lab")
PICTURE = '<p>Look: <img src="cid:logo@x"><img src="https://spy.test/x.png"></p>'


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def message(house: House) -> Message:
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox)
    return make_message(
        session,
        from_name="Ann <Boss>",
        subject="Re: Broken & late",
        text="It is broken.\nAll of it.",
        message_id="q@outside.test",
        to=[{"email": "support@carteria.test", "name": "Support"}],
        cc=[{"email": "bo@x.test", "name": ""}],
        date=datetime(2026, 3, 4, 15, 30, tzinfo=UTC),
    )


def forwarded(house: House, message: Message, opening: str = "") -> Draft:
    return begin_forward(message.session, message, by=house.alice.user, opening=opening)


def test_who_wrote_what_when_stands_above_the_words(house: House, message: Message) -> None:
    draft = forwarded(house, message, opening="<p>See below</p>")
    assert (draft.subject, draft.to, draft.cc) == ("Fwd: Broken & late", [], [])
    lines = draft.text.splitlines()
    start = lines.index("---------- Forwarded message ----------")
    assert lines[0] == "See below"
    assert lines[start + 1 : start + 6] == [
        "From: Ann <Boss> <customer@outside.test>",
        "Date: March 4, 2026, 3:30 p.m.",
        "Subject: Re: Broken & late",
        "To: Support <support@carteria.test>",
        "Cc: bo@x.test",
    ]
    assert lines[-2:] == ["> It is broken.", "> All of it."]


def test_nothing_of_the_mail_can_act(house: House, message: Message) -> None:
    evil = "<script>x()</script><p onclick='x()'>Hi</p>"
    Message.objects.update(html=evil, from_name="<img src=x onerror=x()>", subject="<b>")
    draft = forwarded(house, Message.objects.get())
    assert "onclick" not in draft.html
    assert "script" not in draft.html
    assert "<b>" not in draft.html
    assert "&lt;img src=x" in draft.html


def test_clean_files_share_their_bytes_and_keep_their_verdict(
    house: House, message: Message
) -> None:
    original = make_attachment(message, name="plan.pdf", engine="ClamAV 1.4")
    draft = forwarded(house, message)
    [row] = draft_files.files_of(draft)
    copy = row.attachment
    assert (copy.name, copy.verdict, copy.engine) == ("plan.pdf", Verdict.CLEAN, "ClamAV 1.4")
    assert (copy.blob_id, Blob.objects.count()) == (original.blob_id, 1)
    assert copy.pk != original.pk


def test_what_is_not_clean_stays_behind_and_is_named(house: House, message: Message) -> None:
    for verdict in (Verdict.WAITING, Verdict.REFUSED, Verdict.INFECTED, Verdict.WITHHELD):
        make_attachment(message, name=f"{verdict}.bin", verdict=verdict)
    make_attachment(message, name="fine.pdf")
    draft = forwarded(house, message)
    files = list(draft_files.files_of(draft))
    assert [one.attachment.name for one in files] == ["fine.pdf"]
    [note] = notes_of(draft, files)
    assert note.code == "files-left-out"
    assert "“waiting.bin”, “refused.bin”, “infected.bin”, “withheld.bin”" in note.sentence


def test_pictures_of_the_mail_stay_and_those_of_the_web_do_not(
    house: House, message: Message
) -> None:
    make_attachment(message, name="logo.png")
    MessageFile.objects.update(inline=True, content_id="logo@x")
    Message.objects.update(html=PICTURE)
    draft = forwarded(house, Message.objects.get())
    assert 'src="cid:logo@x"' in draft.html
    assert "spy.test" not in draft.html


def test_thrown_away_it_leaves_the_mail_its_files(house: House, message: Message) -> None:
    make_attachment(message)
    discard(forwarded(house, message))
    assert Attachment.objects.get().carrier.message == message
    assert Blob.objects.count() == 1


def test_it_stays_in_the_conversation_and_the_author_may_cut_it(
    house: House, message: Message
) -> None:
    make_attachment(message)
    draft = forwarded(house, message)
    content = Content(to=(LAB,), subject=draft.subject, html="<p>Please look.</p>")
    sent = send(write(draft, content, version=1), content, Wish(), by=house.alice.user)
    assert (sent.thread, sent.in_reply_to) == (message.thread, "q@outside.test")
    assert tokens.thread_key_of(sent.message_id) == message.thread.key
    assert (sent.text.strip(), sent.files.count()) == ("Please look.", 1)
    assert sent.to == [{"email": LAB.email, "name": "Lab"}]
    assert message.thread.participants.filter(address=LAB.email).exists()
    assert Session.objects.get().status == Session.Status.ACTIVE

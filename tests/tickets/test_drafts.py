"""Drafts: how they begin, whose they are, who is too late, and what Send does with them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.attachments.models import Attachment, AttachmentSettings, Verdict
from apps.channels.models import ChannelSettings
from apps.channels.parsed import Address
from apps.core.errors import Conflict, Guarded, Invalid, Missing, Problem
from apps.core.models import User
from apps.queues.models import AgentLoad, MailboxRoute
from apps.tickets import draft_files, drafts, staging
from apps.tickets.draft_notes import notes_of
from apps.tickets.drafts import Content, find, write
from apps.tickets.drafts_begin import begin_new, begin_reply
from apps.tickets.drafts_send import ThreadChanged, Wish, send
from apps.tickets.letters import Upload
from apps.tickets.models import Draft, Message, Session, SessionEvent, StagedFile
from apps.tickets.sending.delivery import due
from tests.people import House, make_house, make_mailbox, make_message, make_queue, make_session

pytestmark = pytest.mark.django_db

Status = Session.Status
ANN = Address("customer@outside.test", "Ann")
PAPER = Upload("invoice.pdf", "application/pdf", b"%PDF-1.4 paper")
LOGO = Upload("logo.png", "image/png", b"\x89PNG\r\n\x1a\n\x00", inline=True)


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def session(house: House) -> Session:
    """Alice's, with one mail of the customer."""
    session = make_session(
        house.support, agent=house.alice, status=Status.ACTIVE, mailbox=house.mailbox
    )
    make_message(session, message_id="q@outside.test")
    return session


@pytest.fixture
def draft(house: House, session: Session) -> Draft:
    return begun(session, house.alice.user)


def begun(session: Session, by: User, **more: object) -> Draft:
    draft, _new = begin_reply(session, by=by, opening="", **more)  # type: ignore[arg-type]
    return draft


def written(words: str = "It is on its way.", **more: object) -> Content:
    told = {"to": (ANN,), "subject": "Re: parcel", "html": f"<p>{words}</p>"} | more
    return Content(**told)  # type: ignore[arg-type]


def code_of(refusal: pytest.ExceptionInfo[Problem]) -> str:
    return refusal.value.code


def sent(draft: Draft, content: Content | None = None, **wish: object) -> Message:
    content = content or written()
    return send(draft, content, Wish(**wish), by=draft.author)  # type: ignore[arg-type]


def emails(people: list[dict[str, str]]) -> list[str]:
    return [one["email"] for one in people]


# ---- begin ------------------------------------------------------------------------------------


def test_reply_all_names_every_outsider_once_and_none_of_ours(
    house: House, session: Session
) -> None:
    house.mailbox.aliases = ["help@carteria.test"]
    house.mailbox.save()
    make_mailbox("orders@carteria.test")
    people = (
        "Support@carteria.test bo@x.test cy@x.test",
        ("help@carteria.test orders@carteria.test BO@x.test dan@x.test"),
    )
    to, cc = ([{"email": one, "name": ""} for one in side.split()] for side in people)
    make_message(session, to=to, cc=cc)
    draft = begun(session, house.alice.user)
    assert emails(draft.to) == ["customer@outside.test"]
    assert emails(draft.cc) == ["bo@x.test", "cy@x.test", "dan@x.test"]


def test_it_goes_where_the_customer_asks(house: House, session: Session) -> None:
    asked = [{"email": "desk@outside.test", "name": "Desk"}]
    make_message(session, reply_to=asked, to=asked)
    draft = begun(session, house.alice.user)
    assert (draft.to, draft.cc) == (asked, [])


def test_an_own_answer_that_was_begun_goes_on(house: House, session: Session, draft: Draft) -> None:
    again, new = begin_reply(session, by=house.alice.user, opening="")
    assert (again.pk, new) == (draft.pk, False)
    assert begun(session, house.irene).pk != draft.pk


def test_a_draft_begins_with_its_opening_cleaned(house: House, session: Session) -> None:
    draft, _new = begin_reply(session, by=house.alice.user, opening="<p onclick='x'>Alice</p>")
    assert (draft.html, draft.text.strip()) == ("<p>Alice</p>", "Alice")
    assert draft.subject == "Re: Where is my parcel?"
    assert draft.mailbox == house.mailbox


@pytest.mark.parametrize("name", ["bob", "charlie", "auditor"])
def test_others_begin_nothing(house: House, session: Session, name: str) -> None:
    person = getattr(house, name)
    with pytest.raises(Conflict) as refusal:
        begun(session, getattr(person, "user", person))
    assert code_of(refusal) == "not-yours"


def test_nothing_begins_while_the_channel_is_off(house: House, session: Session) -> None:
    ChannelSettings.objects.update(enabled=False)
    with pytest.raises(Guarded) as refusal:
        begun(session, house.alice.user)
    assert code_of(refusal) == "channel-off"


# ---- write ------------------------------------------------------------------------------------


def test_what_is_written_is_kept_and_cleaned(draft: Draft) -> None:
    html = '<p onclick="x()">Hi <b>Ann</b></p><script>evil()</script><img src="cid:gone@x">'
    saved = write(draft, written(html=html), version=draft.version)
    assert saved.html == "<p>Hi <b>Ann</b></p>"
    assert saved.text.strip() == "Hi Ann"
    assert (saved.to, saved.version) == ([{"email": ANN.email, "name": "Ann"}], 2)


def test_half_an_address_is_kept_and_refused_only_at_send(draft: Draft) -> None:
    content = written(to=(Address("ann@"),))
    assert emails(write(draft, content, version=1).to) == ["ann@"]
    with pytest.raises(Invalid):
        sent(draft, content)


def test_plain_text_stores_no_html(draft: Draft) -> None:
    saved = write(draft, written(plain=True, text="1 < 2"), version=1)
    assert (saved.html, saved.text, saved.plain) == ("", "1 < 2", True)


def test_text_alone_is_not_lost(draft: Draft) -> None:
    saved = write(draft, written(html="", text="Only words"), version=1)
    assert (saved.html, saved.text) == ("", "Only words")


def test_a_slower_window_is_told(draft: Draft) -> None:
    write(draft, written("First"), version=1)
    with pytest.raises(Conflict) as refusal:
        write(draft, written("Second"), version=1)
    assert code_of(refusal) == "draft-changed"
    draft.refresh_from_db()
    assert draft.text.strip() == "First"


def test_only_its_author_writes_and_who_sees_the_session_reads(house: House, draft: Draft) -> None:
    assert find(draft.key, by=house.bob.user) == draft
    for reader, own in ((house.bob.user, True), (house.charlie.user, False)):
        with pytest.raises(Missing):
            find(draft.key, by=reader, own=own)


def test_it_leaves_from_an_address_of_the_queue_or_the_thread(house: House, draft: Draft) -> None:
    orders = make_mailbox("orders@carteria.test", queue=house.support)
    other = make_mailbox("other@carteria.test", queue=house.other)
    write(draft, written(mailbox=orders.pk), version=1)
    with pytest.raises(Invalid) as refusal:
        write(draft, written(mailbox=other.pk), version=2)
    assert code_of(refusal) == "mailbox"
    again = find(draft.key, by=draft.author)
    assert sent(again).from_email == "orders@carteria.test"


def test_thrown_away_it_takes_its_files_along(draft: Draft) -> None:
    draft_files.add(draft, PAPER, by=draft.author)
    drafts.discard(draft)
    assert not Draft.objects.exists()
    assert not Attachment.objects.exists()


# ---- hand on ----------------------------------------------------------------------------------


def test_whoever_has_the_session_now_writes_on(house: House, session: Session) -> None:
    draft = begun(session, house.alice.user)
    draft_files.add(draft, PAPER, by=house.alice.user)
    Session.objects.update(agent=house.bob)
    taken = drafts.take_over(find(draft.key, by=house.bob.user), by=house.bob.user)
    assert taken.author == house.bob.user
    assert StagedFile.objects.get().user == house.bob.user
    event = SessionEvent.objects.get(kind=SessionEvent.Kind.DRAFT)
    assert event.why == "Bob writes on the draft of Alice."


def test_nobody_takes_it_while_its_author_has_the_session(house: House, draft: Draft) -> None:
    with pytest.raises(Conflict) as refusal:
        drafts.take_over(draft, by=house.irene)
    assert code_of(refusal) == "still-writing"
    with pytest.raises(Conflict) as refusal:
        drafts.take_over(draft, by=house.bob.user)
    assert code_of(refusal) == "not-yours"


# ---- Send -------------------------------------------------------------------------------------


def test_a_sent_draft_is_queued_in_its_thread_and_waits(session: Session, draft: Draft) -> None:
    message = sent(draft, written(cc=(Address("bo@x.test"),)))
    message.refresh_from_db()
    assert (message.status, message.in_reply_to) == ("queued", "q@outside.test")
    assert (emails(message.to), emails(message.cc)) == ([ANN.email], ["bo@x.test"])
    assert (message.subject, message.text.strip()) == ("Re: parcel", "It is on its way.")
    assert message.next_try_at is not None
    assert due(10) == []  # its time has not come
    session.refresh_from_db()
    assert session.message_count == 2


def test_without_waiting_it_leaves_at_once(draft: Draft) -> None:
    ChannelSettings.objects.update(undo_seconds=0)
    message = sent(draft)
    assert due(10) == [message.pk]


def test_a_second_send_gets_the_mail_of_the_first(house: House, draft: Draft) -> None:
    first = sent(draft)
    assert sent(draft) == first  # this window does not know yet
    assert sent(find(draft.key, by=house.alice.user)) == first
    assert Message.objects.filter(direction="out").count() == 1


def test_sending_an_unassigned_session_takes_it(house: House) -> None:
    session = make_session(house.support, mailbox=house.mailbox)
    message = sent(begun(session, house.bob.user), then="resolved")
    session.refresh_from_db()
    assert (message.author, session.agent, session.status) == (
        house.bob.user,
        house.bob,
        Status.RESOLVED,
    )
    assert sum(AgentLoad.objects.values_list("open_sessions", flat=True)) == 0


@pytest.mark.parametrize("then", ["paused", "resolved", "closed"])
def test_the_session_moves_with_send(session: Session, draft: Draft, then: str) -> None:
    sent(draft, then=then)
    session.refresh_from_db()
    assert session.status == then


@pytest.mark.parametrize("then", ["unopened", "reopened", "gone"])
def test_no_other_move_comes_with_send(draft: Draft, then: str) -> None:
    with pytest.raises(Invalid):
        sent(draft, then=then)
    assert not Message.objects.filter(direction="out").exists()


def test_a_newer_mail_stops_it_until_its_author_says_why(session: Session, draft: Draft) -> None:
    newer = make_message(session, text="Never mind.")
    with pytest.raises(ThreadChanged) as refusal:
        sent(draft, then="closed")
    assert refusal.value.newer == [newer]
    assert not Message.objects.filter(direction="out").exists()
    sent(draft, override="They asked twice.")
    event = SessionEvent.objects.get(kind=SessionEvent.Kind.SENT_ANYWAY)
    assert event.why == "Alice answered although a newer mail had come: They asked twice."


def test_a_colleagues_answer_stops_it_too_but_not_an_own_one(
    house: House, session: Session, draft: Draft
) -> None:
    make_message(session, direction="out", author=house.alice.user)
    assert sent(draft)
    draft = begun(session, house.alice.user)
    make_message(session, direction="out", author=house.irene)
    with pytest.raises(ThreadChanged):
        sent(draft)


def test_an_automatic_answer_stops_nothing(session: Session, draft: Draft) -> None:
    make_message(session, direction="out", automatic=True)
    assert sent(draft)


def test_what_the_author_has_seen_stops_nothing(session: Session, draft: Draft) -> None:
    newer = make_message(session)
    assert sent(draft, written(newest=newer.pk))


def test_a_place_that_is_still_empty_is_not_sent(draft: Draft) -> None:
    with pytest.raises(Guarded) as refusal:
        sent(draft, written("Dear {{customer.name}}, and {{this}} stays"))
    assert code_of(refusal) == "place-left"
    assert "{{customer.name}}" in refusal.value.sentence
    assert sent(draft, written("Write {{this}} in your template."))


@pytest.mark.parametrize("html", ["", "<p> </p>", "<p><br></p>"])
def test_an_empty_mail_is_not_sent(draft: Draft, html: str) -> None:
    with pytest.raises(Invalid) as refusal:
        sent(draft, written(html=html))
    assert code_of(refusal) == "empty"


def test_a_closed_session_is_not_answered(session: Session, draft: Draft) -> None:
    Session.objects.update(status=Status.CLOSED)
    with pytest.raises(Conflict) as refusal:
        sent(find(draft.key, by=draft.author))
    assert code_of(refusal) == "closed"


def test_a_session_that_was_given_away_is_not_answered(house: House, draft: Draft) -> None:
    Session.objects.update(agent=house.bob)
    with pytest.raises(Conflict) as refusal:
        sent(find(draft.key, by=draft.author))
    assert code_of(refusal) == "not-yours"


# ---- files ------------------------------------------------------------------------------------


def test_files_go_along_and_a_deleted_picture_stays_behind(draft: Draft) -> None:
    by = draft.author
    draft_files.add(draft, PAPER, by=by)
    shown = draft_files.add(draft, LOGO, by=by)
    gone = draft_files.add(draft, Upload("x.png", "image/png", b"x", inline=True), by=by)
    html = f'<p>Look</p><img src="cid:{shown.content_id}">'
    message = sent(draft, written(html=html))
    assert f"cid:{shown.content_id}" in message.html
    assert [one.attachment.name for one in message.files.all()] == ["invoice.pdf", "logo.png"]
    assert [one.pk for one in StagedFile.objects.all()] == [gone.pk]


def test_a_stopped_file_stops_the_mail(draft: Draft) -> None:
    row = draft_files.add(draft, PAPER, by=draft.author)
    Attachment.objects.filter(pk=row.attachment_id).update(verdict=Verdict.INFECTED)
    with pytest.raises(Conflict) as refusal:
        sent(draft)
    assert code_of(refusal) == "file-stopped"


def test_the_same_file_twice_is_one_and_too_many_are_refused(draft: Draft) -> None:
    AttachmentSettings.objects.update_or_create(pk=1, defaults={"max_files": 1})
    first = draft_files.add(draft, PAPER, by=draft.author)
    assert draft_files.add(draft, PAPER, by=draft.author) == first
    with pytest.raises(Invalid) as refusal:
        draft_files.add(draft, Upload("b.txt", "text/plain", b"b"), by=draft.author)
    assert code_of(refusal) == "too-many-files"


def test_files_of_drafts_are_not_forgotten(draft: Draft) -> None:
    draft_files.add(draft, PAPER, by=draft.author)
    StagedFile.objects.update(created_at=timezone.now() - timedelta(days=30))
    assert staging.forget_old() == 0


# ---- a first mail -----------------------------------------------------------------------------


def test_a_new_mail_begins_a_session_of_its_queue_and_agent(house: House) -> None:
    draft = begin_new(house.support, by=house.alice.user, opening="")
    assert (draft.mailbox, draft.agent) == (house.mailbox, house.alice)
    content = written(subject="Your order", queue=house.support.pk, agent=house.bob.pk)
    message = sent(draft, content)
    assert (message.session.agent, message.session.status) == (house.bob, Status.ACTIVE)
    assert message.session.customer == ANN.email
    assert AgentLoad.objects.get(agent=house.bob).open_sessions == 1


def test_another_queue_brings_its_own_address(house: House) -> None:
    sales = make_queue("Sales", members=[house.alice])
    address = make_mailbox("sales@carteria.test", queue=sales)
    draft = begin_new(house.support, by=house.alice.user, opening="")
    content = written(queue=sales.pk, mailbox=house.mailbox.pk)
    assert write(draft, content, version=1).mailbox == address


def test_an_address_that_the_queue_lost_sends_nothing(house: House) -> None:
    draft = begin_new(house.support, by=house.alice.user, opening="")
    MailboxRoute.objects.filter(queue=house.support).update(queue=house.other)
    content = written(queue=house.support.pk, mailbox=house.mailbox.pk)
    with pytest.raises(Invalid) as refusal:
        sent(draft, content)
    assert code_of(refusal) == "mailbox"
    assert not Message.objects.exists()


def test_a_new_mail_needs_a_queue_of_ones_own_and_a_subject(house: House) -> None:
    draft = begin_new(None, by=house.alice.user, opening="")
    for content, code in (
        (written(), "no-queue"),
        (written(queue=house.other.pk), "queue"),
        (written(queue=house.support.pk, subject=" "), "no-subject"),
    ):
        with pytest.raises(Invalid) as refusal:
            sent(draft, content)
        assert code_of(refusal) == code


# ---- notes ------------------------------------------------------------------------------------


def codes(draft: Draft) -> list[tuple[str, str]]:
    found = notes_of(draft, list(draft_files.files_of(draft)))
    return [(one.code, one.field) for one in found]


def test_new_and_look_alike_recipients_are_told_apart(draft: Draft) -> None:
    draft.to = [{"email": "customer@outside.test", "name": ""}]
    draft.cc = [{"email": "boss@0utside.test", "name": ""}]
    draft.bcc = [{"email": "mary@elsewhere.example", "name": ""}]
    assert codes(draft) == [("look-alike", "cc"), ("new-recipient", "bcc")]


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("The invoice is attached.", True),
        ("Te adjunto la factura.", True),
        ("I grew attacks of hunger.", False),
        ("No.\n> I attached it", False),
        ("Ok.\n---------- Forwarded message ----------\nsee attached", False),
    ],
)
def test_a_promised_file_that_is_missing_is_noticed(draft: Draft, text: str, missing: bool) -> None:
    draft.text = text
    assert (("file-missing", "files") in codes(draft)) is missing
    draft_files.add(draft, PAPER, by=draft.author)
    assert ("file-missing", "files") not in codes(draft)

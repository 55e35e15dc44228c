"""The PDF of a thread: asked for at the right moments, once at a time, rendered from the rows."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from apps.attachments.models import Verdict
from apps.core import blobs
from apps.crm.models import CrmSettings, Ticket, TicketUpdate
from apps.crm.posting import post_updates
from apps.storage.models import StorageSettings, StoredObject
from apps.tickets import comments, sessions, tasks, thread_pdf, thread_pdf_render
from apps.tickets.models import Draft, Message, MessageFile, Session, ThreadPdf
from apps.tickets.pdf.document import PdfDocument, Rendered
from apps.tickets.thread_pdf_document import document_of
from tests.hostile.payloads import png
from tests.people import House, make_attachment, make_house, make_message, make_session

pytestmark = pytest.mark.django_db

Status = ThreadPdf.Status


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[PdfDocument]:
    """What the renderer was given, in place of the renderer."""
    documents: list[PdfDocument] = []

    def render(document: PdfDocument) -> Rendered:
        documents.append(document)
        return Rendered(b"%PDF " + str(len(documents)).encode(), pages=1)

    monkeypatch.setattr(thread_pdf_render, "render_pdf", render)
    return documents


def each() -> None:
    CrmSettings.load()
    CrmSettings.objects.update(thread_pdf="each")


def mail(house: House, **fields: Any) -> Message:
    session = make_session(
        house.support, agent=house.alice, status=Session.Status.ACTIVE, mailbox=house.mailbox
    )
    return make_message(session, **fields)


def resolve(session: Session) -> Session:
    return sessions.set_status(session, Session.Status.RESOLVED, by=session.agent.user)


def be_due() -> None:
    ThreadPdf.objects.update(due_at=Now(), claimed_until=None)


# ---- asked for ----------------------------------------------------------------------------------


@pytest.mark.contract("1.3.g")
def test_a_session_that_is_resolved_asks_at_once(house: House, rendered) -> None:
    message = mail(house)
    comments.plan_for([message])
    assert not ThreadPdf.objects.exists()
    resolve(message.session)
    thread_pdf_render.render_due()
    pdf = ThreadPdf.objects.get()
    assert (pdf.status, pdf.messages) == (Status.RENDERED, 1)
    update = TicketUpdate.objects.get(kind="pdf")
    assert (update.key, update.text) == ("1", f"email-{message.session.public_id}-1.pdf")
    assert blobs.read(update.blob) == b"%PDF 1"


@pytest.mark.contract("1.3.g")
def test_closing_what_was_resolved_repeats_nothing(house: House, rendered) -> None:
    message = mail(house)
    session = resolve(message.session)
    thread_pdf_render.render_due()
    sessions.set_status(session, Session.Status.CLOSED, by=house.alice.user)
    assert ThreadPdf.objects.count() == 1


@pytest.mark.contract("1.3.g")
def test_the_newer_pdf_takes_the_place_of_the_older_one_on_the_ticket(house, rendered) -> None:
    message = mail(house)
    comments.plan_for([message])
    session = resolve(message.session)
    thread_pdf_render.render_due()
    session = sessions.set_status(session, Session.Status.ACTIVE, by=house.alice.user)
    comments.plan_for([make_message(session, direction="out")])
    resolve(session)
    thread_pdf_render.render_due()
    post_updates([message.thread.key])
    names = [one.name for one in Ticket.objects.get().files.all()]
    assert names == [f"email-{session.public_id}-2.pdf"]


@pytest.mark.contract("1.3.g")
def test_each_message_asks_for_one_minute_later_and_all_of_a_thread_for_one(house: House) -> None:
    each()
    message = mail(house)
    comments.plan_for([message])
    ThreadPdf.objects.update(asked_at=Now() - timedelta(minutes=2), due_at=Now())
    comments.plan_for([make_message(message.session)])
    pdf = ThreadPdf.objects.get()
    assert pdf.due_at - pdf.asked_at > timedelta(minutes=2, seconds=50)
    assert not thread_pdf_render.is_due()


@pytest.mark.contract("1.3.g")
def test_a_thread_that_never_rests_waits_ten_minutes_at_most(house: House) -> None:
    each()
    message = mail(house)
    comments.plan_for([message])
    ThreadPdf.objects.update(asked_at=Now() - timedelta(minutes=10))
    comments.plan_for([make_message(message.session)])
    assert thread_pdf_render.is_due()


def test_an_answer_that_resolves_its_session_is_in_the_pdf(house: House, rendered) -> None:
    message = mail(house)
    answer = make_message(message.session, direction="out", status=Message.Status.QUEUED)
    session = resolve(message.session)
    assert not thread_pdf_render.is_due()
    Message.objects.filter(pk=answer.pk).update(status=Message.Status.SENT)
    answer = Message.objects.select_related("session").get(pk=answer.pk)
    comments.plan_for([answer])
    thread_pdf_render.render_due()
    assert len(rendered[0].messages) == 2
    assert session.public_id == rendered[0].session_id


def test_nobody_asks_when_it_is_switched_off(house: House) -> None:
    CrmSettings.load()
    CrmSettings.objects.update(thread_pdf="off")
    message = mail(house)
    comments.plan_for([message])
    resolve(message.session)
    assert not ThreadPdf.objects.exists()


def test_a_thread_that_the_crm_never_heard_of_gets_no_ticket_for_its_pdf(house: House) -> None:
    message = mail(house, direction="out", status=Message.Status.FAILED)
    resolve(message.session)
    assert not ThreadPdf.objects.exists()


@pytest.mark.parametrize("mails", [1, 20])
def test_many_threads_ask_in_as_many_queries_as_one(house: House, mails: int) -> None:
    each()
    settings = CrmSettings.load()
    messages = [mail(house) for _number in range(mails)]
    with CaptureQueriesContext(connection) as queries:
        thread_pdf.plan_after(messages, settings)
    assert len(queries) == 4
    assert ThreadPdf.objects.count() == mails


# ---- rendered -----------------------------------------------------------------------------------


def test_two_workers_never_render_the_same_row(house: House) -> None:
    resolve(mail(house).session)
    assert thread_pdf_render._claim_next() is not None
    assert thread_pdf_render._claim_next() is None


def test_who_asks_while_it_is_rendered_gets_another_one(house: House, monkeypatch) -> None:
    each()
    message = mail(house)
    comments.plan_for([message])
    be_due()

    def render(document: PdfDocument) -> Rendered:
        comments.plan_for([make_message(message.session)])
        return Rendered(b"%PDF", pages=1)

    monkeypatch.setattr(thread_pdf_render, "render_pdf", render)
    thread_pdf_render.render_due()
    assert [(one.number, one.status) for one in ThreadPdf.objects.order_by("number")] == [
        (1, Status.RENDERED),
        (2, Status.WAITING),
    ]


def test_whoever_was_taken_for_dead_writes_nothing(house: House, monkeypatch) -> None:
    resolve(mail(house).session)

    def render(document: PdfDocument) -> Rendered:
        ThreadPdf.objects.update(claim="another")
        return Rendered(b"%PDF", pages=1)

    monkeypatch.setattr(thread_pdf_render, "render_pdf", render)
    thread_pdf_render.render_due()
    assert ThreadPdf.objects.get().status == Status.WAITING
    assert not TicketUpdate.objects.filter(kind="pdf").exists()


def failing(error: Exception) -> Callable[[PdfDocument], Rendered]:
    def render(document: PdfDocument) -> Rendered:
        raise error

    return render


def test_a_failure_is_tried_three_times_and_stays_with_its_reason(house, monkeypatch) -> None:
    monkeypatch.setattr(thread_pdf_render, "render_pdf", failing(OSError("no room")))
    resolve(mail(house).session)
    for number in range(1, 4):
        be_due()
        thread_pdf_render.render_due()
        pdf = ThreadPdf.objects.get()
        assert (pdf.tries, pdf.reason) == (number, "no room")
    assert pdf.status == Status.FAILED


def test_between_two_tries_there_is_a_pause(house, monkeypatch) -> None:
    monkeypatch.setattr(thread_pdf_render, "render_pdf", failing(ValueError("a customer's words")))
    resolve(mail(house).session)
    thread_pdf_render.render_due()
    assert ThreadPdf.objects.get().reason == "ValueError"  # no words of strangers
    assert not thread_pdf_render.is_due()


def test_a_row_that_kills_its_worker_is_given_up(house: House) -> None:
    resolve(mail(house).session)
    ThreadPdf.objects.update(tries=3)
    assert thread_pdf_render._claim_next() is None
    pdf = ThreadPdf.objects.get()
    assert (pdf.status, pdf.reason) == (Status.FAILED, "The worker stopped while it was rendered.")
    assert thread_pdf_render.try_again(pdf)
    assert thread_pdf_render.is_due()


def test_the_sweep_finds_what_is_due(house: House, rendered, monkeypatch) -> None:
    woken: list[object] = []
    monkeypatch.setattr(tasks, "wake", lambda task, *_arguments, **_options: woken.append(task))
    resolve(mail(house).session)
    tasks.sweep()
    assert tasks.render_thread_pdfs in woken


# ---- the document -------------------------------------------------------------------------------


def document(message: Message) -> PdfDocument:
    pdf = ThreadPdf.objects.create(thread=message.thread, session=message.session, number=1)
    return document_of(pdf)


@pytest.mark.contract("1.3.g")
def test_the_document_has_every_mail_of_the_thread_and_no_draft(house: House) -> None:
    first = mail(house, subject="Parcel", from_name="Carla", text="Where is it?")
    answer = make_message(first.session, direction="out", text="Here.", html="<p>Here.</p>")
    make_message(first.session, direction="out", status=Message.Status.FAILED, text="Never left")
    Draft.objects.create(author=house.alice.user, kind="reply", session=first.session, text="Hm")
    made = document(first)
    assert [one.text for one in made.messages] == ["Where is it?", "Here."]
    assert [one.number for one in made.messages] == [1, 2]
    assert made.messages[0].from_words == "Carla <customer@outside.test>"
    assert made.messages[1].direction_words == "Email sent"
    assert made.messages[1].html == "<p>Here.</p>"
    assert made.messages[1].link == f"http://console.test/e/{answer.pk}/"


@pytest.mark.contract("1.5.a")
def test_files_are_named_with_their_verdicts_and_none_of_their_bytes_is_in_it(house) -> None:
    message = mail(house, html='<p>x<img src="cid:bad"></p>')
    for name, verdict in (("a.png", Verdict.WAITING), ("b.png", Verdict.INFECTED)):
        file = make_attachment(message, name=name, verdict=verdict)
        MessageFile.objects.filter(attachment=file).update(content_id="bad", inline=True)
    (shown,) = document(message).messages
    assert [(one.name, one.verdict_words) for one in shown.files] == [
        ("a.png", "not yet checked"),
        ("b.png", "infected"),
    ]
    assert shown.pictures == ()
    assert "img" not in shown.html


def test_a_clean_picture_is_drawn_anew(house: House, monkeypatch) -> None:
    message = mail(house, html='<p><img src="cid:logo"></p>')
    file = make_attachment(message, name="logo.png", content=png(4, 4))
    MessageFile.objects.filter(attachment=file).update(content_id="logo", inline=True)
    (shown,) = document(message).messages
    assert f'src="{shown.pictures[0].key}"' in shown.html
    assert shown.pictures[0].content != png(4, 4)


def test_html_beyond_the_limit_is_text(house: House) -> None:
    message = mail(house, html="<p>" + "x" * 600_000 + "</p>", text="the words")
    (shown,) = document(message).messages
    assert (shown.html, shown.text) == ("", "the words")


def test_a_document_in_spanish(house: House) -> None:
    CrmSettings.load()
    CrmSettings.objects.update(language="es")
    made = document(mail(house))
    assert (made.language, made.words.sender) == ("es", "De")


@pytest.mark.parametrize("mails", [1, 40])
def test_a_long_thread_is_read_in_few_queries(house: House, mails: int) -> None:
    first = mail(house)
    for _number in range(mails):
        make_attachment(make_message(first.session), verdict=Verdict.REFUSED)
    pdf = ThreadPdf.objects.create(thread=first.thread, session=first.session, number=1)
    CrmSettings.load()
    with CaptureQueriesContext(connection) as queries:
        assert len(document_of(pdf).messages) == mails + 1
    assert len(queries) <= 7


# ---- the storage --------------------------------------------------------------------------------


@pytest.mark.contract("1.4.c")
def test_a_pdf_goes_to_the_storage_and_replaces_the_one_before(house: House, rendered) -> None:
    message = mail(house)
    session = resolve(message.session)
    thread_pdf_render.render_due()
    session = sessions.set_status(session, Session.Status.ACTIVE, by=house.alice.user)
    make_message(session)
    resolve(session)
    thread_pdf_render.render_due()
    first, second = StoredObject.objects.order_by("pk")
    assert second.name == f"email-{session.public_id}-2.pdf"
    assert second.replaces == first.key
    assert (second.session, second.queue) == (session.public_id, "Support")


def test_a_pdf_stays_in_the_house_when_its_kind_is_off(house: House, rendered) -> None:
    StorageSettings.load()
    StorageSettings.objects.update(pdf_on=False)
    resolve(mail(house).session)
    thread_pdf_render.render_due()
    assert ThreadPdf.objects.filter(status=Status.RENDERED).update(tries=F("tries")) == 1
    assert not StoredObject.objects.exists()

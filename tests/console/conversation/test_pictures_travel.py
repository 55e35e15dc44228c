"""Pictures of a mail from intake on: shown in place, passed on, and in the PDF (PAINS 30)."""

import pytest
from django.utils import timezone

from apps.attachments.models import Attachment, Verdict
from apps.channels.models import InboundEmail
from apps.channels.parsed import Address
from apps.channels.receive import receive_one
from apps.console.places import content_url
from apps.tickets.drafts import Content
from apps.tickets.drafts_begin import begin_forward
from apps.tickets.drafts_send import Wish, send
from apps.tickets.inbound import take_in
from apps.tickets.models import Message, Session, ThreadPdf
from apps.tickets.thread_pdf_document import document_of
from tests.channels.odd_mails import raw
from tests.console.conftest import SignIn
from tests.people import House

LAB = Address("lab@partner.test", "Lab")
# How many pictures stand in the text, and how many different files they are.
MAILS = {
    "inline-cid-in-every-spelling": (4, 4),
    "inline-content-location": (3, 3),
    "inline-duplicate-cids": (2, 2),
    "inline-data-uri": (3, 2),
    "related-inline-image": (1, 1),
    "tnef-html-in-rtf-and-files": (1, 1),
}


def taken_in(house: House, name: str) -> Message:
    """As if the scanner had found every file clean; the real pixels are not of interest here."""
    receive_one(raw(name), mailbox=house.mailbox, source=InboundEmail.Source.API)
    take_in()
    Attachment.objects.update(verdict=Verdict.CLEAN, decided_at=timezone.now())
    Attachment.objects.filter(declared_type__startswith="image/").update(detected_type="image/png")
    message = Message.objects.get()
    Session.objects.update(agent=house.alice)
    return message


def shown_files(message: Message) -> list[Attachment]:
    return [one.attachment for one in message.files.filter(inline=True).order_by("position")]


@pytest.mark.parametrize("name", MAILS)
def test_every_picture_is_shown_in_its_place(house: House, as_user: SignIn, name: str) -> None:
    message = taken_in(house, name)
    page = as_user(house.alice.user).get(f"/m/{message.pk}/").content.decode()
    places, files = MAILS[name]
    assert page.count("<img") == places
    urls = {content_url(one, inline=True).replace("&", "&amp;") for one in shown_files(message)}
    assert len(urls) == files and all(url in page for url in urls)
    assert "not shown" not in page or "data:text" in raw(name).decode()


@pytest.mark.parametrize("name", MAILS)
def test_every_picture_is_passed_on_and_leaves_with_the_mail(house: House, name: str) -> None:
    message = taken_in(house, name)
    session = Session.objects.get()
    draft = begin_forward(session, message, by=house.alice.user, opening="<p>See:</p>")
    places, files = MAILS[name]
    assert draft.html.count("<img") == places
    content = Content(to=(LAB,), subject="Fwd", html=draft.html)
    sent = send(draft, content, Wish(), by=house.alice.user)
    assert sent.html.count("cid:") == places
    inline = sent.files.filter(inline=True)
    assert inline.count() == files
    assert all(f'src="cid:{one.content_id}"' in sent.html for one in inline)


@pytest.mark.parametrize("name", MAILS)
def test_every_picture_is_in_the_pdf(house: House, name: str) -> None:
    message = taken_in(house, name)
    pdf = ThreadPdf(thread=message.thread, session=message.session, number=1)
    [shown] = document_of(pdf).messages
    keys = {f"cid:{one.pk}" for one in shown_files(message)}
    assert all(f'src="{key}"' in shown.html for key in keys)
    assert {one.key for one in shown.pictures} == keys


def test_a_picture_that_nobody_shows_is_listed_as_a_file(house: House) -> None:
    message = taken_in(house, "inline-picture-nobody-shows")
    assert [one.attachment.name for one in message.files.filter(inline=False)] == ["photo.png"]

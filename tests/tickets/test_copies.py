"""Copies of mails and their files on the ticket: complete, harmless, and never before a verdict."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.attachments.models import Attachment, Verdict
from apps.attachments.signals import attachments_screened, found_later
from apps.channels.models import ChannelSettings
from apps.core.announce import announce
from apps.crm.models import CrmSettings, Ticket, TicketUpdate
from apps.crm.posting import post_updates
from apps.storage.models import StorageSettings
from apps.tickets import comments
from apps.tickets.models import Message, MessageFile
from tests.people import House, make_attachment, make_house, make_message, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    CrmSettings.load()
    CrmSettings.objects.update(content_copy=True, attach_files=True)
    return make_house()


def mail(house: House, **fields: Any) -> Message:
    session = make_session(house.support, subject="Parcel", mailbox=house.mailbox)
    return make_message(session, **fields)


def decided(attachment: Attachment, verdict: str, reason: str = "") -> None:
    """As the screen does it: the verdict, and what it announces, in one transaction."""
    Attachment.objects.filter(pk=attachment.pk).update(verdict=verdict, reason=reason)
    announce(attachments_screened, attachment_ids=[attachment.pk])


def kinds() -> list[str]:
    return list(TicketUpdate.objects.order_by("id").values_list("kind", flat=True))


def copy() -> str:
    return TicketUpdate.objects.get(kind="copy").text


@pytest.mark.contract("1.3.f")
def test_a_copy_has_head_lines_the_whole_text_and_comes_after_the_link(house: House) -> None:
    message = mail(
        house,
        from_name="Carla",
        to=[{"email": "support@carteria.test", "name": "Support"}],
        cc=[{"email": "b@outside.test", "name": ""}],
        date=timezone.now().replace(2026, 1, 31, 13, 5),
        text="First line\r\n\r\nLast line",
    )
    comments.plan_for([message])
    assert kinds() == ["standard", "link", "copy"]
    assert copy().split("\n") == [
        "From: Carla <customer@outside.test>",
        "To: Support <support@carteria.test>",
        "Cc: b@outside.test",
        "Date: 2026-01-31 13:05 +0000",
        "Subject: Parcel",
        "",
        "First line",
        "",
        "Last line",
    ]


@pytest.mark.contract("1.3.f")
def test_a_copy_speaks_spanish_and_the_houses_time(house: House) -> None:
    CrmSettings.objects.update(language="es")
    ChannelSettings.objects.update(time_zone="Europe/Madrid")
    message = mail(house, date=timezone.now().replace(2026, 1, 31, 13, 5), text="")
    make_attachment(message, name="a.zip", verdict=Verdict.REFUSED, reason="type-denied")
    comments.plan_for([message])
    assert copy().split("\n") == [
        "De: customer@outside.test",
        "Para: (sin dirección)",
        "Fecha: 2026-01-31 14:05 +0100",
        "Asunto: Parcel",
        "",
        "(sin texto)",
        "",
        "Archivos:",
        "- a.zip (20 B): rechazado: no se aceptan programas ni archivos comprimidos",
    ]


@pytest.mark.contract("1.3.f")
def test_a_mail_sent_is_copied_too(house: House) -> None:
    message = mail(house, direction="out", text="Here it is.")
    comments.plan_for([message])
    assert "From: support@carteria.test" in copy()
    assert TicketUpdate.objects.get(kind="copy").facts["LINK"].endswith(f"/e/{message.pk}/")


@pytest.mark.contract("1.3.f")
def test_a_copy_waits_until_the_last_file_has_its_verdict(house: House) -> None:
    message = mail(house)
    first = make_attachment(message, name="a.pdf", verdict=Verdict.WAITING)
    second = make_attachment(message, name="b.exe", verdict=Verdict.WAITING)
    comments.plan_for([message])
    decided(first, Verdict.CLEAN)
    assert "copy" not in kinds()
    decided(second, Verdict.INFECTED, "infected:Eicar-Test")
    assert copy().split("\n")[-3:] == [
        "Files:",
        "- a.pdf (20 B): clean",
        "- b.exe (20 B): infected: Eicar-Test",
    ]


@pytest.mark.contract("1.3.f")
def test_after_a_quarter_of_an_hour_it_says_not_yet_checked(house: House) -> None:
    message = mail(house)
    file = make_attachment(message, name="a.pdf", verdict=Verdict.WAITING)
    comments.plan_for([message])
    comments.plan_overdue_copies()
    assert "copy" not in kinds()
    Message.objects.update(created_at=Now() - timedelta(minutes=15))
    comments.plan_overdue_copies()
    assert copy().endswith("- a.pdf (20 B): not yet checked")
    decided(file, Verdict.CLEAN)
    assert kinds().count("copy") == 1


def test_a_copy_is_text_that_cannot_act(house: House) -> None:
    message = mail(house, subject="Hi\nSubject: forged", text="a\x01b\x1b[31m\u202egnp\u2028end")
    comments.plan_for([message])
    assert "Subject: Hi Subject: forged" in copy()
    assert copy().endswith("ab[31mgnp\nend")


def test_nothing_is_copied_when_nobody_wants_it(house: House) -> None:
    CrmSettings.objects.update(content_copy=False, attach_files=False)
    message = mail(house)
    file = make_attachment(message, verdict=Verdict.WAITING)
    comments.plan_for([message])
    decided(file, Verdict.CLEAN)
    comments.plan_overdue_copies()
    assert kinds() == ["standard", "link"]


@pytest.mark.parametrize("mails", [1, 8])
def test_the_verdicts_of_many_mails_cost_as_many_queries_as_one(house: House, mails: int) -> None:
    StorageSettings.load()
    StorageSettings.objects.update(attachments_on=False)
    files = [make_attachment(mail(house), verdict=Verdict.WAITING) for _number in range(mails)]
    comments.plan_for(list(Message.objects.all()))
    Attachment.objects.update(verdict=Verdict.CLEAN)
    with CaptureQueriesContext(connection) as queries:
        announce(attachments_screened, attachment_ids=[file.pk for file in files])
    assert kinds().count("copy") == kinds().count("file") == mails
    assert len(queries) <= 16


# ---- files --------------------------------------------------------------------------------------


@pytest.mark.contract("1.5.a")
def test_a_file_goes_to_the_ticket_when_it_is_clean_and_no_other_does(house: House) -> None:
    message = mail(house)
    clean = make_attachment(message, name="a.pdf", content=b"%PDF", verdict=Verdict.WAITING)
    refused = make_attachment(message, name="b.exe", verdict=Verdict.WAITING)
    comments.plan_for([message])
    assert "file" not in kinds()
    decided(refused, Verdict.REFUSED, "type-denied")
    decided(clean, Verdict.CLEAN)
    row = TicketUpdate.objects.get(kind="file")
    assert (row.text, row.blob_id) == ("a.pdf", clean.blob_id)
    assert row.key == str(MessageFile.objects.get(attachment=clean).pk)


def test_the_files_of_a_mail_that_was_sent_are_there_at_once(house: House) -> None:
    message = mail(house, direction="out")
    make_attachment(message, name="bill.pdf", content=b"%PDF")
    comments.plan_for([message])
    post_updates([message.thread.key])
    assert [one.name for one in Ticket.objects.get().files.all()] == ["bill.pdf"]


def test_a_file_that_is_released_later_goes_to_the_ticket_then(house: House) -> None:
    message = mail(house)
    file = make_attachment(message, verdict=Verdict.WITHHELD, reason="encrypted")
    comments.plan_for([message])
    decided(file, Verdict.CLEAN, "released:irene")
    assert kinds().count("file") == 1


def test_a_mail_that_has_not_left_tells_nothing_of_its_files(house: House) -> None:
    message = mail(house, direction="out", status=Message.Status.QUEUED)
    decided(make_attachment(message, verdict=Verdict.WAITING), Verdict.CLEAN)
    assert kinds() == []


def test_the_picture_of_a_signature_comes_once(house: House) -> None:
    first = mail(house)
    again = make_message(first.session)
    for message in (first, again):
        logo = make_attachment(message, name="logo.png", verdict=Verdict.WAITING)
        MessageFile.objects.filter(attachment=logo).update(inline=True)
        decided(logo, Verdict.CLEAN)
    assert kinds().count("file") == 1


def test_a_file_that_is_found_infected_is_not_posted_any_more(house: House) -> None:
    message = mail(house)
    file = make_attachment(message, verdict=Verdict.WAITING)
    decided(file, Verdict.CLEAN)
    Attachment.objects.update(verdict=Verdict.INFECTED)
    announce(found_later, attachment_ids=[file.pk])
    assert TicketUpdate.objects.get(kind="file").status == TicketUpdate.Status.SKIPPED

"""What goes to the storage, and when: clean files, settled mails, and only kinds that are on."""

import json
from typing import Any

import pytest
from django.test import Client

from apps.attachments.models import Attachment, Verdict
from apps.attachments.signals import attachments_screened, found_later
from apps.channels.models import InboundEmail
from apps.core import blobs
from apps.core.announce import announce
from apps.crm.models import CrmSettings
from apps.storage.models import StorageSettings, StoredObject
from apps.tickets import comments
from apps.tickets.models import Message
from tests.people import (
    House,
    make_attachment,
    make_house,
    make_message,
    make_session,
    token_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    StorageSettings.load()
    CrmSettings.load()
    return make_house()


def switch_on(*kinds: str) -> None:
    every = ("pdf", "attachments", "json", "raw")
    StorageSettings.objects.update(**{f"{kind}_on": kind in kinds for kind in every})


def mail(house: House, **fields: Any) -> Message:
    session = make_session(house.support, subject="Parcel", mailbox=house.mailbox)
    raw = blobs.store(b"From: a@b.test\r\n\r\nHello")
    row = InboundEmail.objects.create(source="api", raw=raw, sha256=raw.sha256, status="stored")
    return make_message(session, inbound=row, **fields)


def decided(attachment: Attachment, verdict: str) -> None:
    Attachment.objects.filter(pk=attachment.pk).update(verdict=verdict)
    announce(attachments_screened, attachment_ids=[attachment.pk])


def planned() -> list[tuple[str, str]]:
    return list(StoredObject.objects.order_by("pk").values_list("kind", "name"))


@pytest.mark.contract("1.4.c", "1.5.a")
def test_a_file_is_stored_when_it_is_clean_and_never_before(house: House) -> None:
    message = mail(house)
    good = make_attachment(message, name="a.pdf", verdict=Verdict.WAITING)
    bad = make_attachment(message, name="b.exe", verdict=Verdict.WAITING)
    comments.plan_for([message])
    decided(bad, Verdict.REFUSED)
    assert planned() == []
    decided(good, Verdict.CLEAN)
    assert planned() == [("attachments", "a.pdf")]
    row = StoredObject.objects.get()
    assert (row.session, row.queue, row.direction, row.thread_key) == (
        message.session.public_id,
        "Support",
        "in",
        message.thread.key,
    )


def test_the_files_of_an_answer_are_stored_when_it_has_gone_out(house: House) -> None:
    message = mail(house, direction="out")
    make_attachment(message, name="bill.pdf")
    comments.plan_for([message])
    assert planned() == [("attachments", "bill.pdf")]


@pytest.mark.contract("1.4.c")
def test_json_and_raw_are_off_until_somebody_wants_them(house: House) -> None:
    comments.plan_for([mail(house)])
    assert planned() == []


@pytest.mark.contract("1.4.c")
def test_json_is_the_message_as_the_api_shows_it_without_addresses(
    house: House, client: Client
) -> None:
    switch_on("json")
    message = mail(house, text="Hello ¿qué tal?", to=[{"email": "a@b.test", "name": "A"}])
    make_attachment(message, name="a.pdf")
    comments.plan_for([message])
    (row,) = StoredObject.objects.all()
    kept = json.loads(blobs.read(row.blob))
    answer = client.get(f"/api/v1/messages/{message.pk}/", headers=token_of(house.admin)).json()
    del answer["html_url"], answer["raw_url"], answer["attachments"][0]["content_url"]
    del answer["reports"]  # they come when the record has long been written
    assert kept == answer
    assert "http" not in json.dumps(kept)


@pytest.mark.contract("1.4.c", "1.5.f")
def test_a_raw_mail_is_stored_once_all_of_its_files_are_clean(house: House) -> None:
    switch_on("raw", "json")
    message = mail(house)
    file = make_attachment(message, verdict=Verdict.WAITING)
    comments.plan_for([message])
    assert planned() == []
    decided(file, Verdict.CLEAN)
    assert planned() == [
        ("json", f"message-{message.pk}.json"),
        ("raw", f"message-{message.pk}.eml"),
    ]


@pytest.mark.contract("1.5.f")
def test_a_raw_mail_with_a_file_that_was_stopped_stays_in_the_house(house: House) -> None:
    switch_on("raw")
    message = mail(house)
    file = make_attachment(message, verdict=Verdict.WAITING)
    comments.plan_for([message])
    decided(file, Verdict.INFECTED)
    assert planned() == []


def test_what_is_found_infected_later_leaves_the_storage_with_its_mail(house: House) -> None:
    switch_on("raw", "attachments")
    message = mail(house)
    file = make_attachment(message, verdict=Verdict.WAITING)
    comments.plan_for([message])
    decided(file, Verdict.CLEAN)
    announce(found_later, attachment_ids=[file.pk])
    assert set(StoredObject.objects.values_list("status", flat=True)) == {"leaving"}

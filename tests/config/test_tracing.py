"""Dry run, replay and journey: what happened to a mail and what would, said from stored facts."""

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.channels.models import InboundEmail
from apps.channels.receive import receive_one
from apps.crm.models import TicketUpdate
from apps.queues.models import MailboxRoute, Queue
from apps.tickets.inbound import take_in
from apps.tickets.models import Message, Session, Thread
from tests.people import House, crm_connection, make_house, make_queue

pytestmark = pytest.mark.django_db

DRY_RUN, REPLAY = "/admin/email/dry-run/", "/admin/email/replay/"
TRAPPED = b"".join(
    (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nLook at this\r\n",
        b"--b\r\nContent-Disposition: attachment; filename=run.exe\r\n\r\nMZ\r\n--b--\r\n",
    )
)

Arrives = Callable[..., InboundEmail]


@pytest.fixture
def house() -> House:
    crm_connection()
    return make_house()


@pytest.fixture
def arrives(house: House) -> Arrives:
    def arrive(subject: str = "Parcel", sender: str = "carla@outside.test") -> InboundEmail:
        row, _new = receive_one(
            a_mail(subject, sender), mailbox=house.mailbox, source=InboundEmail.Source.API
        )
        take_in()
        row.refresh_from_db()
        return row

    return arrive


def a_mail(subject: str, sender: str = "carla@outside.test", rest: bytes = b"\r\nHello") -> bytes:
    return f"From: {sender}\r\nTo: support@x.test\r\nSubject: {subject}\r\n".encode() + rest


def browser(house: House) -> Client:
    client = Client()
    client.force_login(house.admin)
    return client


def try_mail(house: House, raw: bytes, **fields: object) -> str:
    file = SimpleUploadedFile("a.eml", raw)
    return browser(house).post(DRY_RUN, {"file": file, **fields}).content.decode()


def counts() -> list[int]:
    kinds: tuple[type[models.Model], ...] = (InboundEmail, Message, Session, Thread, TicketUpdate)
    return [kind._default_manager.count() for kind in kinds]


# ---- dry run ------------------------------------------------------------------------------


def test_a_dropped_mail_shows_every_decision_and_leaves_no_trace(
    house: House, arrives: Arrives
) -> None:
    arrives("Earlier")
    before = counts()
    page = try_mail(house, a_mail("Where is it?"))
    for decision in ("Where is it?", "Support", "A new session would begin.", "standard comment"):
        assert decision in page
    assert counts() == before


def test_a_file_that_would_be_stopped_is_named_with_the_reason(house: House) -> None:
    page = try_mail(house, a_mail("Run", rest=TRAPPED))
    assert "1 file would be stopped." in page and "run.exe" in page and "type-denied" in page


def test_what_nobody_can_read_says_so(house: House) -> None:
    assert "The mail is empty." in try_mail(house, b"\r\n \r\n")


@pytest.mark.parametrize("fields", [{}, {"mailbox": 999_999}])
def test_a_form_without_a_mail_names_the_cure(house: House, fields: dict[str, int]) -> None:
    page = browser(house).post(DRY_RUN, fields).content.decode()
    assert "Choose the file of a mail." in page and 'data-test="steps"' not in page


def test_a_stored_mail_can_be_tried_by_its_number(house: House, arrives: Arrives) -> None:
    row = arrives("Stored")
    page = browser(house).get(DRY_RUN, {"mail": row.pk}).content.decode()
    assert "Stored" in page and 'data-step="place"' in page
    for number in ("0", "x", "9" * 30):
        assert browser(house).get(DRY_RUN, {"mail": number}).status_code == 404


# ---- replay -------------------------------------------------------------------------------


def test_without_a_change_nothing_would_be_decided_differently(
    house: House, arrives: Arrives
) -> None:
    for subject in ("One", "Two"):
        arrives(subject)
    page = browser(house).get(REPLAY, {"run": "1"}).content.decode()
    assert "All 2 mails would be decided as they were." in page


def test_a_changed_setting_shows_what_it_would_change(house: House, arrives: Arrives) -> None:
    row = arrives("One")
    sales: Queue = make_queue("Sales")
    MailboxRoute.objects.filter(mailbox=house.mailbox).update(queue=sales)
    page = browser(house).get(REPLAY, {"run": "1"}).content.decode()
    assert "1 mail of 1 would be decided differently." in page
    assert "Sales" in page and reverse("admin:email-journey", args=[row.pk]) in page
    assert not Session.objects.filter(queue=sales).exists()


def test_a_day_without_mail_says_so(house: House, arrives: Arrives) -> None:
    arrives()
    page = browser(house).get(REPLAY, {"run": "1", "day": "2001-01-01"}).content.decode()
    assert "No stored mail fits." in page


# ---- journey ------------------------------------------------------------------------------


def test_the_journey_of_a_stored_mail_has_every_step(house: House, arrives: Arrives) -> None:
    row = arrives("Parcel")
    page = browser(house).get(reverse("admin:email-journey", args=[row.pk])).content.decode()
    for step in ("arrival", "outcome", "place", "work", "crm"):
        assert f'data-step="{step}"' in page
    assert row.sha256 in page and "standard comment" in page.lower()


def test_the_journey_of_a_held_mail_ends_with_the_reason(house: House, arrives: Arrives) -> None:
    row, _new = receive_one(b"\0" * 3000, mailbox=house.mailbox, source=InboundEmail.Source.API)
    take_in()
    page = browser(house).get(reverse("admin:email-journey", args=[row.pk])).content.decode()
    assert "quarantined" in page and 'data-step="place"' not in page


def test_a_journey_asks_the_database_as_often_for_many_rows(house: House, arrives: Arrives) -> None:
    row = arrives("Parcel")
    page = reverse("admin:email-journey", args=[row.pk])
    client = browser(house)
    client.get(page)
    few = queries(client, page)
    message = Message.objects.get(inbound=row)
    for number in range(20):
        message.session.events.create(kind="status", why=f"Move {number}", by=house.admin)
        TicketUpdate.objects.create(
            thread_key=message.thread.key, kind="file", key=f"{number}", text="x"
        )
    assert queries(client, page) == few


def queries(client: Client, page: str) -> int:
    cache.clear()
    with CaptureQueriesContext(connection) as asked:
        assert client.get(page).status_code == 200
    return len(asked)


# ---- who may ------------------------------------------------------------------------------


def test_they_are_for_administrators_and_auditors(house: House, arrives: Arrives) -> None:
    pages = [DRY_RUN, REPLAY, reverse("admin:email-journey", args=[arrives().pk])]
    client = Client()
    for page in pages:
        client.force_login(house.auditor)
        assert client.get(page).status_code == 200
        for person in (house.alice.user, house.irene):
            client.force_login(person)
            assert client.get(page).status_code in (302, 403, 404)

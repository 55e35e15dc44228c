"""Complaints about other help desks (PAINS 2 and 6, and one quarantine for everything held)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.channels import folders
from apps.channels.fetch import fetch
from apps.channels.models import EmailAccount, InboundEmail, Mailbox
from apps.core import blobs
from apps.queues.models import MailboxRoute
from apps.tickets import quarantine
from apps.tickets.held_reasons import REASONS
from apps.tickets.inbound import take_in
from apps.tickets.models import Message, Thread
from tests.calls import Caller
from tests.people import House, make_house
from tests.servers.fake_imap import noting, running_fake_imap, serving
from tests.tickets import held_mails as cases
from tests.tickets.held_mails import arrives, message_of, now, raw_mail, rounds

pytestmark = pytest.mark.django_db

Held = Callable[[House, pytest.MonkeyPatch], InboundEmail]


@pytest.fixture
def house() -> House:
    return make_house()


# ---- 2: marked read, no ticket -------------------------------------------------------------------

STEPS = {
    "parse": ("apps.channels.parse.read", "read"),
    "thread": ("apps.tickets.placing.find_places", "place"),
    "database": ("apps.tickets.storing._store_messages", "store"),
    "storage": ("apps.tickets.reading._write_files", "files"),
    "scan": ("apps.tickets.storing.screen.plan", "files"),
}
FILE = {"MIME_Version": "1.0", "Content_Type": "image/png; name=a.png"}


@pytest.mark.parametrize("step", STEPS)
def test_pain_2_a_mail_that_fails_is_held_with_its_step_and_released_into_a_ticket(
    house: House, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken off the server as seen while the error lasts: all of it is here by then."""
    where, stage = STEPS[step]
    commands: list[bytes] = []
    flagged: list[int] = []
    real = folders.receive

    def receive(*args: Any, **kwargs: Any) -> list[InboundEmail]:
        rows = real(*args, **kwargs)
        flagged.append(_flags(commands))
        return rows

    monkeypatch.setattr(folders, "receive", receive)
    with running_fake_imap(noting(serving({1: raw_mail(**FILE)}), commands)) as port:
        EmailAccount.objects.filter(pk=house.mailbox.account_id).update(
            receive_port=port, receive_user="x", start="all", after=EmailAccount.After.SEEN
        )
        with monkeypatch.context() as broken:
            broken.setattr(where, _breaks)
            fetch(EmailAccount.objects.get(pk=house.mailbox.account_id))
            rounds(3)
    row = InboundEmail.objects.get()
    assert (flagged, _flags(commands)) == ([0], 1)  # committed, and only then flagged
    assert now(row)[0] == "quarantined" and REASONS[row.code].stage == stage and row.reason
    assert not Thread.objects.exists()
    quarantine.release(row, by=house.admin)
    take_in()
    assert now(row)[0] == "stored" and Message.objects.get().session.queue == house.support


def _flags(commands: list[bytes]) -> int:
    return sum(b"STORE" in one for one in commands)


def _breaks(*_args: object, **_kwargs: object) -> object:
    raise RuntimeError("whatever it is")


# ---- 6: failed mails are hidden, and lose their queue --------------------------------------------


def test_pain_6_the_list_names_each_and_release_leads_where_it_would_have_gone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two mailboxes on one account: by its own address each, as at arrival."""
    other = Mailbox.objects.create(address="sales@carteria.test", account=house.mailbox.account)
    MailboxRoute.objects.create(mailbox=other, queue=house.other)
    with monkeypatch.context() as broken:
        broken.setattr("apps.tickets.placing.find_places", _breaks)
        here = arrives(house, raw_mail("For support"))
        there = arrives(house, raw_mail("For sales", To="sales@carteria.test"))
        rounds(3)
    client = Client()
    client.force_login(house.admin)
    page = client.get(reverse("admin:email_channels_quarantinedemail_changelist")).content.decode()
    for words in ("support@carteria.test", "sales@carteria.test", cases.CARLA, "bytes"):
        assert words in page
    assert page.count("finding its queue failed") >= 2
    for row in (here, there):
        quarantine.release(row, by=house.admin)
    fresh = arrives(house, raw_mail("For sales, too", To="sales@carteria.test"))
    rounds(1)
    assert message_of(here).session.queue == house.support
    assert message_of(there).session.queue == message_of(fresh).session.queue == house.other


# ---- one quarantine ------------------------------------------------------------------------------

TEN: dict[str, tuple[str, Held]] = {
    "too big": ("too-big", cases.too_big),
    "no mail": ("not-a-mail", cases.not_a_mail),
    "empty": ("empty", cases.empty),
    "odd": ("odd-structure", cases.odd),
    "unreadable": ("unreadable", cases.unreadable),
    "too heavy": ("too-heavy", cases.too_heavy),
    "no mailbox": ("no-mailbox", cases.without_mailbox),
    "no queue": ("no-queue", cases.without_queue),
    "kills its worker": ("three-tries", cases.killing),
    "not storable": ("not-storable", cases.not_storable),
    "a step fails": ("failed-place", cases.failing_place),
}


@pytest.mark.parametrize("name", TEN)
def test_each_reason_is_held_in_one_list_and_its_mail_is_released(
    house: House, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, comes = TEN[name]
    with monkeypatch.context() as broken:
        row = comes(house, broken)
        rounds(3)
    [listed] = Caller(house.auditor).get("quarantine/").json()["results"]
    assert (listed["id"], listed["code"]) == (str(row.pk), code)
    assert listed["stage"] == REASONS[code].stage and listed["cure"] and listed["reason"]
    cases.cure_mailbox(house)
    quarantine.release(row, by=house.admin)
    rounds(1)
    assert now(row) == ("stored", "")
    assert message_of(row).session.queue == house.support


def test_a_mail_whose_bytes_were_lost_is_released_once_they_are_back(house: House) -> None:
    row = arrives(house)
    InboundEmail.objects.update(raw=None)
    rounds(1)
    assert now(row) == ("quarantined", "no-bytes")
    row.raw = blobs.store(raw_mail("Back again"))
    row.save()
    quarantine.release(row, by=house.admin)
    rounds(1)
    assert message_of(row).subject == "Back again"

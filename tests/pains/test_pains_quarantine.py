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
from apps.tickets.held import quarantine
from apps.tickets.held.reasons import REASONS
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

REASONS_OF: dict[str, Held] = {
    "too-big": cases.too_big,
    "not-a-mail": cases.not_a_mail,
    "empty": cases.empty,
    "odd-structure": cases.odd,
    "unreadable": cases.unreadable,
    "too-heavy": cases.too_heavy,
    "no-queue": cases.without_queue,
    "three-tries": cases.killing,
    "not-storable": cases.not_storable,
    "failed-place": cases.failing_place,
    "no-mailbox": cases.without_mailbox,
}


def test_each_reason_is_held_in_one_list_and_its_mail_is_released(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {}
    for code, comes in REASONS_OF.items():
        with monkeypatch.context() as broken:
            rows[code] = comes(house, broken)
            rounds(3)
        assert now(rows[code]) == ("quarantined", code)
        cases.cure(house)
    listed = Caller(house.auditor).get("quarantine/").json()["results"]
    assert {one["id"]: one["code"] for one in listed} == {
        str(row.pk): code for code, row in rows.items()
    }
    assert all(one["stage"] == REASONS[one["code"]].stage for one in listed)
    assert all(one["cure"] and one["reason"] for one in listed)
    ids = [one["id"] for one in listed]
    said = Caller(house.admin).post("quarantine/release/", {"ids": ids}).json()["results"]
    assert all(one["ok"] for one in said)
    rounds(1)
    for row in rows.values():
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

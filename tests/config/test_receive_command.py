"""`manage.py receive`: the exit codes that a mail server understands, and one JSON line."""

import io
import json
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.db import OperationalError

from apps.channels.models import ChannelSettings, InboundEmail
from apps.core import blobs
from tests.channels.mailboxes import switch_on
from tests.people import make_mailbox, make_queue

pytestmark = pytest.mark.django_db

MAIL = b"From: ann@customer.test\r\nTo: support@carteria.test\r\nSubject: Hi\r\n\r\nHello\r\n"


@pytest.fixture(autouse=True)
def mailbox(db):
    switch_on()
    return make_mailbox("support@carteria.test", queue=make_queue(), aliases=["help@carteria.test"])


@pytest.fixture
def pipe(monkeypatch, capsys):
    def run(
        raw: bytes, address: str = "support@carteria.test"
    ) -> tuple[int, dict[str, str] | None]:
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(raw)))
        code = 0
        try:
            call_command("receive", mailbox=address)
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        said = capsys.readouterr().out
        return code, json.loads(said) if said else None

    return run


def test_a_mail_is_committed_and_taken_in(pipe) -> None:
    code, said = pipe(MAIL)
    row = InboundEmail.objects.get()
    assert (code, said) == (0, {"inbound": str(row.pk), "outcome": "stored"})
    assert blobs.read(row.raw) == MAIL
    assert row.source == "pipe"


def test_the_same_mail_again_is_the_same_row(pipe) -> None:
    first = pipe(MAIL)
    assert pipe(MAIL, "HELP@carteria.test") == first
    assert InboundEmail.objects.count() == 1


@pytest.mark.contract("1.1.c")
def test_the_mail_server_keeps_the_mail_while_the_channel_is_off(pipe) -> None:
    ChannelSettings.objects.update(enabled=False)
    assert pipe(MAIL) == (75, None)
    assert not InboundEmail.objects.exists()


def test_the_mail_server_keeps_the_mail_while_the_disk_is_full(pipe, monkeypatch) -> None:
    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(blobs, "write", full)
    assert pipe(MAIL) == (75, None)


def test_the_mail_server_keeps_the_mail_while_the_database_is_away(pipe, monkeypatch) -> None:
    def away() -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(ChannelSettings, "load", away)
    assert pipe(MAIL) == (75, None)


def test_an_unknown_mailbox_and_an_empty_mail_are_refused(pipe) -> None:
    assert pipe(MAIL, "nobody@carteria.test") == (64, None)
    assert pipe(b"\r\n") == (65, None)


def test_a_mail_that_cannot_be_taken_in_yet_is_committed_all_the_same(pipe, monkeypatch) -> None:
    def broken(_limit: int) -> int:
        raise RuntimeError

    monkeypatch.setattr("config.management.commands.receive.take_in", broken)
    code, said = pipe(MAIL)
    assert (code, said["outcome"]) == (0, "received")

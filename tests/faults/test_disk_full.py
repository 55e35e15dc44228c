"""A disk without room: nothing is taken, nothing half-written stays, and it goes on by itself."""

import errno
import os
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from PIL import Image
from pytest_django.fixtures import Settings

from apps.attachments.models import Attachment, Preview, Verdict
from apps.channels.fetch import fetch
from apps.channels.models import InboundEmail
from apps.channels.receive import receive_one
from apps.core import blobs
from apps.core.models import Blob
from apps.tickets import tasks
from apps.tickets.drafts_begin import begin_reply
from apps.tickets.inbound import take_in
from apps.tickets.models import Message, StagedFile
from tests.calls import Caller, a_file, problem
from tests.channels.mailboxes import account_at, fetched_again, mails, switch_on, unseen
from tests.people import House, make_attachment, make_house, make_message, make_session
from tests.servers.dovecot import Dovecot

pytestmark = [pytest.mark.django_db, pytest.mark.faults]

MEGABYTE = 2**20


class Disk:
    """What the packs lie on; `fill` and `clear` as a test likes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def packs(self) -> set[Path]:
        return set(self.folder.rglob("*.pack"))

    def fill(self) -> None:
        raise NotImplementedError

    def clear(self) -> None:
        raise NotImplementedError


class SmallDisk(Disk):
    """A real one of 4 MB; the last bytes that still fit stay free, so that files break off."""

    def fill(self) -> None:
        with (self.folder / "filler").open("wb", buffering=0) as filler:
            try:
                while filler.write(bytes(64 * 1024)):
                    pass
            except OSError as error:
                assert error.errno == errno.ENOSPC

    def clear(self) -> None:
        (self.folder / "filler").unlink()


class LateDisk(Disk):
    """One that takes every byte and says only at the sync that it has no room, as NFS does."""

    def fill(self) -> None:
        self.trouble = patch.object(blobs.os, "fsync", self.full)
        self.trouble.start()

    def clear(self) -> None:
        self.trouble.stop()

    @staticmethod
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture(params=[SmallDisk, LateDisk])
def disk(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Iterator[Disk]:
    settings.DATA_DIR = tmp_path
    folder = tmp_path / "blobs"
    folder.mkdir()
    mounted = request.param is SmallDisk
    if mounted:
        mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(folder)]
        if subprocess.run(mount, capture_output=True).returncode:
            pytest.skip("mounting is not allowed here")
    yield request.param(folder)
    patch.stopall()
    if mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def house() -> House:
    return make_house()


# ---- mail -----------------------------------------------------------------------------------------


@pytest.mark.servers
def test_mail_stays_on_its_server_and_the_account_says_why(disk: Disk, dovecot: Dovecot) -> None:
    switch_on()
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(3))
    account = account_at(dovecot, user)
    disk.fill()
    for _round in range(3):
        assert fetched_again(account) == 0
    account.refresh_from_db()
    assert account.status_code == "disk-full" and "room" in account.status_sentence
    assert unseen(dovecot, user) == 3 and not disk.packs() and not Blob.objects.exists()
    disk.clear()
    assert fetched_again(account) == 3 and fetch(account) == 0
    account.refresh_from_db()
    assert unseen(dovecot, user) == 0 and account.status == "ok"


def mail(number: int, content: bytes) -> bytes:
    return (
        b"From: a@outside.test\r\nTo: support@carteria.test\r\nMIME-Version: 1.0\r\n"
        b"Subject: %d\r\nContent-Type: text/plain; name=a.txt\r\n"
        b"Content-Disposition: attachment; filename=a.txt\r\n\r\n%b" % (number, content)
    )


def test_mail_in_the_ledger_waits_says_why_and_is_taken_in_once(disk: Disk, house: House) -> None:
    for number in range(3):
        raw = mail(number, os.urandom(9000).hex().encode())
        receive_one(raw, mailbox=house.mailbox, source=InboundEmail.Source.API)
    before = disk.packs()
    disk.fill()
    for _round in range(5):
        assert take_in() == 0
    waiting = list(InboundEmail.objects.values_list("status", "tries", "reason"))
    assert {one[:2] for one in waiting} == {("received", 0)}
    assert all("disk is full" in one[2] for one in waiting)
    assert disk.packs() == before and not Message.objects.exists()
    disk.clear()
    assert take_in() == 3 and take_in() == 0
    assert set(InboundEmail.objects.values_list("status", "reason")) == {("stored", "")}
    assert Message.objects.count() == Attachment.objects.count() == 3


def test_what_was_stored_before_goes_on_meanwhile(disk: Disk, house: House) -> None:
    make_attachment(make_message(make_session(house.support)), verdict=Verdict.WAITING)
    raw = mail(1, b"hello " * 5000)
    receive_one(raw, mailbox=house.mailbox, source=InboundEmail.Source.API)
    disk.fill()
    assert take_in() == 0
    with patch.object(tasks, "wake") as woken:
        tasks.sweep()
    assert {tasks.take_in, tasks.screen_files} <= {call.args[0] for call in woken.call_args_list}
    assert InboundEmail.objects.get().status == "received"


def test_a_mail_that_is_posted_is_refused_for_now(disk: Disk, house: House) -> None:
    disk.fill()
    answer = post_mail(house)
    assert problem(answer) == (503, "disk-full") and answer["Retry-After"]
    assert not disk.packs() and not InboundEmail.objects.exists()
    disk.clear()
    assert post_mail(house).status_code == 202


def post_mail(house: House) -> Any:
    raw = mail(1, os.urandom(9000))
    path = f"inbound/{house.mailbox.address}/"
    return Caller(house.robot).send(path, raw, content_type="message/rfc822")


# ---- files of agents ------------------------------------------------------------------------------


def test_an_upload_is_refused_and_can_be_tried_again(
    disk: Disk, house: House, client: Client
) -> None:
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox)
    make_message(session)
    client.force_login(house.alice.user)
    draft, _new = begin_reply(session, by=house.alice.user, opening="")

    def upload() -> Any:
        path = f"/desk/drafts/{draft.key}/files/?name=a.txt"
        return client.post(path, os.urandom(MEGABYTE), content_type="application/octet-stream")

    disk.fill()
    assert problem(upload()) == (503, "disk-full")
    assert not disk.packs() and not StagedFile.objects.exists() and not Attachment.objects.exists()
    disk.clear()
    assert upload().status_code == 201


def test_an_answer_with_a_file_is_refused_whole(disk: Disk, house: House) -> None:
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox)
    make_message(session)
    alice, path = Caller(house.alice.user), f"sessions/{session.public_id}/reply/"
    content = os.urandom(MEGABYTE)
    disk.fill()
    answer = alice.post(path, {"text": "Here."}, files=a_file("a.txt", content))
    assert problem(answer) == (503, "disk-full")
    assert not disk.packs() and Message.objects.count() == 1
    disk.clear()
    answer = alice.post(path, {"text": "Here."}, files=a_file("a.txt", content))
    assert answer.status_code == 202


def test_a_form_that_finds_no_room_for_its_files_is_refused_with_a_sentence(house: House) -> None:
    """Django writes large files of a form to the system's temporary folder."""
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox)
    make_message(session)
    large = a_file("a.txt", os.urandom(3 * MEGABYTE))
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with patch("django.core.files.uploadhandler.TemporaryUploadedFile", side_effect=full):
        alice, path = Caller(house.alice.user), f"sessions/{session.public_id}/reply/"
        answer = alice.post(path, {"text": "Here."}, files=large)
    assert problem(answer) == (503, "disk-full")


# ---- previews -------------------------------------------------------------------------------------


def test_a_preview_without_room_is_drawn_the_next_time(disk: Disk, house: House) -> None:
    buffer = BytesIO()
    Image.new("RGB", (64, 64)).save(buffer, "PNG")
    picture = make_attachment(
        make_message(make_session(house.support, agent=house.alice)),
        name="a.png",
        content=buffer.getvalue(),
    )
    before = disk.packs()
    alice, path = Caller(house.alice.user), f"attachments/{picture.pk}/preview/"
    disk.fill()
    assert problem(alice.get(path)) == (503, "disk-full")
    assert disk.packs() == before and not Preview.objects.exists()
    disk.clear()
    assert alice.get(path).status_code == 200

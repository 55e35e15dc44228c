"""messages/{id}/raw/: for whom, when, without what, and what is remembered of it."""

from base64 import b64encode

import pytest

from apps.attachments import screen
from apps.attachments.models import Attachment, Verdict
from apps.attachments.probes import test_virus as virus
from apps.channels.models import InboundEmail
from apps.channels.receive import receive_one
from apps.core.models import User
from apps.tickets.inbound import take_in
from apps.tickets.models import Message, SessionEvent
from tests.calls import Caller, problem
from tests.people import House, make_house, make_message, make_session
from tests.servers.clamd import Clamd, FakeClamd

pytestmark = pytest.mark.django_db

LETTER = b"A bill that is longer than what is never looked for."


@pytest.fixture
def house() -> House:
    return make_house()


def raw_mail(*files: tuple[str, bytes]) -> bytes:
    head = b"From: a@outside.test\r\nTo: support@carteria.test\r\nSubject: Files\r\n"
    head += b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    parts = [b"Content-Type: text/plain\r\n\r\nHello"]
    for name, content in files:
        kind = f"Content-Type: application/octet-stream; name={name}\r\n".encode()
        parts.append(kind + b"Content-Transfer-Encoding: base64\r\n\r\n" + b64encode(content))
    return head + b"".join(b"--b\r\n" + one + b"\r\n" for one in parts) + b"--b--\r\n"


def taken_in(house: House, raw: bytes, *, screened: bool = True) -> Message:
    receive_one(raw, mailbox=house.mailbox, source=InboundEmail.Source.API)
    take_in()
    if screened:
        screen.screen(list(Attachment.objects.values_list("pk", flat=True)))
    return Message.objects.get()


def read(user: User, message: Message) -> bytes:
    url = Caller(user).get(f"messages/{message.pk}/").json()["raw_url"]
    answer = Caller(user).get(url)
    assert answer.status_code == 200
    return bytes(answer.content)


def remembered() -> SessionEvent:
    return SessionEvent.objects.get(kind="raw-read")


@pytest.mark.contract("1.5.f")
def test_with_clean_files_the_source_is_what_came(house: House, fake_clamd: FakeClamd) -> None:
    raw = raw_mail(("bill.txt", LETTER))
    message = taken_in(house, raw)
    assert read(house.auditor, message) == raw
    event = remembered()
    assert (event.by, event.session) == (house.auditor, message.session)
    assert event.facts == {"message": message.pk, "as_it_came": True, "left_out": []}


@pytest.mark.contract("1.5.f")
@pytest.mark.servers
def test_a_virus_and_a_denied_file_are_left_out_and_named(house: House, clamd: Clamd) -> None:
    raw = raw_mail(("bill.txt", LETTER), ("run.bat", b"@echo " + b"x" * 40), ("v.dat", virus()))
    source = read(house.admin, taken_in(house, raw))
    assert b64encode(LETTER)[:60] in source.replace(b"\r\n", b"")
    for stopped in (virus(), b"@echo " + b"x" * 40):
        assert stopped not in source and b64encode(stopped)[:60] not in source
    assert b"run.bat" in source and b"type-denied" in source and b"infected:" in source
    facts = remembered().facts["left_out"]
    assert [(one["name"], one["size"]) for one in facts] == [("run.bat", 46), ("v.dat", 68)]


@pytest.mark.contract("1.5.f")
def test_while_a_file_waits_nobody_gets_the_source(house: House, fake_clamd: FakeClamd) -> None:
    message = taken_in(house, raw_mail(("bill.txt", LETTER)), screened=False)
    admin = Caller(house.admin)
    assert admin.get(f"messages/{message.pk}/").json()["raw_url"] is None
    assert problem(admin.get(f"messages/{message.pk}/raw/")) == (409, "file-waiting")
    assert not SessionEvent.objects.filter(kind="raw-read").exists()


@pytest.mark.contract("1.5.f")
@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.INFECTED, Verdict.WITHHELD])
def test_no_verdict_but_clean_lets_a_part_leave(
    house: House, fake_clamd: FakeClamd, verdict: str
) -> None:
    message = taken_in(house, raw_mail(("bill.txt", LETTER)))
    Attachment.objects.update(verdict=verdict, reason="why")
    assert b64encode(LETTER)[:60] not in read(house.admin, message).replace(b"\r\n", b"")


@pytest.mark.contract("1.5.f")
def test_everybody_else_finds_no_such_page(house: House, fake_clamd: FakeClamd) -> None:
    message = taken_in(house, raw_mail(("bill.txt", LETTER)))
    for user in (house.alice.user, house.irene, house.charlie.user, house.robot):
        assert problem(Caller(user).get(f"messages/{message.pk}/raw/")) == (404, "not-found")


@pytest.mark.contract("1.5.f")
def test_the_source_is_saved_and_never_shown(house: House, fake_clamd: FakeClamd) -> None:
    message = taken_in(house, raw_mail(("bill.txt", LETTER)))
    answer = Caller(house.admin).get(f"messages/{message.pk}/raw/")
    assert answer["Content-Disposition"] == f'attachment; filename="{message.pk}.eml"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]


def test_an_answer_of_ours_has_no_source(house: House) -> None:
    sent = make_message(make_session(house.support), direction="out")
    assert Caller(house.admin).get(f"messages/{sent.pk}/").json()["raw_url"] is None
    assert problem(Caller(house.admin).get(f"messages/{sent.pk}/raw/")) == (404, "no-source")


@pytest.mark.contract("1.5.f")
def test_what_cannot_be_separated_is_refused(house: House, fake_clamd: FakeClamd) -> None:
    raw = raw_mail(("run.bat", LETTER)).replace(b"\r\n\r\nHello", b"\r\n\r\nSee: " + LETTER)
    message = taken_in(house, raw)
    refused = Caller(house.admin).get(f"messages/{message.pk}/raw/")
    assert problem(refused) == (422, "not-separable")

"""Complaints about other help desks (PAINS 3 to 5, 7, 9, 11 and 13 to 16): mail from IMAP servers."""

import socket
import ssl
from collections import Counter
from itertools import count
from typing import Any

import pytest
import trustme
from django.utils import timezone

from apps.channels import diagnose
from apps.channels.fetch import fetch
from apps.channels.folders import FolderReader
from apps.channels.models import EmailAccount, InboundEmail
from apps.channels.transports import imap_wire
from apps.core.models import Lease
from apps.tickets.inbound import take_in
from apps.tickets.letters import Letter
from apps.tickets.models import Message, Session
from apps.tickets.outbound import reply
from tests.channels.mailboxes import account_at_fake, fetched_again
from tests.people import House, make_house, make_mailbox
from tests.servers.fake_imap import Answer, asks_for, running_fake_imap, serving

pytestmark = pytest.mark.django_db

Status = InboundEmail.Status
MEGABYTE = 2**20
_numbers = count(1)


@pytest.fixture
def house(db) -> House:
    return make_house()


def letters(number: int, **headers: str) -> list[bytes]:
    return [a_letter(**headers) for _number in range(number)]


def a_letter(**headers: str) -> bytes:
    number = next(_numbers)
    fields = {"From": f"c{number}@outside.test", "To": "support@carteria.test"}
    fields |= {"Subject": f"Order {number}", "Message-ID": f"<{number}@outside.test>"}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    return f"{head}\r\nHello {number}\r\n".encode()


def account_of(house: House, port: int, **fields: Any) -> EmailAccount:
    """The house's mailbox belongs to it."""
    account = account_at_fake(port, **fields)
    house.mailbox.account = account
    house.mailbox.save()
    return account


def outcomes() -> dict[str, int]:
    return dict(Counter(InboundEmail.objects.values_list("status", flat=True)))


def flagging(found: dict[int, bytes], flagged: set[int]) -> Answer:
    """A server that remembers which mails it was asked to mark."""
    serve = serving(found)

    def answer(tag: bytes, command: bytes) -> bytes | None:
        if command.upper().startswith(b"UID STORE"):
            flagged.update(uid for uid in found if asks_for(_as_fetch(command), uid))
        return serve(tag, command)

    return answer


def _as_fetch(command: bytes) -> bytes:
    return b"UID FETCH " + command.split()[2] + b" BODY.PEEK"


# ---- 3: a backlog ---------------------------------------------------------------------------------


def test_03_a_backlog_hides_no_newer_mail(house: House) -> None:
    waiting = dict(enumerate(letters(170), start=1))
    bodies: list[int] = []
    serve = serving(waiting)

    def answer(tag: bytes, command: bytes) -> bytes | None:
        if b"BODY.PEEK" in command:
            bodies.append(len(waiting))
            waiting.setdefault(9000, a_letter(Subject="Urgent"))  # in the middle of it
        return serve(tag, command)

    with running_fake_imap(answer) as port:
        account = account_of(house, port)
        assert fetch(account) == 170
        assert fetched_again(account) == 1  # the second poll
    assert len(bodies) == 4 + 1
    assert take_in() == 171
    assert Message.objects.filter(subject="Urgent").count() == 1
    assert outcomes() == {Status.STORED: 171}


# ---- 4, 5: odd mails ------------------------------------------------------------------------------


def test_04_a_mail_without_message_id_becomes_one_session_however_often_it_comes(
    house: House,
) -> None:
    bare = a_letter(Message_ID="")
    assert b"Message-ID" not in bare
    with running_fake_imap(serving({1: bare, 2: a_letter(), 3: bare})) as port:
        assert fetch(account_of(house, port)) == 3
    take_in()
    assert outcomes() == {Status.STORED: 2, Status.DUPLICATE: 1}
    assert Session.objects.count() == 2


def test_05_malformed_and_huge_mails_are_held_and_stop_no_good_one(
    house: House, monkeypatch
) -> None:
    monkeypatch.setattr("apps.channels.receive.MAX_MAIL_BYTES", MEGABYTE)
    huge = a_letter() + b"x" * MEGABYTE
    mixed = [*letters(60), huge, *(b"\0no mail %d" % number for number in range(12)), *letters(60)]
    with running_fake_imap(serving(dict(enumerate(mixed, start=1)))) as port:
        assert fetch(account_of(house, port)) == len(mixed)
    take_in()
    assert outcomes() == {Status.STORED: 120, Status.QUARANTINED: 13}
    assert Session.objects.count() == 120
    held = InboundEmail.objects.filter(status=Status.QUARANTINED).select_related("raw")
    assert all(row.raw and row.reason for row in held)


# ---- 7: silence -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "step", ["CAPABILITY", "LOGIN", "SELECT", "SEARCH", "SIZE", "PEEK", "STORE"]
)
def test_07_silence_at_any_step_ends_the_fetch_and_gives_its_lease_back(
    house: House, monkeypatch, step: str
) -> None:
    monkeypatch.setattr(imap_wire, "READ_SECONDS", 0.2)
    monkeypatch.setattr(imap_wire, "CONNECT_SECONDS", 0.2)
    found = {7: a_letter()}

    def silent(tag: bytes, command: bytes) -> bytes | None:
        return None if step.encode() in command.upper() else serving(found)(tag, command)

    with running_fake_imap(silent) as port:
        account = account_of(house, port)
        fetch(account)
    account.refresh_from_db()
    assert (account.status, account.status_code, account.failures) == ("failing", "timeout", 1)
    assert not Lease.objects.exclude(holder="").exists()
    with running_fake_imap(serving(found)) as port:
        EmailAccount.objects.update(receive_port=port)
        fetched_again(account)
    take_in()
    assert outcomes() == {Status.STORED: 1}


def test_07_the_longest_silence_is_a_minute_at_every_step() -> None:
    assert max(imap_wire.READ_SECONDS, imap_wire.SIGN_IN_SECONDS, imap_wire.CONNECT_SECONDS) <= 60


# ---- 11: killed between the commit and the flag ---------------------------------------------------


class Killed(BaseException):
    """As SIGKILL would: nobody catches it."""


def test_11_a_hundred_deaths_between_commit_and_flag_lose_and_double_nothing(
    house: House, monkeypatch
) -> None:
    found: dict[int, bytes] = {}
    flagged: set[int] = set()
    flag = FolderReader._flag

    def killed(reader: FolderReader, uids: list[int]) -> None:
        if max(found) in uids:
            raise Killed
        flag(reader, uids)  # what the death before it left

    with running_fake_imap(flagging(found, flagged)) as port:
        account = account_of(house, port)
        with monkeypatch.context() as dying:
            dying.setattr(FolderReader, "_flag", killed)
            for uid in range(1, 101):
                found[uid] = a_letter()
                with pytest.raises(Killed):
                    fetched_again(account)
                Lease.objects.update(holder="")  # instead of waiting until it runs out
        assert (InboundEmail.objects.count(), len(flagged)) == (100, 99)
        assert fetched_again(account) == 0
    assert flagged == set(found)
    take_in()
    assert outcomes() == {Status.STORED: 100}


# ---- 13, 14: for whom? ----------------------------------------------------------------------------


def test_13_a_mail_to_two_addresses_of_ours_is_in_each_queue_once(house: House) -> None:
    letter = a_letter(To="support@carteria.test, sales@carteria.test")
    with running_fake_imap(serving({1: letter})) as port:
        first = account_of(house, port)
        second = account_at_fake(port)
        make_mailbox("sales@carteria.test", queue=house.other, account=second)
        assert [fetch(first), fetch(second), fetched_again(first)] == [1, 1, 0]
    take_in()
    assert Counter(Session.objects.values_list("queue", flat=True)) == {
        house.support.pk: 1,
        house.other.pk: 1,
    }


def test_13_in_one_inbox_a_mail_to_two_addresses_is_one_session(house: House) -> None:
    letter = a_letter(To="sales@carteria.test, support@carteria.test")
    with running_fake_imap(serving({1: letter})) as port:
        account = account_of(house, port)
        make_mailbox("sales@carteria.test", queue=house.other, account=account)
        assert fetch(account) == 1
    take_in()
    assert Session.objects.get().queue == house.other  # whom the writer named first


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({}, "support@carteria.test"),  # only in Bcc: the account's first mailbox
        ({"Delivered_To": "sales@carteria.test"}, "sales@carteria.test"),
    ],
)
def test_14_a_mail_that_does_not_name_us_is_answered_from_the_address_it_came_to(
    house: House, headers: dict[str, str], address: str
) -> None:
    letter = a_letter(To="list@elsewhere.test", **headers)
    with running_fake_imap(serving({1: letter})) as port:
        account = account_of(house, port)
        make_mailbox("sales@carteria.test", queue=house.other, account=account)
        fetch(account)
    take_in()
    session = Session.objects.get()
    assert session.queue == (house.other if headers else house.support)
    answer = reply(session, Letter(text="Yes"), by=house.admin)
    assert answer.from_email == address


# ---- 15: slowed down ------------------------------------------------------------------------------


def test_15_a_server_that_slows_us_down_is_asked_ever_less_and_caught_up_with(
    house: House,
) -> None:
    found = {7: a_letter()}

    def throttles(tag: bytes, command: bytes) -> bytes | None:
        if command.upper().startswith(b"LOGIN"):
            return tag + b" NO User is authenticated but not connected.\r\n"
        return serving(found)(tag, command)

    pauses: list[int] = []
    with running_fake_imap(throttles) as port:
        account = account_of(house, port)
        for _time in range(7):
            fetched_again(account)
            account.refresh_from_db()
            assert (account.status, account.status_code) == ("throttled", "throttled")
            pauses.append(round((account.next_fetch_at - timezone.now()).total_seconds() / 30))
    assert pauses == [1, 2, 4, 8, 16, 30, 30]  # half minutes: a quarter of an hour at most
    found[8] = a_letter()
    with running_fake_imap(serving(found)) as port:
        EmailAccount.objects.update(receive_port=port)
        assert fetched_again(account) == 2
    account.refresh_from_db()
    assert (account.status, account.failures) == ("ok", 0)


# ---- 16: what is wrong? ---------------------------------------------------------------------------


def _says(word: bytes, answer: bytes) -> Answer:
    def scripted(tag: bytes, command: bytes) -> bytes | None:
        if command.upper().startswith(word):
            return answer.replace(b"TAG", tag)
        return serving({}, capabilities="QUOTA")(tag, command)

    return scripted


def _free_port() -> int:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        return int(nobody.getsockname()[1])


@pytest.mark.parametrize(
    ("code", "word", "answer"),
    [
        ("password", b"LOGIN", b"TAG NO [AUTHENTICATIONFAILED] no\r\n"),
        ("method-disabled", b"LOGIN", b"TAG NO [PRIVACYREQUIRED] plaintext is disabled\r\n"),
        ("folder-missing", b"EXAMINE", b"TAG NO [NONEXISTENT] no such folder\r\n"),
        ("quota", b"GETQUOTAROOT", b'* QUOTA "all" (STORAGE 9 9)\r\nTAG OK done\r\n'),
    ],
)
def test_16_the_connection_test_names_what_the_server_minds(
    code: str, word: bytes, answer: bytes
) -> None:
    with running_fake_imap(_says(word, answer)) as port:
        said = diagnose.test_receive(account_at_fake(port))
    assert said.code == code
    assert len(said.sentence) > 20


def test_16_the_connection_test_names_what_is_in_the_way() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("elsewhere.test").configure_cert(context)
    with authority.cert_pem.tempfile() as ca_file, running_fake_imap(tls=context) as port:
        odd = {
            "dns": account_at_fake(993, receive_host="no.such.host.invalid"),
            "refused": account_at_fake(_free_port()),
            "tls-name": account_at_fake(port, receive_tls="implicit", receive_ca_file=ca_file),
        }
        said = {code: diagnose.test_receive(account) for code, account in odd.items()}
    assert {code: one.code for code, one in said.items()} == {code: code for code in odd}
    assert len({one.sentence for one in said.values()}) == 3

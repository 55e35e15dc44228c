"""*Test connection* names the cause and the cure."""

import socket
from base64 import b64encode

import pytest

from apps.channels import diagnose
from apps.core.secrets import seal
from tests.channels.mailboxes import account_at, account_at_fake
from tests.people import make_account
from tests.servers.dovecot import Dovecot
from tests.servers.fake_imap import running_fake_imap, serving

pytestmark = pytest.mark.django_db


def test_all_is_well(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    dovecot.make_folder(user, "Done")
    dovecot.deliver(user, b"Subject: x\r\n\r\n")
    account = account_at(dovecot, user, after="move", after_folder="Done")
    answer = diagnose.test_receive(account)
    assert answer.ok
    assert "INBOX (1)" in answer.sentence
    assert "IDLE" in answer.sentence


def test_a_missing_target_folder_is_found_before_the_first_mail(dovecot: Dovecot) -> None:
    account = account_at(dovecot, dovecot.new_user(), after="move", after_folder="Done")
    answer = diagnose.test_receive(account)
    assert (answer.ok, answer.code) == (False, "folder-missing")
    assert "Done" in answer.sentence
    assert "INBOX" in answer.sentence


def test_a_port_that_talks_nothing_is_a_timeout(monkeypatch) -> None:
    monkeypatch.setattr("apps.channels.transports.imap_wire.CONNECT_SECONDS", 0.5)
    with running_fake_imap(greeting=b"") as port:
        answer = diagnose.test_receive(account_at_fake(port))
    assert answer.code == "timeout"
    assert f"127.0.0.1:{port}" in answer.sentence


def test_signing_in_by_password_may_be_switched_off() -> None:
    with running_fake_imap(serving({}, capabilities="LOGINDISABLED")) as port:
        assert diagnose.test_receive(account_at_fake(port)).code == "method-disabled"


def test_a_full_mailbox_is_named() -> None:
    def full(tag: bytes, command: bytes) -> bytes:
        if command.upper().startswith(b"GETQUOTAROOT"):
            told = b'* QUOTAROOT INBOX "all"\r\n* QUOTA "all" (STORAGE 500 500)\r\n'
            return told + tag + b" OK done\r\n"
        return serving({}, capabilities="QUOTA")(tag, command)

    with running_fake_imap(full) as port:
        answer = diagnose.test_receive(account_at_fake(port))
    assert answer.code == "quota"
    assert "500" in answer.sentence


def test_another_key_for_the_passwords_is_named(settings) -> None:
    account = account_at_fake(9, receive_password="gAAAAA-not-sealed-here")
    assert diagnose.test_receive(account).code == "wrong-key"


def test_something_else_than_imap_is_named() -> None:
    with running_fake_imap(greeting=b"220 smtp.example ESMTP\r\n") as port:
        assert diagnose.test_receive(account_at_fake(port)).code == "protocol"


def test_sending_to_nobody_is_refused() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        answer = diagnose.test_send(make_account(send_port=port))
    assert answer.code == "refused"
    assert f"127.0.0.1:{port}" in answer.sentence


@pytest.mark.parametrize(("key", "code"), [("", "password"), ("a-key", "ok")])
def test_a_provider_has_no_server_to_sign_in_to(key: str, code: str) -> None:
    account = make_account(send_kind="anymail", provider="mailgun", provider_key=seal(key))
    answer = diagnose.test_send(account)
    assert answer.code == code
    assert "587" not in answer.sentence


def test_an_unknown_server_is_named() -> None:
    answer = diagnose.test_send(make_account(send_host="no.such.host.invalid"))
    assert answer.code == "dns"


@pytest.mark.parametrize(
    ("settings_", "code"),
    [
        ({}, "ok"),
        ({"send_user": "ann", "send_password": "right"}, "ok"),
        ({"send_user": "ann", "send_password": "wrong"}, "password"),
        ({"send_tls": "starttls"}, "tls"),
        ({"send_tls": "implicit"}, "tls"),
    ],
)
def test_signing_in_to_send(settings_: dict[str, str], code: str) -> None:
    fields = dict(settings_)
    fields["send_password"] = seal(fields.get("send_password", ""))
    with smtp_that_knows("ann", "right") as port:
        answer = diagnose.test_send(make_account(send_port=port, **fields))
    assert answer.code == code
    assert "right" not in answer.sentence.split()


def smtp_that_knows(user: str, password: str):
    """A few lines of SMTP are enough; the sink of the journey is for real mail."""
    secret = b64encode(f"\0{user}\0{password}".encode()).strip()

    def answer(_tag: bytes, _command: bytes) -> bytes:
        line = b" ".join(part for part in (_tag, _command) if part)
        if line.upper().startswith(b"EHLO"):
            return b"250-smtp.test\r\n250 AUTH PLAIN\r\n"
        if line.upper().startswith(b"AUTH PLAIN"):
            return b"235 fine\r\n" if line.split()[-1] == secret else b"535 5.7.8 no\r\n"
        return b"221 bye\r\n" if line.upper() == b"QUIT" else b"502 no\r\n"

    return running_fake_imap(answer, greeting=b"220 smtp.test ESMTP\r\n")

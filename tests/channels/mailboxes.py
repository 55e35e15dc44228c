"""Accounts at test servers, and the mails in them."""

from typing import Any

from apps.channels.fetch import fetch
from apps.channels.models import ChannelSettings, EmailAccount
from apps.channels.transports.imap import ImapInbox
from apps.channels.transports.login import Login
from apps.core.secrets import seal
from tests.people import make_account, make_mailbox
from tests.servers.dovecot import PASSWORD, Dovecot

CONSOLE = "http://console.test"


def switch_on() -> ChannelSettings:
    settings = ChannelSettings.load()
    settings.enabled, settings.external_url = True, CONSOLE
    settings.save()
    return settings


def mails(count: int, start: int = 0) -> list[bytes]:
    return [f"Subject: mail {n}\r\n\r\nBody {n}\r\n".encode() for n in range(start, start + count)]


def account_at(dovecot: Dovecot, user: str, **fields: Any) -> EmailAccount:
    fields = {"receive_tls": "none", "start": "all", "receive_host": "127.0.0.1"} | fields
    account = make_account(
        receive_port=fields.pop("receive_port", dovecot.port),
        receive_user=user,
        receive_password=seal(fields.pop("password", PASSWORD)),
        **fields,
    )
    make_mailbox(account=account)
    return account


def inbox_of(dovecot: Dovecot, user: str) -> ImapInbox:
    return ImapInbox(Login("127.0.0.1", dovecot.port, "none", user, PASSWORD))


def unseen(dovecot: Dovecot, user: str, folder: str = "INBOX") -> int:
    with inbox_of(dovecot, user) as inbox:
        inbox.select(folder)
        return len(inbox.unseen())


def fetched_again(account: EmailAccount) -> int:
    account.refresh_from_db()
    return fetch(account)


def account_at_fake(port: int, **fields: Any) -> EmailAccount:
    fields = {"start": "all", "receive_user": "x"} | fields
    return make_account(receive_port=port, **fields)

"""*Test connection*: signs in to the servers of an account and names what is wrong."""

import smtplib
from dataclasses import dataclass

from apps.channels.fetch import login_of
from apps.channels.models import EmailAccount
from apps.channels.send import sign_in_only
from apps.channels.transports.errors import TransportError, connection_error
from apps.channels.transports.imap import ImapInbox
from apps.core.errors import Problem


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`code` is ok, dns, refused, timeout, tls, tls-name, password, method-disabled, …"""

    ok: bool
    code: str
    sentence: str


def test_receive(account: EmailAccount) -> Diagnosis:
    """Signs in and opens every watched folder; fetches and flags nothing."""
    try:
        with ImapInbox(login_of(account)) as inbox:
            counts = [inbox.select(name) for name in account.watched_folders]
            idle = "with" if inbox.can_idle else "without"
    except (TransportError, Problem) as error:
        return Diagnosis(False, error.code, error.sentence)
    folders = ", ".join(f"{folder.name} ({folder.exists} mails)" for folder in counts)
    return Diagnosis(True, "ok", f"Signed in; {folders}; {idle} IDLE.")


def test_send(account: EmailAccount) -> Diagnosis:
    """Signs in; no mail is sent."""
    try:
        sign_in_only(account)
    except (OSError, smtplib.SMTPException, Problem) as error:
        return _send_diagnosis(error, account)
    return Diagnosis(True, "ok", "Signed in; no mail was sent.")


def _send_diagnosis(error: Exception, account: EmailAccount) -> Diagnosis:
    host = account.send_host
    match error:
        case Problem():
            return Diagnosis(False, error.code, error.sentence)
        case smtplib.SMTPAuthenticationError():
            sentence = f"{host} refuses user name and password; check both."
            return Diagnosis(False, "password", sentence)
        case smtplib.SMTPNotSupportedError():
            sentence = f"{host} does not offer this encryption or sign-in; choose another one."
            return Diagnosis(False, "method-disabled", sentence)
        case smtplib.SMTPException():
            sentence = f"{host}:{account.send_port} does not speak SMTP like this; check the port."
            return Diagnosis(False, "protocol", sentence)
    trouble = connection_error(error, host, account.send_port)
    return Diagnosis(False, trouble.code, trouble.sentence)

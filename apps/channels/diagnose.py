"""*Test connection*: signs in to the servers of an account and names what is wrong."""

import smtplib
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.channels import junk
from apps.channels.fetch import signed_in
from apps.channels.forecast import note_certificate
from apps.channels.models import EmailAccount
from apps.channels.oauth.tokens import ask_at_once
from apps.channels.smtp_line import sign_in_only
from apps.channels.transports.errors import TransportError, connection_error
from apps.channels.transports.imap import ImapInbox
from apps.channels.transports.pop3 import Pop3Inbox
from apps.core.errors import Problem
from apps.core.sentences import gettext_noop


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`code` is ok, dns, refused, timeout, tls, tls-name, password, method-disabled,
    folder-missing, quota, throttled, protocol, or one of OAuth's that begin with oauth-."""

    ok: bool
    code: str
    sentence: str


def test_receive(account: EmailAccount) -> Diagnosis:
    """Signs in and looks into every folder that is named; fetches and flags nothing."""
    if account.receive_kind == EmailAccount.Receive.PROVIDER:
        return _brought(account)
    ask_at_once(account)
    try:
        if account.receive_kind == EmailAccount.Receive.POP3:
            return _look_into_maildrop(account)
        with signed_in(account, ImapInbox) as inbox:
            note_certificate(account, "receive", inbox.certificate_until)
            return _look_around(inbox, account)
    except TransportError as error:
        return _said(error)
    except Problem as problem:
        return Diagnosis(False, problem.code, problem.sentence)


def _brought(account: EmailAccount) -> Diagnosis:
    """Nobody can be asked: the provider comes by itself."""
    if account.status == EmailAccount.Status.FAILING:
        return Diagnosis(False, account.status_code, account.status_sentence)
    if account.last_fetched_at is None:
        sentence = _("Nothing came yet. Do the steps at the provider, then write a mail.")
        return Diagnosis(False, "nothing-came", sentence)
    return Diagnosis(True, "ok", _("Mail comes; its provider brings it."))


def _look_into_maildrop(account: EmailAccount) -> Diagnosis:
    with signed_in(account, Pop3Inbox) as inbox:
        note_certificate(account, "receive", inbox.certificate_until)
        count = len(inbox.listing())
    sentence = _("Signed in. Mails in the mailbox: %(count)s; by POP3, mail comes by the interval.")
    return Diagnosis(True, "ok", sentence % {"count": count})


def _look_around(inbox: ImapInbox, account: EmailAccount) -> Diagnosis:
    if junk.is_sought(account) and (unknown := junk.note(account, inbox.junk_folders())):
        raise unknown
    counts = [inbox.select(name, writable=False) for name in account.watched_folders]
    if account.after == EmailAccount.After.MOVE:
        inbox.select(account.after_folder, writable=False)
    if used := inbox.used_up():
        sentence = _("The mailbox of %(user)s at %(host)s is full (%(used)s); make room in it.")
        facts = {"user": account.receive_user, "host": account.receive_host, "used": used}
        return Diagnosis(False, "quota", sentence % facts)
    folders = ", ".join(f"{folder.name} ({folder.exists})" for folder in counts)
    idle = (
        _("the server tells of new mail at once (IDLE)")
        if inbox.can_idle
        else _("the server has no IDLE, so mail comes by the interval")
    )
    sentence = _("Signed in. Mails by folder: %(folders)s; %(idle)s.")
    return Diagnosis(True, "ok", sentence % {"folders": folders, "idle": idle})


def test_send(account: EmailAccount) -> Diagnosis:
    """Signs in; no mail is sent."""
    if account.send_kind == EmailAccount.Send.ANYMAIL:
        return _by_interface(account)
    ask_at_once(account)
    try:
        sign_in_only(account)
    except TransportError as error:
        return _said(error)
    except Problem as problem:
        return Diagnosis(False, problem.code, problem.sentence)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        return _said(_smtp_error(error, account))
    return Diagnosis(True, "ok", _("Signed in; no mail was sent."))


def _by_interface(account: EmailAccount) -> Diagnosis:
    """No question that all providers answer says whether a key may send: a mail is the test."""
    if not account.provider_key:
        return Diagnosis(False, "password", _("The account has no key of its mail provider."))
    sentence = _("There is a key. Whether %(provider)s takes it, a mail to yourself shows.")
    return Diagnosis(True, "ok", sentence % {"provider": account.get_provider_display()})


def _smtp_error(error: Exception, account: EmailAccount) -> TransportError:
    host, port = account.send_host, account.send_port
    if not isinstance(error, smtplib.SMTPException):
        return connection_error(error, host, port)
    code, template = _smtp_cause(error)
    return TransportError(code, template, host=host, port=port)


def _smtp_cause(error: smtplib.SMTPException) -> tuple[str, str]:
    answer = getattr(error, "smtp_code", 0)
    if answer in {421, 450, 451, 454}:
        return "throttled", gettext_noop(
            "%(host)s:%(port)s asks us to come back later; wait some minutes and try again."
        )
    if answer in {452, 552}:
        return "quota", gettext_noop("The mailbox at %(host)s:%(port)s is full; make room in it.")
    if answer in {504, 534, 538}:
        return "method-disabled", _METHOD_DISABLED
    match error:
        case smtplib.SMTPAuthenticationError():
            return "password", gettext_noop(
                "%(host)s:%(port)s refuses the user name or the password; check both. Some"
                " providers want an app password here."
            )
        case smtplib.SMTPNotSupportedError():
            if "STARTTLS" in str(error):
                return "tls", gettext_noop(
                    "%(host)s:%(port)s offers no STARTTLS; choose implicit TLS with its port."
                )
            return "method-disabled", _METHOD_DISABLED
    return "protocol", gettext_noop(
        "%(host)s:%(port)s does not speak SMTP like this; check port and encryption."
    )


_METHOD_DISABLED = gettext_noop(
    "%(host)s:%(port)s does not allow signing in by password like this; choose an encryption, or"
    " allow SMTP with password at the provider."
)


def _said(error: TransportError) -> Diagnosis:
    """In the language of whoever asks."""
    sentence = _(error.template) % error.facts if error.facts else _(error.template)
    return Diagnosis(False, error.code, sentence)

"""Mails to our own people: the invitation, and the link for a forgotten password.

They leave through the mailbox that Settings > Email > Channel names, marked as made by a machine,
in the language of the reader. The network is talked to here: never inside a transaction.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import formataddr, make_msgid
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import utf8_charset_qp
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from apps.channels.compose import clean_line, wire_address
from apps.channels.models import ChannelSettings, Mailbox
from apps.channels.send import Envelope, send
from apps.console.people.links import FORGOTTEN, INVITATION, console_address, link_for
from apps.core.errors import Invalid, Problem, Unavailable
from apps.core.invitations import Invited
from apps.core.models import User

log = logging.getLogger(__name__)

MARKS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


@dataclass(frozen=True, slots=True)
class Notice:
    subject: str
    before: Sequence[str]
    button: str
    after: Sequence[str]


def send_invitation(user: User) -> Invited:
    link = link_for(user, INVITATION)
    try:
        send_notice(user, _invitation, link)
    except Problem as problem:
        return Invited(problem.sentence, link)
    return Invited("", link)


def send_link(user: User) -> None:
    """For who forgot the password. Nobody waits for the outcome, so it goes into the log."""
    try:
        send_notice(user, _forgotten, link_for(user, FORGOTTEN))
    except Problem as problem:
        log.warning("a link could not be sent", extra={"user": user.pk, "code": problem.code})


# ---- the words --------------------------------------------------------------------------------


def _invitation(user: User) -> Notice:
    return Notice(
        subject=_("Your account at Carteria"),
        before=[
            _("Hello %(name)s,") % {"name": user.display_name},
            _("an account was made for you. Choose a password, then you can sign in."),
            _("Your user name: %(user)s") % {"user": user.username},
        ],
        button=_("Choose a password"),
        after=[
            _("The link works once, for seven days."),
            _("Later you sign in here: %(address)s") % {"address": _sign_in_address()},
        ],
    )


def _forgotten(user: User) -> Notice:
    return Notice(
        subject=_("A new password for Carteria"),
        before=[
            _("Hello %(name)s,") % {"name": user.display_name},
            _("somebody asked for a new password for your account. Was it you? Choose one here."),
            _("Your user name: %(user)s") % {"user": user.username},
        ],
        button=_("Choose a password"),
        after=[
            _("The link works once, for two hours."),
            _("Was it not you? Then do nothing: your password stays as it is."),
        ],
    )


def _sign_in_address() -> str:
    return console_address() + reverse("account_login")


# ---- the way out ------------------------------------------------------------------------------


def send_notice(user: User, write: Callable[[User], Notice], link: str) -> None:
    """The mail speaks USER's language; a Problem says why it did not leave, in the caller's."""
    mailbox = _mailbox()
    if not user.email:
        raise Invalid("no-address", _("This user has no email address."))
    recipient = wire_address(user.email)
    with translation.override(user.language):
        raw = _composed(mailbox, recipient, write(user), link)
    envelope = Envelope(mailbox.address, (recipient,))
    outcome = send(mailbox.account, envelope, raw, before_data=lambda: None)
    if outcome.kind != "sent":
        raise Unavailable("not-sent", outcome.sentence)


def _mailbox() -> Mailbox:
    channel = ChannelSettings.objects.select_related("notice_mailbox__account").first()
    if channel is None or channel.notice_mailbox is None:
        raise Unavailable(
            "no-mailbox",
            _("No mailbox for invitations is chosen: Settings > Email > Channel."),
        )
    if not console_address():
        raise Unavailable(
            "no-console-address",
            _("The console address is missing: Settings > Email > Channel."),
        )
    return channel.notice_mailbox


def _composed(mailbox: Mailbox, recipient: str, notice: Notice, link: str) -> bytes:
    facts = {"notice": notice, "link": link, "language": translation.get_language()}
    domain = wire_address(mailbox.address).rpartition("@")[2]
    mail = EmailMultiAlternatives(
        subject=clean_line(notice.subject, 200),
        body=render_to_string("console/people/mail.txt", facts),
        from_email=formataddr((clean_line(mailbox.from_name, 100), wire_address(mailbox.address))),
        to=[recipient],
        headers={**MARKS, "Message-ID": make_msgid(domain=domain)},
    )
    mail.encoding = utf8_charset_qp  # 7-bit, so that any server takes it
    mail.attach_alternative(render_to_string("console/people/mail.html", facts), "text/html")
    written: Any = mail.message()  # Django's, which knows line ends; its stubs do not
    return bytes(written.as_bytes(linesep="\r\n"))

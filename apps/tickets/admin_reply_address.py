"""The buttons of a mailbox's page that try its reply address with a token, and switch it off."""

from django.contrib import messages
from django.utils.translation import gettext as _

from apps.channels.admin_mailboxes import MailboxAdmin
from apps.channels.models import Mailbox
from apps.core.errors import Problem
from apps.tickets import reply_address

State = Mailbox.ReplyToken


def try_it(mailbox: Mailbox) -> tuple[int, str]:
    try:
        now = reply_address.try_out(mailbox)
    except Problem as problem:
        return messages.ERROR, problem.sentence
    if now.reply_token_sentence:
        return messages.ERROR, now.reply_token_sentence
    if now.reply_token == State.ON and not now.reply_token_nonce:
        return messages.SUCCESS, _("The trial mail has arrived already.")
    return messages.SUCCESS, _("The trial mail is on its way. Load this page again in a minute.")


def switch_it_off(mailbox: Mailbox) -> tuple[int, str]:
    reply_address.switch_off(mailbox)
    return messages.SUCCESS, _("Switched off: answers are asked for at the plain address.")


MailboxAdmin.verbs |= {
    "try-reply-address": try_it,
    "switch-off-reply-address": switch_it_off,
}

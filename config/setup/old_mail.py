"""How much mail lies in the watched folders already, asked of the server now."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.channels.fetch import signed_in
from apps.channels.models import EmailAccount
from apps.channels.transports.errors import TransportError
from apps.channels.transports.imap import ImapInbox
from apps.channels.transports.login import Login
from apps.channels.transports.pop3 import Pop3Inbox
from apps.core.errors import Problem


@dataclass(frozen=True, slots=True)
class OldMail:
    """Numbers, or the sentence that says why there are none."""

    unread: int | None = 0  # None: nobody knows
    total: int = 0
    trouble: str = ""

    @property
    def sentence(self) -> str:
        if self.trouble:
            return _("The server could not be asked: %(why)s") % {"why": self.trouble}
        total = ngettext("%(count)s mail in all", "%(count)s mails in all", self.total)
        total %= {"count": self.total}
        if self.unread is None:
            return _("%(total)s.") % {"total": total}
        unread = ngettext("%(count)s unread mail", "%(count)s unread mails", self.unread)
        return _("%(unread)s, %(total)s.") % {
            "unread": unread % {"count": self.unread},
            "total": total,
        }


def count(account: EmailAccount) -> OldMail:
    """Looks only: nothing is flagged. POP3 does not tell what was read."""
    unread = total = 0
    try:
        if account.receive_kind == EmailAccount.Receive.POP3:
            return signed_in(account, _in_maildrop)
        with signed_in(account, ImapInbox) as inbox:
            for name in account.watched_folders:
                total += inbox.select(name, writable=False).exists
                unread += len(inbox.unseen())
    except TransportError as error:
        return OldMail(trouble=_(error.template) % error.facts)
    except Problem as problem:
        return OldMail(trouble=problem.sentence)
    return OldMail(unread, total)


def _in_maildrop(login: Login) -> OldMail:
    with Pop3Inbox(login) as inbox:
        return OldMail(None, len(inbox.listing()))

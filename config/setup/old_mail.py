"""How much mail lies in the watched folders already, asked of the server now."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.channels.fetch import signed_in
from apps.channels.models import EmailAccount
from apps.channels.transports.errors import TransportError
from apps.channels.transports.imap import ImapInbox
from apps.core.errors import Problem


@dataclass(frozen=True, slots=True)
class OldMail:
    """Numbers, or the sentence that says why there are none."""

    unread: int = 0
    total: int = 0
    trouble: str = ""

    @property
    def sentence(self) -> str:
        if self.trouble:
            return _("The server could not be asked: %(why)s") % {"why": self.trouble}
        unread = ngettext("%(count)s unread mail", "%(count)s unread mails", self.unread)
        total = ngettext("%(count)s mail in all", "%(count)s mails in all", self.total)
        return _("%(unread)s, %(total)s.") % {
            "unread": unread % {"count": self.unread},
            "total": total % {"count": self.total},
        }


def count(account: EmailAccount) -> OldMail:
    """Looks only: nothing is flagged."""
    unread = total = 0
    try:
        with signed_in(account, ImapInbox) as inbox:
            for name in account.watched_folders:
                total += inbox.select(name, writable=False).exists
                unread += len(inbox.unseen())
    except TransportError as error:
        return OldMail(trouble=_(error.template) % error.facts)
    except Problem as problem:
        return OldMail(trouble=problem.sentence)
    return OldMail(unread, total)

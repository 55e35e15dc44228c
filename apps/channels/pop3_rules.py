"""What POP3 cannot do, told before somebody relies on it.

It knows one maildrop: no folders, no flags, no dates, no word of new mail (IDLE). So it keeps or
deletes what is stored, begins with all mail or with none, and old mail cannot be brought in later.
"""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from apps.core.rules import Problem

EmailAccount = Any  # models.py asks rules.py, so it cannot be imported here


def account_problems(account: EmailAccount) -> Iterator[Problem]:
    if account.receive_kind != account.Receive.POP3:
        return
    if account.after not in (account.After.KEEP, account.After.DELETE):
        yield (
            "after",
            _(
                "POP3 can neither mark a mail nor move it. Choose “leave as it is” or “delete on"
                " the server”."
            ),
        )
    if account.start not in (account.Start.NOW, account.Start.ALL):
        yield (
            "start",
            _(
                "POP3 tells neither dates nor which mail was read. Choose “only mail that arrives"
                " from now on” or “all mail in the folder”."
            ),
        )
    yield from _folder_problems(account)


def _folder_problems(account: EmailAccount) -> Iterator[Problem]:
    if [name for name in account.folders if name.upper() != "INBOX"]:
        yield (
            "folders",
            _("POP3 knows no folders but the inbox. Leave “Folders” empty, or receive by IMAP."),
        )
    if account.watch_junk:
        yield (
            "watch_junk",
            _("POP3 does not show the folder of junk mail. Switch this off, or receive by IMAP."),
        )

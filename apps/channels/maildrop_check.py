"""Counting the ledger against a maildrop of POP3: each name that is listed has its row.

Whatever has none is taken by the next fetch, as all that is new. It is an alarm where a mail that
stands behind it has a row: then it was there when we looked, and was passed over. Nobody fetches
meanwhile, since some servers open a mailbox for one program at a time.
"""

import time

from django.utils.translation import gettext as _

from apps.channels import uidls
from apps.channels.fetch import signed_in
from apps.channels.models import EmailAccount, LedgerCheck
from apps.channels.transports.errors import TransportError
from apps.channels.transports.pop3 import Pop3Inbox
from apps.channels.uidls import Drop
from apps.core.errors import Problem
from apps.core.leases import held

LEASE, PATIENCE = 90, 60
NAMED = 1000  # names that a check tells; it counts all


def count(account: EmailAccount, folder: str) -> LedgerCheck:
    check = LedgerCheck(account=account, folder=folder)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with held(f"fetch:{account.pk}", seconds=LEASE) as hold:
            if hold is not None:
                _count(check)
                return check
        time.sleep(0.5)
    check.sentence = _("It is being fetched just now; the next count looks again.")
    return check


def _count(check: LedgerCheck) -> None:
    try:
        with signed_in(check.account, Pop3Inbox) as inbox:
            drop = uidls.compare(check.account, check.folder, inbox.listing())
    except (TransportError, Problem) as error:
        check.sentence = error.sentence
        return
    if drop.is_first or drop.read_otherwise:
        check.sentence = _("It was not read yet.")
        return
    passed_over = _passed_over(drop)
    check.on_server, check.in_ledger = len(drop.listed), len(drop.living)
    check.missing_rows, check.without_row = len(passed_over), passed_over[:NAMED]
    check.waiting = len(drop.new) - len(passed_over)
    check.gone = len(drop.gone)
    drop.note_gone(())


def _passed_over(drop: Drop) -> list[str]:
    known = (mail.number for name, mail in drop.listed.items() if name in drop.living)
    last = max(known, default=0)
    held_back = drop.cursor.held_back
    return [mail.uidl for mail in drop.new if mail.number < last and mail.uidl not in held_back]

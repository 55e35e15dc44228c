"""What a count of the ledger found, in sentences for a newcomer."""

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.channels.models import LedgerCheck

MOST_NAMED = 20


def place_of(check: LedgerCheck) -> str:
    folder = check.folder or _("API and command line")
    return f"{check.account.name} / {folder}"


def sentence_of(check: LedgerCheck) -> str:
    """One line: how it stands, then what is missing and what is done about it."""
    if check.sentence:
        return _("Not counted: %(why)s") % {"why": check.sentence}
    return " ".join([_numbers(check), *_troubles(check), *_remarks(check)])


def _numbers(check: LedgerCheck) -> str:
    facts = {"server": check.on_server, "ledger": check.in_ledger}
    if not check.folder:
        words = _("%(ledger)s in the ledger.")
    else:
        words = _("%(server)s on the server, %(ledger)s in the ledger.")
    return (_("ALARM.") if check.is_alarm else _("All well.")) + " " + words % facts


def _troubles(check: LedgerCheck) -> Iterator[str]:
    if check.missing_rows:
        words = ngettext(
            "%(count)s mail has no row (UID %(named)s); the next fetch brings it in.",
            "%(count)s mails have no row (UID %(named)s); the next fetch brings them in.",
            check.missing_rows,
        )
        yield words % {"count": check.missing_rows, "named": named(check.without_row)}
    if check.missing_raws:
        words = ngettext(
            "%(count)s row has lost its source (row %(named)s): restore the data folder's backup.",
            "%(count)s rows have lost their source (rows %(named)s): restore the data folder's"
            " backup.",
            check.missing_raws,
        )
        yield words % {"count": check.missing_raws, "named": named(check.without_raw)}


def _remarks(check: LedgerCheck) -> Iterator[str]:
    if check.waiting:
        yield _("Still to be fetched: %(count)s.") % {"count": check.waiting}
    if check.gone:
        yield _("Gone from the server since they were stored: %(count)s.") % {"count": check.gone}


def named(numbers: Sequence[int], most: int = MOST_NAMED) -> str:
    more = ", …" if len(numbers) > most else ""
    return ", ".join(str(number) for number in numbers[:most]) + more

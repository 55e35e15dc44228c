"""What the last counts of the ledger found: one line when all is well, else one for each folder."""

from collections.abc import Iterator
from zlib import crc32

from django.urls import reverse_lazy
from django.utils.translation import gettext as _

from apps.channels.ledger_check import latest, watched
from apps.channels.ledger_words import place_of, sentence_of
from apps.channels.models import LedgerCheck
from config.condition.line import Cure, Line, State

SHOWN = 20


def ledger() -> Iterator[Line]:
    checks = watched(latest())
    troubles = sorted(
        (one for one in checks if one.is_alarm or one.sentence), key=lambda one: not one.is_alarm
    )
    if checks and not troubles:
        counted = min(one.at for one in checks)
        fact = _("Every mail on the servers has its row, and every row its source.")
        yield Line("ledger", _("Ledger"), "ok", fact, counted)
    for one in troubles[:SHOWN]:
        yield _line(one)


def _line(check: LedgerCheck) -> Line:
    name = _("Ledger of %(folder)s") % {"folder": place_of(check)}
    page = reverse_lazy("admin:email_channels_ledgercheck_change", args=[check.pk])
    sentence = _("What has no row is fetched again by itself; count again to see it.")
    if check.missing_raws:
        sentence = _("Sources are lost on this machine's disk: restore the data folder's backup.")
    elif check.sentence:
        sentence = _("Cure what it says; it is counted again within the hour.")
    cure = Cure(sentence, page=page, page_name=_("Open the count"))
    state: State = "down" if check.is_alarm else "degraded"
    key = f"ledger-{check.account_id}-{crc32(check.folder.encode()):x}"
    return Line(key, name, state, sentence_of(check), check.at, (cure,), kind="work")

"""Which lines of the health page are alarms, after how long, and who hears of them.

Each minute everything is measured as for the page; what is degraded or down for long enough opens
an alarm (apps/core/alarms.py), which is told once and stands on the front page until it is over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from django.db.models import Count, Subquery
from django.db.models.functions import Now
from django.utils import translation

from apps.channels.models import ChannelSettings
from apps.core import alarms
from apps.core.alarms import Trouble
from apps.core.health import SILENT_AFTER
from apps.core.models import Alarm, Heartbeat
from config.condition.line import Line, span
from config.health_page import measure

MINUTE = 60
# How the key of a line begins: seconds. What is not here is work, not an alarm.
PATIENCE = {
    "account": 15 * MINUTE,
    "certificate": 0,
    "oauth": 0,
    "quota": 0,
    "canary": 0,
    "reply-address": 0,
    "dns": 120 * MINUTE,  # it is looked up again after an hour
    "ledger": 0,
    "received": 3 * MINUTE,
    "sending": 3 * MINUTE,
    "unknown": 15 * MINUTE,  # so long the folder of sent mail may tell
    "restored": 0,
    "loops": 0,
    "failed": 60 * MINUTE,  # so long an agent may correct it
    "updates": 5 * MINUTE,
    "crm": 15 * MINUTE,
    "storage": 15 * MINUTE,
    "pdfs": 15 * MINUTE,
    "scanner": 5 * MINUTE,
    "files": 5 * MINUTE,
    "disk": 2 * MINUTE,
    "database": 5 * MINUTE,
    "clock": 5 * MINUTE,
    "migrations": 5 * MINUTE,
    "secrets": 5 * MINUTE,
    "broker": 3 * MINUTE,
    "idle": 15 * MINUTE,
}
LONGEST = 80  # of a code


def keep() -> None:
    """In the language of the house: the rows have no reader of their own."""
    with translation.override(ChannelSettings.load().language):
        alarms.keep(_troubles(lines()))


def lines() -> list[Line]:
    """What needs somebody, in the language that is set."""
    return measure().troubles


def _troubles(found: Iterable[Line]) -> list[Trouble]:
    return [
        Trouble(code_of(line), line.name, line.fact, line.level, patience)
        for line in found
        if (patience := _patience(line)) is not None
    ]


def code_of(line: Line) -> str:
    """Its key; some bear the name of a folder, however long."""
    if len(line.key) <= LONGEST:
        return line.key
    return f"{line.key[:40]}-{sha256(line.key.encode()).hexdigest()[:39]}"


def _patience(line: Line) -> int | None:
    if line.patience is not None:
        return line.patience
    known = (one for one in PATIENCE if line.key == one or line.key.startswith(f"{one}-"))
    return PATIENCE.get(next(known, ""))


# ---- the front page -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Banner:
    """`silent_for`: seconds since beat gave a sign; then no alarm opens either."""

    open: int
    silent_for: float = 0.0

    @property
    def silent(self) -> str:
        return span(self.silent_for)


def banner() -> Banner | None:
    """One question, since the front page asks many. Nothing where all is well."""
    rows = Alarm.objects.filter(state=Alarm.State.OPEN).order_by().values("state")
    open_ones = Subquery(rows.annotate(n=Count("pk")).values("n"))
    beats = Heartbeat.objects.filter(name="beat").values_list("at", Now(), open_ones)
    for at, now, count in beats:
        silent_for = (now - at).total_seconds()
        if silent_for > SILENT_AFTER.total_seconds():
            return Banner(count or 0, silent_for)
        return Banner(count) if count else None
    return None

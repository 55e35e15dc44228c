"""Which days somebody asks time in state for: `from`, `to` and `zone`, each refused by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.errors import Invalid
from apps.core.models import User

MOST_DAYS = 92
YEARS = range(2000, 2101)


@dataclass(frozen=True, slots=True)
class Span:
    first: date
    last: date
    zone: ZoneInfo

    @property
    def name(self) -> str:
        """For a file."""
        return f"{self.first}_{self.last}" if self.first != self.last else f"{self.first}"


def span_of(asked: Mapping[str, str], user: User) -> Span:
    """Today in the user's own zone, as far as nothing else was asked for."""
    zone = _zone(asked.get("zone") or user.time_zone or timezone.get_current_timezone_name())
    today = timezone.now().astimezone(zone).date()
    last = _day("to", asked.get("to", "")) or _day("from", asked.get("from", "")) or today
    first = _day("from", asked.get("from", "")) or last
    if first > last:
        raise Invalid("invalid", _("to: the last day is before the first one."))
    if last - first >= timedelta(days=MOST_DAYS):
        raise Invalid("invalid", _("to: at most %(most)d days at once.") % {"most": MOST_DAYS})
    return Span(first, last, zone)


def _zone(name: str) -> ZoneInfo:
    if name not in available_timezones():
        raise Invalid("invalid", _("zone: write a name like Europe/Madrid or UTC."))
    return ZoneInfo(name)


def _day(name: str, text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.year not in YEARS or text != day.isoformat():
        raise Invalid("invalid", _("%(field)s: write a day like 2026-11-25.") % {"field": name})
    return day

"""The Date header: tolerant, aware, nothing when it makes no sense."""

from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

LONGEST = 200
YEARS = range(1900, 2200)


def read_date(field: str) -> datetime | None:
    """An unknown or impossible zone is UTC."""
    field = field[:LONGEST].strip()
    try:
        return _rfc_date(field) or _iso_date(field)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _rfc_date(field: str) -> datetime | None:
    found = parsedate_tz(field)
    if found is None or found[0] not in YEARS:
        return None
    year, month, day, hour, minute, second = found[:6]
    zone = _zone(found[9] or 0)
    return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)


def _zone(seconds: int) -> timezone:
    return timezone(timedelta(seconds=seconds)) if abs(seconds) <= 14 * 3600 else UTC


def _iso_date(field: str) -> datetime | None:
    if not field[:4].isdigit():
        return None
    date = datetime.fromisoformat(field)
    if date.year not in YEARS:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)

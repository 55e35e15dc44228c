"""How long a server asks us to wait."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST = 3600.0  # seconds that a server may ask for


def retry_after(header: str | None) -> float | None:
    """Seconds, from a number or a date (RFC 9110, 10.2.3); None where it says nothing."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        return _until(header)
    return None if seconds != seconds else _within(seconds)  # NaN


def _until(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return _within((moment - datetime.now(UTC)).total_seconds())


def _within(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST)

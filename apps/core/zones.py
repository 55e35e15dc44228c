"""Time zones: those that pages offer, and the one that a name means."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones


def zones() -> list[str]:
    """Places; the rest of the list are old names of the same."""
    return ["UTC", *sorted(name for name in available_timezones() if "/" in name)]


def zone_named(name: str) -> ZoneInfo | None:
    """None for no name and for one that this machine does not know."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None

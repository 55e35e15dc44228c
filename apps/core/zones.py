"""The time zones that pages offer."""

from zoneinfo import available_timezones


def zones() -> list[str]:
    """Places; the rest of the list are old names of the same."""
    return ["UTC", *sorted(name for name in available_timezones() if "/" in name)]

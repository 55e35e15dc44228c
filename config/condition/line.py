"""One line of the health page: a state in words, the measured fact, and the cure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import DatabaseError
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.core.health import Backlog

State = Literal["ok", "degraded", "down", "off"]
WORDS = {
    "part": {
        "ok": gettext_lazy("Working"),
        "degraded": gettext_lazy("Needs attention"),
        "down": gettext_lazy("Down"),
        "off": gettext_lazy("Not in use"),
    },
    "work": {
        "ok": gettext_lazy("Fine"),
        "degraded": gettext_lazy("Needs attention"),
        "down": gettext_lazy("Stuck"),
        "off": gettext_lazy("On hold"),
    },
}


@dataclass(frozen=True, slots=True)
class Cure:
    """What to do: a sentence, and a command to type or a page to open.

    The page's address is found by who shows it: a worker that measures knows no pages.
    """

    sentence: str
    command: str = ""
    page: str | Promise = ""
    page_name: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    key: str
    name: str
    state: State
    fact: str
    since: datetime | None = None
    cures: tuple[Cure, ...] = ()
    kind: Literal["part", "work"] = "part"  # of the installation, or what waits in it
    level: int = 0  # of an alarm: warnings that were passed, each is told once
    patience: int | None = None  # seconds until it is an alarm; None: as config/alarms.py says

    @property
    def word(self) -> str:
        return str(WORDS[self.kind][self.state])


@dataclass(frozen=True, slots=True)
class Section:
    key: str
    name: str
    lines: list[Line]


def measured(key: str, name: str, part: Callable[[], Iterable[Line]]) -> list[Line]:
    """A table that is missing or locked costs its own lines, not the page."""
    try:
        return list(part())
    except DatabaseError as error:
        fact = _("The database did not answer this question (%(error)s).") % {
            "error": type(error).__name__
        }
        cure = Cure(
            _("Bring the tables up to date; if they are, the web process's log says more."),
            "python3 manage.py migrate",
        )
        return [Line(key, name, "down", fact, cures=(cure,))]


def waits(found: Backlog) -> str:
    """`3 wait`, or `more than 1000 wait`."""
    if found.more:
        return _("More than %(count)s wait.") % {"count": grouped(found.count)}
    if not found.count:
        return _("Nothing waits.")
    return ngettext("%(count)d waits.", "%(count)d wait.", found.count) % {"count": found.count}


def span(seconds: float) -> str:
    """`12 s`, `4 min`, `3 h`, `2 days`: one unit is enough to judge by."""
    seconds = max(0, round(seconds))
    if seconds < 100:
        return _("%(n)d s") % {"n": seconds}
    if seconds < 100 * 60:
        return _("%(n)d min") % {"n": seconds // 60}
    if seconds < 48 * 3600:
        return _("%(n)d h") % {"n": seconds // 3600}
    days = seconds // 86400
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


def grouped(count: int) -> str:
    """50,000 or 50.000, as the reader is used to."""
    return str(number_format(count, use_l10n=True, force_grouping=True))


def size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if count >= 10 or unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"

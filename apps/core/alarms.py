"""Alarms: each trouble is told once when it has lasted, and once when it is over.

    seen   it is there, and not yet for long enough: nobody hears of what passes by itself
    open   it has lasted: it stands on the front page, and is told
    ended  it has been over for as long: the row is history

What counts as a trouble and how long it has to last, the floors above say. Any number of tasks may
keep alarms at once: every step is one query that one of them wins. Times are the database's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from apps.core.models import Alarm

State = Alarm.State


@dataclass(frozen=True, slots=True)
class Trouble:
    """CODE names it for good; PATIENCE are seconds. A higher LEVEL is told again."""

    code: str
    name: str
    sentence: str
    level: int = 0
    patience: int = 0


def keep(troubles: Iterable[Trouble]) -> None:
    """One look at everything: what is not among TROUBLES is well."""
    living: QuerySet[Any] = Alarm.objects.exclude(state=State.ENDED).annotate(now=Now())
    known = {row.code: row for row in living}
    for trouble in troubles:
        row = known.pop(trouble.code, None)
        if row is None:
            _begin(trouble)
        else:
            _go_on(row, row.now, trouble)
    for row in known.values():
        _is_well(row, row.now)


def _begin(trouble: Trouble) -> None:
    row = Alarm(state=State.SEEN, since=Now(), **_words(trouble))
    if not trouble.patience:
        row.state, row.opened_at = State.OPEN, Now()
    Alarm.objects.bulk_create([row], ignore_conflicts=True)


def _go_on(row: Alarm, now: datetime, trouble: Trouble) -> None:
    said: dict[str, Any] = _words(trouble) | {"well_since": None}
    if trouble.level > row.level:  # of two tasks that see it rise, one has it told again
        higher = {"level": trouble.level, "told_at": None}
        _living(row).filter(level__lt=trouble.level).update(**higher)
    if any(getattr(row, field) != value for field, value in said.items()):
        _living(row).update(**said)
    if row.state == State.SEEN and _lasted(row.since, now, trouble.patience):
        _living(row).filter(state=State.SEEN).update(state=State.OPEN, opened_at=Now())


def _is_well(row: Alarm, now: datetime) -> None:
    if row.state == State.SEEN:
        _living(row).filter(state=State.SEEN).delete()
    elif _lasted(row.well_since or now, now, row.patience):
        _living(row).update(state=State.ENDED, ended_at=Now())
    elif row.well_since is None:
        _living(row).update(well_since=Now())


def _words(trouble: Trouble) -> dict[str, Any]:
    return {
        "code": trouble.code,
        "name": trouble.name[:200],
        "sentence": trouble.sentence,
        "level": trouble.level,
        "patience": trouble.patience,
    }


def _lasted(since: datetime, now: datetime, patience: int) -> bool:
    return now - since >= timedelta(seconds=patience)


def _living(row: Alarm) -> QuerySet[Alarm]:
    return Alarm.objects.filter(pk=row.pk).exclude(state=State.ENDED)


# ---- telling ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class News:
    """What nobody was told of yet; whoever has it is the only one to tell it."""

    opened: list[Alarm]
    ended: list[Alarm]

    def __bool__(self) -> bool:
        return bool(self.opened or self.ended)


def take_news(*, most_a_day: int) -> News:
    """Claimed before it is told: if telling fails, it is not tried again. Nothing while MOST_A_DAY
    were told in 24 hours; what came meanwhile comes with the next. An end is told to whoever heard
    of the beginning."""
    now = timezone.now()
    if _told_since(now - timedelta(days=1)) >= most_a_day:
        return News([], [])
    heard = Alarm.objects.filter(state=State.ENDED, told_at__isnull=False, end_told_at=None)
    heard.update(end_told_at=now)
    Alarm.objects.filter(state=State.OPEN, told_at=None).update(told_at=now)
    return News(
        list(Alarm.objects.filter(state=State.OPEN, told_at=now)),
        list(Alarm.objects.filter(end_told_at=now)),
    )


def _told_since(moment: datetime) -> int:
    """What was told together bears one time."""
    begun = Alarm.objects.filter(told_at__gte=moment).values_list("told_at", flat=True)
    over = Alarm.objects.filter(end_told_at__gte=moment).values_list("end_told_at", flat=True)
    return len({*begun, *over})


def note_trouble(news: News, sentence: str) -> None:
    """Why nobody, or not everybody, was told; empty: all were."""
    rows = Alarm.objects.filter(pk__in=[one.pk for one in (*news.opened, *news.ended)])
    rows.exclude(trouble=sentence).update(trouble=sentence)

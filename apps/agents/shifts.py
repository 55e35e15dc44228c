"""Time in state, day by day, from the rows of StateChange alone.

Every moment is cut to the whole second before anything is subtracted. So the pieces of a day meet
without a gap, and the times in state add up to the shift to the second.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from apps.agents.models import Agent, StateChange
from apps.agents.vocabulary import OFFLINE

CHUNK = 2000  # rows that are in memory at a time


@dataclass(slots=True)
class DayOfAgent:
    """FIRST and LAST are the first sign-in and the last sign-out of this very day.

    Who was on shift at midnight already has no first, who stayed beyond the next one no last.
    """

    agent: Agent
    day: date
    states: dict[str, int] = field(default_factory=dict)  # seconds by effective state, not Offline
    first: datetime | None = None
    last: datetime | None = None

    @property
    def shift(self) -> int:
        """All but Offline, in seconds."""
        return sum(self.states.values())


def time_in_state(
    agents: QuerySet[Agent],
    first_day: date,
    last_day: date,
    zone: ZoneInfo,
    now: datetime | None = None,
) -> Iterator[DayOfAgent]:
    """Every day of every agent, by agent: two queries, however many there are."""
    days = _Days(first_day, last_day, zone, _second(now or timezone.now()))
    changes = _changes(agents, days)
    change = next(changes, None)
    for agent in _with_beginning(agents, days):
        tally = _Tally(agent, days)
        while change is not None and change.agent_id == agent.pk:
            tally.move(change)
            change = next(changes, None)
        yield from tally.days()


class _Days:
    """Days of a zone, and the second in which each of them begins."""

    def __init__(self, first: date, last: date, zone: ZoneInfo, now: int) -> None:
        self.all = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        self.zone = zone
        self.now = now
        # A midnight that the clocks leap over is the moment of the leap itself.
        self._begins = [_midnight(day, zone) for day in [*self.all, last + timedelta(days=1)]]

    @property
    def begin(self) -> int:
        return self._begins[0]

    @property
    def end(self) -> int:
        return self._begins[-1]

    def place(self, second: int) -> int:
        """Of the day that SECOND falls into; callers stay between begin and end."""
        return bisect_right(self._begins, second) - 1

    def pieces(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Place of the day and seconds in it, for what lasts from START until END."""
        while start < end:
            place = self.place(start)
            until = min(end, self._begins[place + 1])
            yield place, until - start
            start = until


class _Tally:
    """One agent's walk through the changes."""

    def __init__(self, agent: Agent, days: _Days) -> None:
        self._days = days
        self._state = getattr(agent, "beginning", None) or OFFLINE
        self._since = days.begin
        self._found = [DayOfAgent(agent, day) for day in days.all]

    def move(self, change: StateChange) -> None:
        at = max(_second(change.at), self._since)  # a clock that was set back takes nothing away
        self._last_until(at)
        if (self._state == OFFLINE) != (change.after == OFFLINE):
            day = self._found[self._days.place(at)]
            moment = datetime.fromtimestamp(at, self._days.zone)
            if change.after == OFFLINE:
                day.last = moment
            else:
                day.first = day.first or moment
        self._state, self._since = change.after, at

    def days(self) -> list[DayOfAgent]:
        """What is open counts until now."""
        self._last_until(min(self._days.end, max(self._days.now, self._since)))
        return self._found

    def _last_until(self, end: int) -> None:
        if self._state == OFFLINE:
            return
        for place, seconds in self._days.pieces(self._since, end):
            states = self._found[place].states
            states[self._state] = states.get(self._state, 0) + seconds


def _with_beginning(agents: QuerySet[Agent], days: _Days) -> Iterable[Agent]:
    """With the state in which each one came into the first day."""
    mine = StateChange.objects.filter(agent=OuterRef("pk"), at__lt=_moment(days.begin))
    latest = mine.order_by("-at", "-pk").values("after")[:1]
    return (
        agents.order_by("pk")
        .select_related("user")
        .annotate(beginning=Subquery(latest))
        .iterator(chunk_size=CHUNK)
    )


def _changes(agents: QuerySet[Agent], days: _Days) -> Iterator[StateChange]:
    """In the order in which they were made: two of them may bear the same moment."""
    return (
        StateChange.objects.filter(agent__in=agents.order_by().values("pk"))
        .filter(at__gte=_moment(days.begin), at__lt=_moment(min(days.end, days.now + 1)))
        .order_by("agent_id", "pk")
        .only("agent_id", "at", "after")
        .iterator(chunk_size=CHUNK)
    )


def _second(moment: datetime) -> int:
    return int(moment.timestamp())


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def _midnight(day: date, zone: ZoneInfo) -> int:
    return _second(datetime.combine(day, time.min, tzinfo=zone))

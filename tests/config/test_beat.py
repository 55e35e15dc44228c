"""The alarm clock goes on when the machine's clock is put back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import Celery

from config import beat
from config.celery import app as ours

EVERY = {"one": 10.0, "other": 60.0}


class Clock:
    def __init__(self) -> None:
        self.wall = self.steady = 1_000_000.0

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.wall, UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(beat, "time", lambda: clock.wall)
    monkeypatch.setattr(beat, "monotonic", lambda: clock.steady)
    return clock


@pytest.fixture
def rung(clock: Clock) -> Callable[[int], list[str]]:
    """What is woken in so many seconds."""
    app = Celery("rings", broker="memory://", set_as_current=False)
    app.now = clock.now  # type: ignore[method-assign]
    rings: list[str] = []

    class Silent(beat.SteadyScheduler):
        def apply_entry(self, entry: Any, producer: Any = None) -> None:
            rings.append(entry.name)

    schedule = {name: {"task": name, "schedule": timedelta(seconds=s)} for name, s in EVERY.items()}
    scheduler = Silent(app)
    scheduler.merge_inplace(schedule)

    def after(seconds: int) -> list[str]:
        rings.clear()
        for _second in range(seconds):
            clock.pass_by(1)
            for _tick in range(10):
                scheduler.tick()
        return sorted(set(rings))

    return after


@pytest.mark.parametrize("hours", [1, 24 * 365])
def test_a_clock_that_is_put_back_stops_nothing(
    clock: Clock, rung: Callable[[int], list[str]], hours: int
) -> None:
    assert rung(61) == ["one", "other"]
    clock.wall -= hours * 3600
    assert rung(11) == ["one"]
    assert rung(61) == ["one", "other"]


def test_what_is_put_right_by_little_wakes_nobody_twice(
    clock: Clock, rung: Callable[[int], list[str]]
) -> None:
    rung(61)
    clock.wall -= 0.5
    assert rung(5) == []


def test_ours_is_the_steady_one() -> None:
    assert ours.conf.beat_scheduler == "config.beat:SteadyScheduler"

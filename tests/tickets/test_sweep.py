"""The sweep: its steps stand for themselves, but a database that is away stops all of them."""

import pytest
from django.db import OperationalError

from apps.tickets import tasks


@pytest.mark.parametrize("place", range(len(tasks._STEPS)))
def test_a_step_that_stumbles_keeps_no_other_from_its_work(
    place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[int] = []

    def step(number: int) -> None:
        if number == place:
            raise KeyError("surprise")
        done.append(number)

    steps = [lambda number=number: step(number) for number in range(len(tasks._STEPS))]
    monkeypatch.setattr(tasks, "_STEPS", steps)
    tasks.sweep()
    assert done == [number for number in range(len(steps)) if number != place]


def test_a_database_that_is_away_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def away() -> None:
        asked.append(True)
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(tasks, "_STEPS", [away, away])
    with pytest.raises(OperationalError):
        tasks.sweep()
    assert len(asked) == 1

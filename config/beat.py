"""Beat, on a clock that may be put back: Celery's would wait until the old time comes again."""

from time import monotonic, time
from typing import Any

from celery.beat import Scheduler

MOST = 1.0  # seconds by which a clock may be put right without a word


class SteadyScheduler(Scheduler):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ahead = _ahead()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        before, self._ahead = self._ahead, _ahead()
        if self._ahead < before - MOST:
            self._begin_anew()
        wait: float = super().tick(*args, **kwargs)
        return wait

    def _begin_anew(self) -> None:
        for entry in self.schedule.values():
            now = entry.default_now()
            if entry.last_run_at is not None and entry.last_run_at > now:
                entry.last_run_at = now
        self._heap = None


def _ahead() -> float:
    """Of the clock that nobody can put back."""
    return time() - monotonic()

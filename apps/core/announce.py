"""Modules announce what happened once it is committed; only tasks.py and live.py listen."""

import logging
from collections import defaultdict
from collections.abc import Callable
from functools import partial

from django.db import transaction
from django.dispatch import Signal

log = logging.getLogger(__name__)

Recorder = Callable[..., None]
_recorders: defaultdict[Signal, list[Recorder]] = defaultdict(list)


def record_with(signal: Signal, recorder: Recorder) -> None:
    """RECORDER, of a floor above, writes its rows in the transaction of what is announced."""
    if recorder not in _recorders[signal]:
        _recorders[signal].append(recorder)


def announce(signal: Signal, **facts: object) -> None:
    """Sends after commit; a listener that fails is logged, never felt by the story."""
    for recorder in _recorders.get(signal, ()):
        recorder(**facts)
    transaction.on_commit(partial(_send, signal, facts))


def _send(signal: Signal, facts: dict[str, object]) -> None:
    for _receiver, answer in signal.send_robust(sender=None, **facts):
        if isinstance(answer, Exception):
            log.warning(
                "a listener failed; the sweep will repeat it",
                extra={"error": type(answer).__name__},
            )

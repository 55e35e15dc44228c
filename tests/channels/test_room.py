"""Mail in memory: large batches one after the other, small ones beside them, nobody for ever."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.channels.room import FOR_ONE, MEGABYTE, ROOM, Room


class Switched(Exception):
    """What a tick raises when nobody wants the mail any more."""


def _never() -> None:
    """A tick of a wait that goes on."""


def _ends_the_wait() -> None:
    raise Switched


def test_no_more_than_the_room_is_taken_at_once() -> None:
    room, lock = Room(), threading.Lock()
    now: list[int] = []
    most: list[int] = []

    def store(size: int) -> None:
        with room.taken(size, tick=_never):
            with lock:
                now.append(size)
                most.append(sum(now))
            threading.Event().wait(0.002)
            with lock:
                now.remove(size)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(store, [FOR_ONE, MEGABYTE, 5 * MEGABYTE, MEGABYTE // 2] * 20, timeout=30))
    assert len(most) == 80
    assert max(most) <= ROOM


def test_a_small_batch_passes_beside_a_large_one_and_a_large_one_waits() -> None:
    room = Room()
    with room.taken(FOR_ONE, tick=_never):
        with room.taken(MEGABYTE, tick=_ends_the_wait):
            pass
        with pytest.raises(Switched), room.taken(FOR_ONE, tick=_ends_the_wait):
            pass
    with room.taken(FOR_ONE, tick=_ends_the_wait):
        pass  # there is room again


def test_a_mail_that_is_larger_than_the_room_is_not_shut_out() -> None:
    with Room().taken(10 * ROOM, tick=_ends_the_wait):
        pass


def test_an_error_while_storing_gives_the_room_back() -> None:
    room = Room()
    with pytest.raises(KeyError), room.taken(FOR_ONE, tick=_never):
        raise KeyError
    with room.taken(FOR_ONE, tick=_ends_the_wait):
        pass

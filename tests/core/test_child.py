"""A call in a child that may be killed: its answer, or one kind of failure within the limits."""

import os
import threading
import time

import pytest

from apps.core.child import ChildFailed, run_limited

THIS = "tests.core.test_child"


def length(argument: bytes) -> object:
    return {"length": len(argument)}


def sleep(_argument: bytes) -> object:
    time.sleep(60)
    return None


def grow(_argument: bytes) -> object:
    return len(bytearray(2**30))


def fail(argument: bytes) -> object:
    raise ValueError(argument.decode())


def environment(_argument: bytes) -> object:
    return dict(os.environ)


for one in (length, sleep, grow, fail, environment):
    one.__module__ = THIS  # pytest's import mode may give it another name


def test_the_answer_of_the_child_comes_back() -> None:
    assert run_limited(length, b"x" * 5_000_000, seconds=10, megabytes=200) == {"length": 5_000_000}


def test_a_child_that_hangs_is_killed() -> None:
    started = time.monotonic()
    with pytest.raises(ChildFailed) as caught:
        run_limited(sleep, b"", seconds=0.5, megabytes=200)
    assert caught.value.code == "timeout"
    assert time.monotonic() - started < 3


def test_a_child_that_grows_fails_alone() -> None:
    with pytest.raises(ChildFailed) as caught:
        run_limited(grow, b"", seconds=10, megabytes=200)
    assert caught.value.code == "crashed"
    assert str(caught.value) == "MemoryError"


def test_an_error_comes_back_without_a_customers_words() -> None:
    with pytest.raises(ChildFailed) as caught:
        run_limited(fail, b"secret words", seconds=10, megabytes=200)
    assert "secret" not in str(caught.value)


def test_the_child_sees_no_secrets() -> None:
    seen = run_limited(environment, b"", seconds=10, megabytes=200)
    assert isinstance(seen, dict)
    assert not {"SECRET_KEY", "CARTERIA_KEY", "DATABASE_URL"} & set(seen)


def test_threads_may_start_children_at_the_same_time() -> None:
    answers: list[object] = []

    def ask() -> None:
        answers.append(run_limited(length, b"abc", seconds=20, megabytes=200))

    threads = [threading.Thread(target=ask) for _one in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [{"length": 3}] * 6

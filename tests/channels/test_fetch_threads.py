"""Fetches on threads of their own: who hangs delays nobody, and nobody is fetched twice at once."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext

import pytest

from apps.channels import fetch_threads
from apps.channels.fetch_threads import FetchThreads
from apps.channels.models import EmailAccount
from apps.channels.tasks import fetch_account
from tests.channels.mailboxes import account_at_fake

HANGING = {1, 2, 3}
PATIENCE = 10  # seconds, only against hanging


class Fetches:
    """Counts them; those of HANGING wait until the test lets them go."""

    def __init__(self) -> None:
        self.begun: Counter[int] = Counter()
        self.ended: Counter[int] = Counter()
        self.at_once, self.most = 0, 0
        self.let_go = threading.Event()
        self.waits: Callable[[], AbstractContextManager[None]] = nullcontext
        self._changed = threading.Condition()

    def __call__(self, account_id: int) -> None:
        self._note(self.begun, account_id, +1)
        if account_id in HANGING:
            with self.waits():
                self.let_go.wait(PATIENCE)
        self._note(self.ended, account_id, -1)

    def _note(self, counter: "Counter[int]", account_id: int, more: int) -> None:
        with self._changed:
            counter[account_id] += 1
            self.at_once += more
            self.most = max(self.most, self.at_once)
            self._changed.notify_all()

    def wait_for(self, counter: "Counter[int]", accounts: set[int]) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: accounts <= counter.keys(), PATIENCE)


@pytest.fixture
def fetches(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fetches]:
    """Database connections belong to the test's own thread."""
    monkeypatch.setattr(fetch_threads, "close_old_connections", lambda: None)
    fetches = Fetches()
    yield fetches
    fetches.let_go.set()


def test_whoever_hangs_keeps_nobody_from_being_fetched(fetches: Fetches) -> None:
    threads = FetchThreads(at_work=8, most=8)
    for account in range(1, 11):
        threads.hand_over(account, fetches)
    assert fetches.wait_for(fetches.ended, set(range(4, 11)))
    assert fetches.begun.keys() - fetches.ended.keys() == HANGING


def test_those_that_rest_take_nobodys_place_up_to_a_bound(fetches: Fetches, monkeypatch) -> None:
    monkeypatch.setattr(fetch_threads, "give_back_connection", lambda: None)
    fetches.waits = fetch_threads.resting
    threads = FetchThreads(at_work=1, most=4)
    for account in range(1, 11):
        threads.hand_over(account, fetches)
    assert fetches.wait_for(fetches.ended, set(range(4, 11)))  # three rest, the fourth works
    fetches.let_go.set()
    assert threads.ended(PATIENCE)
    assert fetches.most == 4


def test_an_account_that_waits_or_is_being_fetched_is_fetched_once_more_at_most(
    fetches: Fetches,
) -> None:
    threads = FetchThreads(at_work=8, most=8)
    threads.hand_over(1, fetches)
    assert fetches.wait_for(fetches.begun, {1})
    for _time in range(5):
        threads.hand_over(1, fetches)
    assert fetches.begun[1] == 1  # never twice at the same time
    fetches.let_go.set()
    assert threads.ended(PATIENCE)
    assert fetches.begun[1] == fetches.ended[1] == 2


def test_there_are_no_more_threads_than_allowed_and_none_when_nothing_waits(
    fetches: Fetches,
) -> None:
    threads = FetchThreads(at_work=4, most=4)
    for account in range(1, 101):
        threads.hand_over(account, fetches)
    assert fetches.wait_for(fetches.ended, set(range(4, 101)))
    fetches.let_go.set()
    assert threads.ended(PATIENCE)
    assert fetches.most <= 4
    assert sum(fetches.ended.values()) == 100


def test_an_error_ends_only_the_fetch_it_happened_in(fetches: Fetches) -> None:
    def breaks(account_id: int) -> None:
        raise KeyError("surprise")

    threads = FetchThreads(at_work=1, most=1)
    threads.hand_over(8, breaks)
    threads.hand_over(9, fetches)
    assert fetches.wait_for(fetches.ended, {9})


def test_a_machine_that_has_no_thread_left_costs_that_moment_alone(
    fetches: Fetches, monkeypatch
) -> None:
    def refuses(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    threads = FetchThreads(at_work=1, most=1)
    with monkeypatch.context() as full, pytest.raises(RuntimeError):
        full.setattr(threading.Thread, "start", refuses)
        threads.hand_over(8, fetches)
    threads.hand_over(9, fetches)
    assert fetches.wait_for(fetches.ended, {8, 9})


def test_whoever_rests_on_a_full_machine_counts_no_longer_than_it_rests(monkeypatch) -> None:
    def refuses() -> None:
        raise RuntimeError("can't start new thread")

    threads = FetchThreads(at_work=1, most=4)
    monkeypatch.setattr(threads, "_start_one_more", refuses)
    with pytest.raises(RuntimeError), threads.resting():
        pass
    assert threads._resting == 0


def test_a_process_that_stops_begins_no_fetch(fetches: Fetches, monkeypatch) -> None:
    stopping = threading.Event()
    monkeypatch.setattr(fetch_threads, "stopping", stopping)
    threads = FetchThreads(at_work=1, most=1)
    threads.hand_over(1, fetches)
    assert fetches.wait_for(fetches.begun, {1})
    threads.hand_over(9, fetches)
    fetch_threads.stop()
    fetches.let_go.set()
    assert threads.ended(PATIENCE)
    assert fetches.ended == {1: 1}


@pytest.mark.django_db
def test_accounts_that_failed_wait_among_themselves(monkeypatch) -> None:
    handed: dict[str, list[int]] = {"healthy": [], "failing": []}
    for name, ids in handed.items():
        threads = getattr(fetch_threads, name)
        monkeypatch.setattr(threads, "hand_over", lambda pk, _fetch, ids=ids: ids.append(pk))
    well, broken = account_at_fake(1), account_at_fake(2)
    EmailAccount.objects.filter(pk=broken.pk).update(failures=1)
    for pk in (well.pk, broken.pk, 10**9):  # the last one was removed meanwhile
        fetch_account(pk)
    assert handed == {"healthy": [well.pk], "failing": [broken.pk]}

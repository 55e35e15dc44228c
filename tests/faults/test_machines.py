"""What is beneath us goes away, and what we are made of is killed, doubled, replaced and misclocked.

One installation goes through all of it, with mails coming and going the whole time (G5, G8, G11).
"""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from tests.faults.house import House, a_mail, running_house
from tests.faults.processes import clock

pytestmark = [pytest.mark.faults, pytest.mark.servers("postgres", "faketime")]

A_BURST = 40


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@contextmanager
def traffic(house: House) -> Iterator[None]:
    """Mails that come and go meanwhile, ten a second."""
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(0.5):
            house.arrive(4)
            house.try_to_write()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(40)


def test_nothing_is_wrong_with_a_good_day(house: House) -> None:
    with house.fault("none"):
        house.arrive(A_BURST)
        house.write(4)
        assert house.hand_in()


def test_the_server_numbers_its_mails_anew(house: House) -> None:
    with house.fault("UIDVALIDITY changed"):
        house.renumber()
        house.arrive(4)


def test_redis_forgets_everything_in_the_middle(house: House) -> None:
    with house.fault("FLUSHALL"), redis.Redis.from_url(house.redis.url) as broker:
        for _round in range(4):
            house.arrive(A_BURST // 4)
            house.write(2)
            broker.flushall()
            time.sleep(0.3)


def test_redis_is_away_for_a_while(house: House) -> None:
    with house.fault("Redis stopped and started"):
        house.arrive(A_BURST // 2)
        house.redis.stop(signal.SIGKILL)
        house.arrive(A_BURST // 2)
        house.write(4)
        assert house.hand_in()
        time.sleep(1)
        house.redis.start()


def test_postgres_dies_in_the_middle(house: House) -> None:
    with house.fault("PostgreSQL killed and started"):
        house.arrive(A_BURST)
        house.write(4)
        house.postgres.stop(signal.SIGQUIT)
        accepted = house.hand_in()
        house.postgres.start()
        back = time.monotonic()
        while not house.hand_in():
            assert time.monotonic() - back < 15
            time.sleep(0.2)
    assert not accepted


def test_each_of_our_own_dies_in_the_middle(house: House) -> None:
    with house.fault("worker, intake and web killed -9 in turn"), traffic(house):
        for name in ("intake", "worker"):
            time.sleep(1)
            house.processes.kill(name)
            house.processes.start_one(name)
            house.processes.wait_for_workers()
        house.processes.kill("web")
        house.processes.start_web()
        house.processes.wait_for_web()
        time.sleep(1)


def test_a_new_set_takes_over_from_the_old_one(house: House) -> None:
    with house.fault("deploy under load"), traffic(house):
        time.sleep(1)
        house.processes.start_web("new web")
        house.processes.start_workers("new ")
        house.processes.wait_for_workers("new ")
        assert house.processes.stop("worker") == house.processes.stop("intake") == 0
        assert house.processes.stop("web") in (0, -signal.SIGTERM)  # uvicorn, when it is done
        time.sleep(1)


def test_two_of_each_at_once(house: House) -> None:
    with house.fault("two workers, two beats"):
        house.processes.start_workers("second ")
        house.processes.wait_for_workers("second ")
        with traffic(house):
            time.sleep(4)


def test_clocks_are_wrong(house: House) -> None:
    """One worker an hour ahead, another right, the web an hour behind: the database's clock counts."""
    processes = house.processes
    with house.fault("clocks: worker +1 h, web -1 h"):
        for name in ("new web", "new worker", "new intake"):
            processes.stop(name)
        processes.start_web("late web", **clock(-1))
        processes.start_workers("early ", **clock(+1))
        processes.wait_for_web()
        processes.wait_for_workers("early ")
        with traffic(house):
            time.sleep(4)
        [letter] = house.write(1)
        house.offer("main", a_mail("main@x.test", answers=letter["message_id"]))
        house.settle()
        house.answer(letter["session"])
    told = house.get(f"messages/?session={letter['session']}")["results"]
    assert [one["direction"] for one in told] == ["out", "in", "out"]
    assert told[1]["created_at"] > told[2]["created_at"]  # so wrong were the clocks

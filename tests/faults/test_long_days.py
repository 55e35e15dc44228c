"""What takes minutes: kill -9 at any moment, again and again, and a mountain of mails (G1, G12)."""

import os
import random
import time
from pathlib import Path

import pytest

from tests.bench.usage import peak_rss_mb
from tests.faults.house import House, running_house

pytestmark = [pytest.mark.faults, pytest.mark.long, pytest.mark.servers("postgres")]

KILLS, MAILS = 60, 2000
MOUNTAIN = int(os.environ.get("MOUNTAIN", "100_000"))
OURS = ("worker", "intake")
ALLOWED_MB = 20  # between the first tenth of the mountain and its end


def test_killed_at_any_moment(tmp_path: Path) -> None:
    thrown = random.Random(8)
    with running_house(tmp_path) as house, house.fault("kill -9 at random, 60 times", within=240):
        for kill in range(KILLS):
            house.arrive(MAILS // KILLS + (kill < MAILS % KILLS))
            for _letter in range(2):
                house.try_to_write()
            house.processes.wait_for_workers()
            time.sleep(thrown.uniform(0, 2.5))
            victims = thrown.choice([("worker",), ("intake",), OURS])
            house.processes.kill(*victims)
            for name in victims:
                house.processes.start_one(name)
        house.processes.wait_for_workers()


def test_a_mountain_of_mails_in_flat_memory(tmp_path: Path) -> None:
    with running_house(tmp_path) as house:
        house.processes.kill(*OURS)
        with house.fault(f"{MOUNTAIN:,} waiting mails", within=3600):
            house.arrive(MOUNTAIN)
            house.processes.start_workers()
            peaks = [peak_when(house, MOUNTAIN * tenth // 10) for tenth in range(1, 11)]
        for name, of_name in zip(OURS, zip(*peaks, strict=True), strict=True):
            print(f"MB of {name} at each tenth:", *map(round, of_name))
    assert all(last - first < ALLOWED_MB for first, last in zip(peaks[0], peaks[-1], strict=True))


def peak_when(house: House, count: int) -> list[float]:
    stored = "select count(*) >= %s from tickets_message where direction = 'in'"
    house.until(lambda: bool(house.database.ask(stored, count)[0][0]), within=3600)
    return [peak_rss_mb(house.processes.running[name].pid) for name in OURS]

"""Real worker processes on PostgreSQL: one verdict a file, and none lost by kill -9."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.clamd import FakeClamd
from tests.servers.postgres import running_postgres

pytestmark = pytest.mark.servers("postgres")

FILES = 48
START = "import json, sys, django\ndjango.setup()\nfrom apps.attachments import screen\n"
MAKE = (
    "from apps.attachments.models import Attachment\nfrom apps.core import blobs\n"
    f"blobs = blobs.record(blobs.write([b'unique %d' % number for number in range({FILES})]))\n"
    "plans = [screen.plan(blob=b, names=['a.txt'], declared_type='') for b in blobs]\n"
    "print(json.dumps([one.pk for one in Attachment.objects.bulk_create(plans)]))\n"
)
WORK = "screen.screen(json.loads(sys.argv[1]))\n"
FORGET_CLAIMS = (
    "from apps.attachments.models import Attachment\nfrom django.db.models.functions import Now\n"
    "Attachment.objects.filter(verdict='waiting').update(next_try_at=Now())\n"
)
COUNT = (
    "from apps.attachments.models import Attachment\nfrom collections import Counter\n"
    "print(json.dumps(Counter(Attachment.objects.values_list('verdict', flat=True))))\n"
)


class House:
    """A database with waiting files, and worker processes that screen them."""

    def __init__(self, url: str, data: Path, clamd: FakeClamd) -> None:
        self.clamd = clamd
        self.environment = os.environ | {
            "DATABASE_URL": url,
            "CARTERIA_DATA": str(data),
            "CLAMD_ADDRESS": clamd.address,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        self.ids = json.loads(self.run(MAKE))

    def run(self, program: str) -> str:
        return self._finish(self._start("-c", START + program))

    def worker(self, **more: str) -> "subprocess.Popen[str]":
        return self._start("-c", START + WORK, json.dumps(self.ids), **more)

    def verdicts(self) -> dict[str, int]:
        return dict(json.loads(self.run(COUNT)))

    def scanned(self) -> list[bytes]:
        return [one for one in self.clamd.streams if one.startswith(b"unique")]

    def _start(self, *arguments: str, **more: str) -> "subprocess.Popen[str]":
        command = [sys.executable, *arguments]
        told = self.environment | more
        return subprocess.Popen(command, env=told, stdout=subprocess.PIPE, text=True)

    def _finish(self, process: "subprocess.Popen[str]") -> str:
        output, _nothing = process.communicate(timeout=180)
        assert process.returncode == 0
        return output


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    with running_postgres(migrated=True) as url:
        yield url


@pytest.fixture
def house(postgres_url: str, tmp_path: Path) -> Iterator[House]:
    clamd = FakeClamd()
    made = House(postgres_url, tmp_path, clamd)
    yield made
    made.run("from apps.attachments.models import Attachment\nAttachment.objects.all().delete()\n")
    clamd.close()


@pytest.mark.contract("1.5.a")
def test_three_workers_give_one_verdict_a_file(house: House) -> None:
    workers = [house.worker() for _number in range(3)]
    assert [worker.wait(60) for worker in workers] == [0, 0, 0]
    assert house.verdicts() == {"clean": FILES}
    assert len(house.scanned()) == len(set(house.scanned())) == FILES


@pytest.mark.contract("1.5.a")
@pytest.mark.faults
def test_a_worker_killed_before_the_verdict_loses_no_file(house: House) -> None:
    killed = house.worker(CARTERIA_CRASH_AT="screen.before_verdict:2")
    assert killed.wait(60) == -9
    before = house.verdicts()
    assert before["waiting"] > 0 and sum(before.values()) == FILES
    house.run(FORGET_CLAIMS)  # as if the minute of the claim were over
    assert house.worker().wait(60) == 0
    assert house.verdicts() == {"clean": FILES}

"""kill -9 amid taking in and screening: each mail is one message, each file is judged once."""

from pathlib import Path

import pytest

from apps.core.faults import CRASHPOINTS
from tests.faults import steps
from tests.servers.clamd import Clamd

pytestmark = [pytest.mark.faults, pytest.mark.servers]

MAILS = 120  # three batches


def run(what: str, environment: dict[str, str], crash_at: str = "") -> steps.Done:
    return steps.run("tests.faults.taking_in", what, environment, crash_at)


def test_killed_at_every_step_each_mail_is_there_once(clamd_server: Clamd, tmp_path: Path) -> None:
    environment = {
        "CARTERIA_DATA": str(tmp_path),
        "CLAMD_ADDRESS": clamd_server.address,
        "CARTERIA_TEST_SIGNATURES": "1",
        "MAILS": str(MAILS),
    }
    assert run("prepare", environment).returncode == 0
    for step, place in (
        ("take_in", "take_in.before_commit:1"),
        ("take_in", "take_in.after_commit:1"),
        ("take_in", "take_in.before_commit:2"),
        ("screen", "screen.before_verdict:1"),
    ):
        killed = run(step, environment, place)
        assert killed.returncode == -9, killed.stderr[-2000:]
    said = run("report", environment)
    assert said.stdout.split() == [str(MAILS)] * 5, said.stdout + said.stderr[-2000:]


def test_every_place_where_we_may_be_killed_has_its_test() -> None:
    """As prose in SEAMS.md and code in the tests of this folder."""
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*_killed.py"))
    for place in CRASHPOINTS:
        story, step = place.split(".")
        assert f"{story}.{step}" in tests or f'"{step}' in tests, place

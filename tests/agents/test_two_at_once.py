"""Two at once, in every interleaving, on PostgreSQL: a call against an override, and their like."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.postgres import running_postgres

pytestmark = pytest.mark.servers("postgres")


@pytest.mark.contract("1.2.b", "1.2.f", "1.2.h", "1.2.j")
def test_every_interleaving_ends_as_if_one_had_come_after_the_other(tmp_path: Path) -> None:
    with running_postgres() as url:
        told = {"DATABASE_URL": url, "CARTERIA_DATA": str(tmp_path)}
        told |= {"DJANGO_SETTINGS_MODULE": "config.settings"}
        program = [sys.executable, "-m", "tests.agents.interleavings"]
        done = subprocess.run(
            program,
            env=os.environ | told,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=300,
        )
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["wrong"] == []
    assert report["interleavings"] > 450
    assert report["waited"] > 150  # so they did meet

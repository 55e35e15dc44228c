"""Two at once, in every interleaving, on PostgreSQL: a call against an override, and their like."""

from pathlib import Path

import pytest

from tests.servers.postgres import report_of

pytestmark = pytest.mark.servers("postgres")


@pytest.mark.contract("1.2.b", "1.2.f", "1.2.h", "1.2.j")
def test_every_interleaving_ends_as_if_one_had_come_after_the_other(tmp_path: Path) -> None:
    report = report_of("tests.agents.interleavings", tmp_path)
    assert report["wrong"] == []
    assert report["interleavings"] > 450
    assert report["waited"] > 150  # so they did meet

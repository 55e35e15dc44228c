"""Send, Undo and drafts that change hands, two at once on PostgreSQL: nobody waits in a circle."""

from pathlib import Path

import pytest

from tests.servers.postgres import report_of

pytestmark = [pytest.mark.servers("postgres"), pytest.mark.long]


def test_no_two_writers_block_each_other_and_no_number_drifts(tmp_path: Path) -> None:
    report = report_of("tests.tickets.draft_races", tmp_path, seconds=600)
    assert report["wrong"] == []
    assert report["interleavings"] > 80
    assert report["waited"] > 10  # so they did meet

"""kill -9 at every step of sending: no customer sees a mail twice, and nothing pretends."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.faults import steps
from tests.servers.smtp_sink import SmtpSink

pytestmark = pytest.mark.faults


def run(what: str, environment: dict[str, str], crash_at: str = "") -> steps.Done:
    return steps.run("tests.faults.delivering", what, environment, crash_at)


def test_killed_at_every_step_nobody_gets_a_mail_twice(smtp_sink: SmtpSink, tmp_path: Path) -> None:
    """Before the dot: sent again with the same id. After it: unknown, there at most once."""
    environment = {"CARTERIA_DATA": str(tmp_path), "SEND_PORT": str(smtp_sink.port)}
    assert run("prepare", environment).returncode == 0
    for place in ("before_connect", "before_dot", "after_dot", "before_commit"):
        assert run("deliver", environment, f"deliver.{place}").returncode == -9
    assert run("deliver", environment).returncode == 0  # the others do not wait for the dead
    others = ["sent", "sent"]
    assert run("report", environment).stdout.split() == ["sending"] * 4 + [*others, "2"]
    run("wait", environment)
    assert run("deliver", environment).returncode == 0
    outcomes = ["sent", "sent", "unknown", "unknown", *others]
    assert run("report", environment).stdout.split() == [*outcomes, "6"]
    copies = Counter(re.findall(rb"Message-ID: (\S+)", b"".join(m.raw for m in smtp_sink.mails)))
    assert set(copies.values()) == {1}
    assert 5 <= len(copies) <= 6  # whether the server heard the last dot is its secret

"""kill -9 while old mail is noted and brought in: nothing lost, nothing doubled, nothing flagged."""

from pathlib import Path

import pytest

from tests.channels.mailboxes import mails, unseen
from tests.faults.test_fetch_killed import run
from tests.servers.dovecot import Dovecot

pytestmark = [pytest.mark.faults, pytest.mark.servers]

MAILS = 180  # four pieces


def test_killed_at_every_step_of_an_import(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, *mails(MAILS))
    environment = {
        "CARTERIA_DATA": str(tmp_path),
        "FETCH_PORT": str(dovecot.port),
        "FETCH_USER": user,
        "FETCH_START": "now",
    }
    assert run("ask", environment).returncode == 0
    for place in ("fetch.before_raw:2", "fetch.after_commit:2"):
        assert run("bring_in", environment, place).returncode == -9
    assert run("bring_in", environment).stdout.split() == ["done", *[str(MAILS)] * 5]
    assert unseen(dovecot, user) == MAILS

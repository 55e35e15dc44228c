"""kill -9 while mail is fetched by POP3 and deleted: each mail is in the ledger once, and none of
the ones that are not is gone from the server."""

from pathlib import Path

import pytest

from tests.channels.mailboxes import inbox_of, mails
from tests.faults.test_fetch_killed import run
from tests.servers.pop3d import Pop3d

pytestmark = [pytest.mark.faults, pytest.mark.servers]

MAILS = 60  # two batches


def test_killed_at_every_step_nothing_is_lost_and_nothing_doubled(
    pop3d: Pop3d, tmp_path: Path
) -> None:
    user = pop3d.imap.new_user()
    pop3d.imap.deliver(user, *mails(MAILS))
    environment = {
        "CARTERIA_DATA": str(tmp_path),
        "FETCH_PORT": str(pop3d.port),
        "FETCH_USER": user,
        "FETCH_AFTER": "delete",
        "FETCH_KIND": "pop3",
    }
    assert run("prepare", environment).returncode == 0
    total = MAILS
    for place in ("fetch.before_raw:2", "fetch.after_commit:1", "fetch.after_flag:1"):
        assert run("fetch", environment, place).returncode == -9
        assert left_at(pop3d, user) == total  # nothing is deleted before the farewell
        pop3d.imap.deliver(user, *mails(20, total))
        total += 20
    assert run("fetch", environment).returncode == 0
    assert run("report", environment).stdout.split() == [str(total)] * 3
    assert left_at(pop3d, user) == 0


def left_at(pop3d: Pop3d, user: str) -> int:
    with inbox_of(pop3d.imap, user) as inbox:
        return inbox.select("INBOX", writable=False).exists

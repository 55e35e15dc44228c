"""kill -9 at every step of fetching: each mail is in the ledger once, and flagged in the end."""

import itertools
from pathlib import Path

import pytest

from tests.channels.mailboxes import inbox_of, mails, unseen
from tests.faults import steps
from tests.servers.dovecot import Dovecot

pytestmark = [pytest.mark.faults, pytest.mark.servers]

MAILS = 120  # three batches


def run(what: str, environment: dict[str, str], crash_at: str = "") -> steps.Done:
    return steps.run("tests.faults.fetching", what, environment, crash_at)


@pytest.mark.parametrize("after", ["seen", "move"])
def test_killed_at_every_step_nothing_is_lost_and_nothing_doubled(
    dovecot: Dovecot, tmp_path: Path, after: str
) -> None:
    user = dovecot.new_user()
    dovecot.make_folder(user, "Done")
    dovecot.deliver(user, *mails(MAILS))
    environment = {
        "CARTERIA_DATA": str(tmp_path),
        "FETCH_PORT": str(dovecot.port),
        "FETCH_USER": user,
        "FETCH_AFTER": after,
    }
    assert run("prepare", environment).returncode == 0
    places = ("fetch.before_raw", "fetch.after_commit", "fetch.after_flag")
    total = MAILS
    for place, number in itertools.product(places, (1, 2)):
        assert run("fetch", environment, f"{place}:{number}").returncode == -9
        dovecot.deliver(user, *mails(60, total))
        total += 60
    assert run("fetch", environment).returncode == 0
    assert run("report", environment).stdout.split() == [str(total)] * 3
    if after == "seen":
        assert unseen(dovecot, user) == 0
    with inbox_of(dovecot, user) as inbox:
        assert inbox.select("INBOX" if after == "seen" else "Done").exists == total

"""An old backup of the database is put back: what came since is found again, nothing leaves twice (G13)."""

from collections import Counter
from pathlib import Path

import pytest

from tests.faults.history import What
from tests.faults.house import House, running_house
from tests.servers.stoppable import dump, restore

pytestmark = [pytest.mark.faults, pytest.mark.servers("postgres")]

MAILS, LETTERS = 20, 3


def test_mail_is_found_again_and_nothing_leaves_twice(tmp_path: Path) -> None:
    with running_house(tmp_path) as house:
        house.arrive(MAILS)
        house.write(LETTERS)
        house.settle()
        waiting = queued_for_now(house)
        backup = dump(house.postgres)
        gone = leave_after_all(house)
        house.processes.kill("worker", "intake", "web")
        house.database.close()
        restore(house.postgres, backup)
        house.processes.start_web()
        house.processes.start_workers()
        house.processes.wait_for_web()
        house.settle(but=gone)
        # Of what was written since, the old database knows nothing; the servers have it.
        known = [one for one in house.history.since(0) if one.key not in gone]
        tally = house.count("an old backup put back", known)
        assert tally.stored == 3 * MAILS and tally.sent == 2 * LETTERS
        assert tally.unknown == len(waiting) == LETTERS
        heard = Counter(one.key for one in house.history.since(0) if one.what is What.HEARD)
        assert set(heard.values()) == {1} and heard.keys() == {*waiting, *gone, *sent_before(house)}


def queued_for_now(house: House) -> set[str]:
    """Letters that the server does not want just now: so the backup has them."""
    house.posts["main"].sink.answers["RCPT"] = "450 4.7.1 later"
    letters = house.write(LETTERS)
    tried = "select count(*) from tickets_message where next_try_at is not null"
    house.until(lambda: house.database.ask(tried) == [(LETTERS,)])
    house.arrive(MAILS)
    return {one["message_id"] for one in letters}


def leave_after_all(house: House) -> set[str]:
    """Then it takes them, more is written, more comes: all that the backup does not know."""
    house.posts["main"].sink.answers.clear()
    house.database.ask("update tickets_message set next_try_at = null returning 1")
    house.arrive(MAILS)
    letters = house.write(LETTERS)
    house.settle()
    return {one["message_id"] for one in letters}


def sent_before(house: House) -> set[str]:
    asked = [one.key for one in house.history.since(0) if one.what is What.ASKED]
    return set(asked[:LETTERS])

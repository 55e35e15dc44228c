"""Many accounts in one process: the broken ones delay none, and memory does not grow with them."""

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from config.launch import processes
from tests.channels.mailboxes import mails
from tests.servers.fake_imap import Answer, running_fake_imap, serving

pytestmark = pytest.mark.faults

MEGABYTE = 2**20
INTERVAL = 1


def fetched(
    folder: Path, accounts: list[dict[str, Any]], *, mails: int, seconds: float = 0
) -> dict[str, Any]:
    asked = {"accounts": accounts, "mails": mails, "seconds": seconds}
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.fetching_many"],
        env=processes.environment(folder, host="127.0.0.1"),  # as the product's own
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def account(port: int, **fields: Any) -> dict[str, Any]:
    return {"receive_port": port, "every_seconds": INTERVAL} | fields


def _knows_no_password(tag: bytes, command: bytes) -> bytes | None:
    if command.upper().startswith(b"LOGIN"):
        return tag + b" NO [AUTHENTICATIONFAILED] wrong\r\n"
    return serving({})(tag, command)


def _hangs(tag: bytes, command: bytes) -> bytes | None:
    return None if b"BODY.PEEK" in command else serving({7: b"Subject: x\r\n\r\n"})(tag, command)


class Looks:
    """A good server that counts how often each user looked."""

    def __init__(self, found: dict[int, bytes]) -> None:
        self.by_user: Counter[bytes] = Counter()
        self._lock = threading.Lock()
        self._serving = serving(found)

    def __call__(self, tag: bytes, command: bytes) -> bytes | None:
        if command.upper().startswith(b"LOGIN"):
            with self._lock:
                self.by_user[command.split()[1]] += 1
        return self._serving(tag, command)


def test_three_broken_accounts_of_ten_and_a_huge_mail_keep_the_others_from_nothing(
    tmp_path: Path,
) -> None:
    looks = Looks(dict(enumerate(mails(3), start=1)))
    huge = serving({1: b"Subject: huge\r\n\r\n" + b"x" * 60 * MEGABYTE})
    servers: tuple[Answer, ...] = (looks, _knows_no_password, _hangs, huge)
    with ExitStack() as stack:
        good, wrong, hanging, heavy = [
            stack.enter_context(running_fake_imap(one)) for one in servers
        ]
        accounts = [account(good, receive_user=f"user{number}") for number in range(7)]
        accounts += [account(wrong), account(hanging), account(good, receive_tls="implicit")]
        accounts += [account(heavy)]
        answer = fetched(tmp_path, accounts, mails=22, seconds=5 * INTERVAL)
    assert (answer["mails"], answer["distinct"]) == (22, 22)
    assert len(looks.by_user) == 7
    assert min(looks.by_user.values()) >= 3, "in five intervals, on a busy machine"
    assert answer["statuses"] == {"account 7": "password", "account 9": "tls"}
    assert answer["held_leases"] == 0  # the one that hung gave its lease back at the end, too
    assert answer["peak_mb"] - answer["began_with_mb"] <= 100, "the huge mail is there only once"


def test_two_hundred_accounts_get_their_mail_in_one_process_of_bounded_memory(
    tmp_path: Path,
) -> None:
    line = os.urandom(57).hex().encode() + b"\r\n"
    large = b"Subject: large\r\n\r\n" + line * (5 * MEGABYTE // len(line))
    few = dict(enumerate(mails(3), start=1))
    with running_fake_imap(serving(few)) as port, running_fake_imap(serving({7: large})) as heavy:
        accounts = [account(port, every_seconds=600) for _number in range(180)]
        accounts += [account(heavy, every_seconds=600) for _number in range(20)]
        answer = fetched(tmp_path, accounts, mails=560)
    assert (answer["mails"], answer["distinct"], answer["statuses"]) == (560, 560, {})
    assert answer["peak_mb"] - answer["began_with_mb"] <= 60, "100 MB came at once"

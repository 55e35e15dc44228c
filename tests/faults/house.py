"""A whole installation among scripted servers that write down what they see.

PostgreSQL, Redis, IMAP sources, SMTP sinks, our web and our worker; a fault is something that a
test does to one of them within `with house.fault("its name")`, which counts when all is settled.
"""

import hashlib
import itertools
import re
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import requests

from tests.faults import table
from tests.faults.checker import Tally, check
from tests.faults.database import Database
from tests.faults.history import BEGINNINGS, Event, History, What
from tests.faults.processes import Processes
from tests.servers.imap_source import ImapSource, running_imap_source
from tests.servers.smtp_sink import Mail, SmtpSink, running_smtp_sink
from tests.servers.stoppable import Stoppable, stoppable_postgres, stoppable_redis

SETTLED_WITHIN = 90
LOOK_EVERY = 0.25
_numbers = itertools.count(1)


def a_mail(to: str, *, answers: str = "", file: bool = False) -> bytes:
    """No two are alike, and each is from somebody else. ANSWERS: a Message-ID."""
    number = next(_numbers)
    thread = f"In-Reply-To: <{answers}>\r\n" if answers else ""
    named = 'attachment; filename="order.txt"' if file else "inline"
    return (
        f"From: Carla <carla{number}@outside.test>\r\nTo: {to}\r\nSubject: Parcel {number}\r\n"
        f"Message-ID: <m{number}.{time.time_ns()}@outside.test>\r\n{thread}"
        f"Content-Disposition: {named}\r\n\r\n"
        f"Where is parcel {number}?\r\n"
    ).encode()


def digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


@dataclass(slots=True)
class Post:
    """One account's servers; its only mailbox is ACCOUNT@x.test."""

    account: str
    source: ImapSource
    sink: SmtpSink

    @property
    def address(self) -> str:
        return f"{self.account}@x.test"


class Watch(threading.Thread):
    """Looks all the time which mails are settled, and notes when it saw it first."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.database = Database(url)
        self.seen: dict[str, float] = {}
        self.over = threading.Event()

    def run(self) -> None:
        pause = LOOK_EVERY
        while not self.over.wait(pause):
            began = time.monotonic()
            with suppress(psycopg.Error):  # while a fault has the server stopped
                for key in self.database.settled() - self.seen.keys():
                    self.seen[key] = began
            pause = max(LOOK_EVERY, 5 * (time.monotonic() - began))
        self.database.close()


@dataclass(slots=True)
class House:
    folder: Path
    postgres: Stoppable
    redis: Stoppable
    posts: dict[str, Post]
    history: History
    database: Database
    watch: Watch
    processes: Processes
    token: str = ""

    # ---- what comes and goes ------------------------------------------------------------------

    def arrive(self, count: int, account: str = "main") -> list[int]:
        address = self.posts[account].address
        return [self.offer(account, a_mail(address)) for _number in range(count)]

    def offer(self, account: str, raw: bytes) -> int:
        [uid] = self.posts[account].source.arrive(raw)
        self._note_offer(account, raw, uid)
        return uid

    def renumber(self, account: str = "main") -> None:
        """All mails of the folder are offered once more."""
        source = self.posts[account].source
        for uid in source.renumber():
            self._note_offer(account, source.mails[uid].raw, uid)

    def _note_offer(self, account: str, raw: bytes, uid: int) -> None:
        uidvalidity = self.posts[account].source.uidvalidity
        self.history.note(What.OFFERED, account, digest(raw), uidvalidity=uidvalidity, uid=uid)

    def hand_in(self, account: str = "main") -> bool:
        """By the API; what is not accepted is still the sender's."""
        raw = a_mail(self.posts[account].address)
        address = f"inbound/{self.posts[account].address}/"
        with suppress(requests.RequestException):
            said = self.post(address, data=raw, headers={"Content-Type": "message/rfc822"})
            if said.ok:
                self.history.note(What.POSTED, account, digest(raw))
                return True
        return False

    def write(self, count: int, account: str = "main") -> list[dict[str, Any]]:
        """First mails to customers."""
        return [self._write(account) for _number in range(count)]

    def try_to_write(self, account: str = "main") -> bool:
        """What is not answered may have been taken all the same; then the sink hears it."""
        with suppress(requests.RequestException):
            self._write(account)
            return True
        return False

    def _write(self, account: str) -> dict[str, Any]:
        number = next(_numbers)
        letter = {"to": [f"carla{number}@outside.test"], "subject": f"Offer {number}", "text": "Hi"}
        said = self.post("sessions/", json={"queue": self.queue_of(account), **letter})
        assert said.status_code == 201, said.text
        message: dict[str, Any] = said.json()["message"]
        self.history.note(What.ASKED, account, message["message_id"])
        return message

    def answer(self, session: str, account: str = "main") -> None:
        said = self.post(f"sessions/{session}/reply/", json={"text": "It is on its way."})
        assert said.status_code == 202, said.text
        self.history.note(What.ASKED, account, said.json()["message"]["message_id"])

    def queue_of(self, account: str) -> str:
        found = self.get("queues/?limit=100")["results"]
        return str(next(one["id"] for one in found if one["name"] == account))

    # ---- asking -------------------------------------------------------------------------------

    def get(self, path: str) -> Any:
        said = requests.get(self._at(path), headers=self._as, timeout=20)
        assert said.ok, f"{said.status_code} {said.text[:500]}"
        return said.json()

    def post(self, path: str, **more: Any) -> requests.Response:
        headers = self._as | more.pop("headers", {})
        return requests.post(self._at(path), headers=headers, timeout=30, **more)

    def _at(self, path: str) -> str:
        return f"{self.processes.url}/api/v1/{path}"

    @property
    def _as(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    # ---- counting -----------------------------------------------------------------------------

    @contextmanager
    def fault(self, name: str, *, within: float = SETTLED_WITHIN) -> Iterator[None]:
        """Counts what happened within; nothing of it may be lost, twice or stuck."""
        mark = self.history.mark()
        yield
        self.settle(mark, within=within)
        self.count(name, self.history.since(mark))

    def count(self, name: str, events: Sequence[Event]) -> Tally:
        """A row of the table."""
        tally = check(events, self.database.rows(), self.watch.seen)
        tally = replace(tally, fault=name)
        table.note(tally)
        assert tally.is_true, tally
        return tally

    def until(self, so: Callable[[], bool], *, within: float = 60) -> None:
        deadline = time.monotonic() + within
        while not so():
            assert time.monotonic() < deadline
            time.sleep(LOOK_EVERY)

    def settle(
        self, mark: int = 0, *, but: Collection[str] = (), within: float = SETTLED_WITHIN
    ) -> None:
        """Until every mail has its outcome and nothing is on its way; what is not is counted.

        BUT: what nobody can find any more.
        """
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            with suppress(psycopg.OperationalError):
                if not any(self.database.open().values()) and self._all_known(mark, but):
                    return
            time.sleep(LOOK_EVERY)

    def _all_known(self, mark: int, but: Collection[str]) -> bool:
        """By the rows as they are now: a restored database has forgotten what was seen."""
        begun = {one.key for one in self.history.since(mark) if one.what in BEGINNINGS} - set(but)
        return begun <= self.watch.seen.keys() and begun <= self.database.settled()


# ---- building it ------------------------------------------------------------------------------


@contextmanager
def running_house(folder: Path, *accounts: str, **told: str) -> Iterator[House]:
    """Web and worker run; each account has servers of its own. TOLD: more of the environment."""
    with ExitStack() as stack:
        postgres = stack.enter_context(stoppable_postgres())
        redis = stack.enter_context(stoppable_redis())
        history = History()
        posts = {name: _post(stack, name, history) for name in accounts or ("main",)}
        database = Database(postgres.url)
        for post in posts.values():
            post.source.on_flag = partial(_note_flags, history, Database(postgres.url), post)
        watch = Watch(postgres.url)
        servers = {"DATABASE_URL": postgres.url, "REDIS_URL": redis.url}
        processes = Processes(folder / "data", **servers | told)
        stack.callback(processes.end)
        house = House(folder, postgres, redis, posts, history, database, watch, processes)
        house.token = processes.prepare(settings_of(posts.values()))
        processes.start_web()
        processes.start_workers()
        processes.wait_for_web()
        watch.start()
        stack.callback(watch.over.set)
        yield house


def _post(stack: ExitStack, name: str, history: History) -> Post:
    sink = stack.enter_context(running_smtp_sink())
    sink.caught = partial(_note_mail, history, name)
    return Post(name, stack.enter_context(running_imap_source()), sink)


def _note_mail(history: History, account: str, mail: Mail) -> None:
    found = re.search(rb"^Message-ID:\s*<([^>]+)>", mail.raw, re.M | re.I)
    history.note(What.HEARD, account, found[1].decode() if found else "")


def _note_flags(history: History, database: Database, post: Post, uids: Sequence[int]) -> None:
    """Asked before the flag is set: the bytes must be safe by then (G2)."""
    proved = database.has_rows(post.account, post.source.uidvalidity, uids)
    for uid in uids:
        history.note(
            What.FLAGGED,
            post.account,
            "",
            uidvalidity=post.source.uidvalidity,
            uid=uid,
            proved=proved,
        )


def settings_of(posts: "Iterator[Post] | Any") -> dict[str, Any]:
    posts = list(posts)
    return {
        "version": 1,
        "channel": {"enabled": True, "external_url": "http://console.test"},
        "accounts": [_account(post) for post in posts],
        "queues": [
            {"name": one.account, "path": one.account, "routing": "manual"} for one in posts
        ],
        "mailboxes": [
            {"address": one.address, "account": one.account, "queue": one.account} for one in posts
        ],
        "crm": {"kind": "builtin", "language": "en"},
    }


def _account(post: Post) -> dict[str, Any]:
    receive = {"kind": "imap", "host": "127.0.0.1", "port": post.source.port, "tls": "none"}
    receive |= {"user": post.account, "password": "pw", "start": "all", "every_seconds": 5}
    send = {"kind": "smtp", "host": "127.0.0.1", "port": post.sink.port, "tls": "none"}
    return {"name": post.account, "receive": receive, "send": send}

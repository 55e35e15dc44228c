"""Mail servers that cut the line, talk nonsense, refuse or fall silent: all of them at once.

Each account has a source and a sink of its own; one of them behaves, and must not feel the others.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from tests.faults.house import House, Post, a_mail, running_house
from tests.servers.clamd import Clamd
from tests.servers.imap_source import Mischief

pytestmark = [pytest.mark.faults, pytest.mark.servers("postgres", "clamd")]

MAILS, LETTERS = 12, 2
SETTLED_WITHIN = 150


@dataclass(frozen=True)
class Trouble:
    """What one account's servers do; those whose letters shall arrive behave after the first."""

    name: str
    imap: Mischief | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    drops: str = ""
    silent: str = ""
    recovers: bool = False
    sent: int = LETTERS
    unknown: int = 0

    @property
    def heard(self) -> str:
        """The verb that shows that the trouble was met."""
        verb = self.drops or self.silent or next(iter(self.answers))
        return "DATA" if verb == "CONTENT" else verb

    def begin(self, post: Post) -> None:
        post.source.mischief.extend([self.imap] if self.imap else [])
        post.sink.answers.update(self.answers)
        post.sink.drops.update(filter(None, [self.drops]))
        post.sink.silent.update(filter(None, [self.silent]))

    def end(self, post: Post) -> None:
        deadline = time.monotonic() + 60
        while self.heard not in post.sink.said:
            assert time.monotonic() < deadline, self.name
            time.sleep(0.1)
        for script in (post.sink.answers, post.sink.drops, post.sink.silent):
            script.clear()


ALL = {
    "drop": Trouble("IMAP drop amid a mail", Mischief.DROP),
    "noise": Trouble("IMAP garbage amid a mail", Mischief.GARBAGE),
    "hang": Trouble("IMAP hang amid a mail", Mischief.HANG),
    "later": Trouble("SMTP 4xx, then taken", answers={"RCPT": "450 4.7.1 later"}, recovers=True),
    "never": Trouble("SMTP 5xx", answers={"RCPT": "550 5.1.1 nobody here"}, sent=0),
    "cut": Trouble("SMTP cut before the dot", drops="CONTENT", recovers=True),
    "mute": Trouble("SMTP silence before the dot", silent="DATA", recovers=True),
    "gone": Trouble("SMTP cut after the dot", drops="DOT", unknown=LETTERS),
    "quiet": Trouble("SMTP silence after the dot", silent="DOT", unknown=LETTERS),
}


@pytest.fixture(scope="module")
def scanner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clamd]:
    """Not started yet."""
    clamd = Clamd(tmp_path_factory.mktemp("clamd"))
    yield clamd
    clamd.stop()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, scanner: Clamd) -> Iterator[House]:
    clamd = {"CLAMD_ADDRESS": scanner.address, "CARTERIA_TEST_SIGNATURES": "1"}
    folder = tmp_path_factory.mktemp("house")
    with running_house(folder, *ALL, "fine", "files", **clamd) as house:
        for _mail in range(MAILS):
            house.offer("files", a_mail("files@x.test", file=True))
        for account, trouble in ALL.items():
            trouble.begin(house.posts[account])
            house.arrive(MAILS, account)
            house.write(LETTERS, account)
        for account, trouble in ALL.items():
            if trouble.recovers:
                trouble.end(house.posts[account])
        without_verdict(house)
        scanner.start()
        house.arrive(MAILS, "fine")
        house.write(LETTERS, "fine")
        house.settle(within=SETTLED_WITHIN)
        yield house


def without_verdict(house: House) -> None:
    """The mails are there at once, their files wait for the scanner."""
    house.until(
        lambda: {one.key for one in house.history.of("files")} <= house.watch.seen.keys() | {""}
    )
    waiting = "select count(*) from attachments_attachment where verdict = 'waiting'"
    assert house.database.ask(waiting) == [(MAILS,)]


@pytest.mark.parametrize("account", ALL)
def test_each_mail_has_its_outcome(house: House, account: str) -> None:
    tally = house.count(ALL[account].name, house.history.of(account))
    assert tally.stored == MAILS
    assert (tally.sent, tally.unknown) == (ALL[account].sent, ALL[account].unknown)


def test_files_wait_for_their_scanner_and_mails_do_not(house: House) -> None:
    assert house.count("clamd down, then up", house.history.of("files")).stored == MAILS
    verdicts = "select verdict, count(*) from attachments_attachment group by 1"
    assert house.database.ask(verdicts) == [("clean", MAILS)]


def test_an_account_with_good_servers_does_not_wait_for_the_others(house: House) -> None:
    tally = house.count("(a good account beside them)", house.history.of("fine"))
    assert (tally.stored, tally.sent) == (MAILS, LETTERS)
    seen = house.watch.seen
    last = max(seen[one.key] for one in house.history.of("fine") if one.key)
    for account in ("hang", "mute", "quiet"):
        assert last < max(seen[one.key] for one in house.history.of(account) if one.key)

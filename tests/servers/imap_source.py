"""A mailbox behind IMAP that tells what is done to it, and misbehaves where a test says so.

It speaks what we ask of a server (RFC 3501, UIDPLUS, MOVE, IDLE), one INBOX, any number of
connections. A mischief counts for the next FETCH of bodies.
"""

import re
import select
import socketserver
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

CAPABILITIES = b"IMAP4rev1 UIDPLUS MOVE IDLE"
HANGS = 120  # seconds, unless the server ends
_PEEK = re.compile(rb"BODY(?:\.PEEK)?\[\](?:<(\d+)\.(\d+)>)?")


class Mischief(StrEnum):
    DROP = "drop"  # the line is cut amid a mail
    GARBAGE = "garbage"  # noise amid a mail, then the line is cut
    HANG = "hang"  # silence amid a mail


@dataclass(slots=True)
class Stored:
    raw: bytes
    date: datetime
    flags: set[bytes] = field(default_factory=set)


class ImapSource:
    """`mischief` is taken from the left; `on_flag` hears of UIDs before they are flagged."""

    def __init__(self) -> None:
        self.port = 0
        self.uidvalidity = int(time.time())
        self.mails: dict[int, Stored] = {}
        self.next_uid = 1
        self.mischief: deque[Mischief] = deque()
        self.refuses = b""  # what a LOGIN is answered, if anything
        self.on_flag: Callable[[Sequence[int]], None] = lambda _uids: None
        self.changed = threading.Condition()
        self.over = threading.Event()

    def arrive(self, *raws: bytes) -> list[int]:
        """The UIDs that they get."""
        with self.changed:
            uids = [self._place(raw) for raw in raws]
            self.changed.notify_all()
        return uids

    def _place(self, raw: bytes) -> int:
        uid = self.next_uid
        self.next_uid += 1
        self.mails[uid] = Stored(raw, datetime.now(UTC))
        return uid

    def renumber(self) -> list[int]:
        """The same mails under another UIDVALIDITY; their new UIDs in order."""
        with self.changed:
            self.uidvalidity += 1
            kept, self.mails, self.next_uid = list(self.mails.values()), {}, 1
            for mail in kept:
                self.mails[self.next_uid] = mail
                self.next_uid += 1
            self.changed.notify_all()
        return sorted(self.mails)

    def wait_for_change(self, known: int) -> int:
        """How many mails there are, a moment later or as soon as they are not KNOWN any more."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.mails) != known, timeout=0.2)
            return len(self.mails)

    @property
    def unseen(self) -> int:
        return sum(rb"\Seen" not in mail.flags for mail in self.mails.values())


class _Conversation(socketserver.StreamRequestHandler):
    """One connection; the folder as it is at each command."""

    def handle(self) -> None:
        self.source: ImapSource = self.server.source  # type: ignore[attr-defined]
        self.wfile.write(b"* OK source\r\n")
        while line := self.rfile.readline():
            tag, _space, command = line.strip().partition(b" ")
            if not self._answered(tag, command):
                return

    def _answered(self, tag: bytes, command: bytes) -> bool:
        """False: the line is cut."""
        words = command.split()
        verb = b"_".join(words[:2]).upper() if words[:1] == [b"UID"] else words[0].upper()
        said = getattr(self, f"do_{verb.decode().lower()}", self.do_nothing)(words)
        if said is None:
            return False
        refused = said.startswith(b"NO ")
        self.wfile.write(tag + b" " + said if refused else said + tag + b" OK done\r\n")
        return verb != b"LOGOUT"

    def do_nothing(self, words: list[bytes]) -> bytes:
        return b""

    def do_capability(self, words: list[bytes]) -> bytes:
        return b"* CAPABILITY " + CAPABILITIES + b"\r\n"

    def do_login(self, words: list[bytes]) -> bytes:
        return b"NO %b\r\n" % self.source.refuses if self.source.refuses else b""

    def do_logout(self, words: list[bytes]) -> bytes:
        return b"* BYE\r\n"

    def do_list(self, words: list[bytes]) -> bytes:
        return b'* LIST (\\HasNoChildren) "/" INBOX\r\n'

    def do_select(self, words: list[bytes]) -> bytes:
        source = self.source
        state = (len(source.mails), source.uidvalidity, source.next_uid)
        return b"* %d EXISTS\r\n* OK [UIDVALIDITY %d] x\r\n* OK [UIDNEXT %d] x\r\n" % state

    do_examine = do_select

    def do_uid_search(self, words: list[bytes]) -> bytes:
        uids = self._found([word.upper() for word in words[2:]])
        return b"* SEARCH " + b" ".join(b"%d" % uid for uid in uids) + b"\r\n"

    def _found(self, criteria: list[bytes]) -> list[int]:
        mails = self.source.mails
        match criteria:
            case [b"UID", wanted, *_rest]:
                return self._uids(wanted)
            case [b"UNSEEN", *_rest]:
                return sorted(uid for uid, mail in mails.items() if rb"\Seen" not in mail.flags)
        return sorted(mails)

    def _uids(self, wanted: bytes) -> list[int]:
        uids = list(self.source.mails)
        highest = uids[-1] if uids else 0
        spans = [_span(part, highest) for part in wanted.split(b",")]
        return [uid for uid in uids if any(low <= uid <= high for low, high in spans)]

    def do_uid_fetch(self, words: list[bytes]) -> bytes | None:
        what = b" ".join(words[3:])
        body = _PEEK.search(what)
        mischief = self.source.mischief.popleft() if body and self.source.mischief else None
        numbers = {uid: number for number, uid in enumerate(self.source.mails, 1)}
        for uid in self._uids(words[2]):
            answer = self._fetched(numbers[uid], uid, what, body)
            if mischief:
                return self._misbehave(mischief, answer)
            self.wfile.write(answer)
        return b""

    def _fetched(self, number: int, uid: int, what: bytes, body: "re.Match[bytes] | None") -> bytes:
        mail = self.source.mails[uid]
        facts = [b"UID %d" % uid]
        if b"RFC822.SIZE" in what:
            facts.append(b"RFC822.SIZE %d" % len(mail.raw))
        if b"INTERNALDATE" in what:
            date = mail.date.strftime("%d-%b-%Y %H:%M:%S +0000")
            facts.append(b'INTERNALDATE "%b"' % date.encode())
        if b"FLAGS" in what:
            facts.append(b"FLAGS (%b)" % b" ".join(sorted(mail.flags)))
        if body:
            facts.append(_literal(mail.raw, body))
        return b"* %d FETCH (%b)\r\n" % (number, b" ".join(facts))

    def _misbehave(self, mischief: Mischief, answer: bytes) -> bytes | None:
        self.wfile.write(answer[: len(answer) // 2])
        if mischief is Mischief.GARBAGE:
            self.wfile.write(bytes(range(256)) * 8 + b"\r\n* 7 FETCH ((((\r\n)\r\n")
        if mischief is Mischief.HANG:
            self.wfile.flush()
            self.source.over.wait(HANGS)
        return None

    def do_uid_store(self, words: list[bytes]) -> bytes:
        uids = self._uids(words[2])
        self.source.on_flag(uids)
        for uid in uids:
            self.source.mails[uid].flags.update(words[4].strip(b"()").split())
        return b""

    def do_uid_move(self, words: list[bytes]) -> bytes:
        uids = self._uids(words[2])
        self.source.on_flag(uids)
        for uid in uids:
            self.source.mails.pop(uid, None)
        return b""

    def do_uid_expunge(self, words: list[bytes]) -> bytes:
        for uid in self._uids(words[2]):
            if rb"\Deleted" in self.source.mails[uid].flags:
                del self.source.mails[uid]
        return b""

    def do_idle(self, words: list[bytes]) -> bytes | None:
        known = len(self.source.mails)
        self.wfile.write(b"+ idling\r\n")
        while not self.source.over.is_set():
            count = self.source.wait_for_change(known)
            if count != known:
                self.wfile.write(b"* %d EXISTS\r\n" % count)
            known = count
            if select.select([self.connection], [], [], 0)[0]:
                return b"" if self.rfile.readline().strip().upper() == b"DONE" else None
        return None


def _span(part: bytes, highest: int) -> tuple[int, int]:
    """Of `7`, `3:9` or `5:*`; the ends may come in any order (RFC 3501, seq-range)."""
    low, _colon, high = part.partition(b":")
    ends = int(low), highest if high == b"*" else int(high or low)
    return min(ends), max(ends)


def _literal(raw: bytes, asked: "re.Match[bytes]") -> bytes:
    """Whole, or the part that was asked for (RFC 3501, 6.4.5)."""
    if asked[1] is None:
        return b"BODY[] {%d}\r\n%b" % (len(raw), raw)
    start, count = int(asked[1]), int(asked[2])
    part = raw[start : start + count]
    return b"BODY[]<%d> {%d}\r\n%b" % (start, len(part), part)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """The client was killed, or went away from a server like this."""


@contextmanager
def running_imap_source() -> Iterator[ImapSource]:
    """On a port of its own until the block ends."""
    source = ImapSource()
    with _Server(("127.0.0.1", 0), _Conversation) as server:
        server.source = source  # type: ignore[attr-defined]
        source.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield source
        finally:
            source.over.set()
            server.shutdown()

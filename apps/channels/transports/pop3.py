"""A POP3 inbox (RFC 1939): what lies there by lasting names, batches in, deletions out.

A name (UIDL) is all that tells a mail from the others: POP3 knows no folders, no flags and no
dates. Numbers are good for one connection only.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from apps.channels.transports.batch import BATCH, BATCH_BYTES, LARGEST_FETCHED, Batch
from apps.channels.transports.errors import Refused, TransportError
from apps.channels.transports.pop3_session import Pop3Session
from apps.channels.transports.spool import Kept, Spool
from apps.core.sentences import gettext_noop

LONGEST_NAME = 200  # RFC 1939 allows 70
LARGEST_SIZE = 2**60  # a claim beyond it is cut down
_PLAIN_NAME = re.compile(rb"[!-~]+")


@dataclass(frozen=True, slots=True)
class Listed:
    """One mail as UIDL and LIST tell it; the size is a claim, and 0 where there is none."""

    number: int
    uidl: str
    size: int


class Pop3Inbox(Pop3Session):
    """The mails of one signed-in connection."""

    def listing(self) -> list[Listed]:
        """All of them, in the server's order. The second mail of one name is called "name 2"."""
        names, sizes = self._names(), self._sizes()
        met: Counter[str] = Counter()
        found: list[Listed] = []
        for number, name in names:
            met[name] += 1
            again = f" {met[name]}" if met[name] > 1 else ""  # a name has no spaces
            found.append(Listed(number, name + again, sizes.get(number, 0)))
        return found

    def new_messages(self, mails: Sequence[Listed]) -> Iterator[Batch]:
        """In batches of at most 50, or of 16 MB by what really came; what came before a line
        breaks is handed over first."""
        opened = _Opened()
        for mail in mails:
            if opened.has_no_room_for(mail):
                yield opened.batch()
                opened = _Opened()
            try:
                self._add(mail, opened)
            except TransportError:
                if opened.asked:
                    yield opened.batch()
                raise
        if opened.asked:
            yield opened.batch()

    def head(self, mail: Listed) -> bytes:
        """The headers alone; nothing where the server does not give them (TOP is optional)."""
        try:
            with self._plain_words():
                self._wire.allow()
                self._wire.command(b"TOP %d 0" % mail.number)
                return b"".join(self._wire.body())
        except Refused as refused:
            if refused.code == "throttled":
                raise
            return b""

    def delete(self, mails: Sequence[Listed]) -> None:
        """They are marked; `leave` makes it true, and a lost connection undoes it."""
        with self._plain_words():
            for mail in mails:
                self._wire.allow()
                self._wire.command(b"DELE %d" % mail.number)

    # ---- what lies there --------------------------------------------------------------

    def _names(self) -> list[tuple[int, str]]:
        try:
            with self._plain_words():
                return [_numbered(line) for line in self._list(b"UIDL")]
        except Refused as refused:
            raise refused if refused.code == "throttled" else self._nameless() from None

    def _nameless(self) -> TransportError:
        return self._error(
            "method-disabled",
            gettext_noop(
                "%(host)s:%(port)s gives its mails no lasting names (UIDL), so that nobody could"
                " tell new mail from old; receive by IMAP there, or use another server."
            ),
            again=False,
        )

    def _sizes(self) -> dict[int, int]:
        """In octets (RFC 1939, 11), or something like it."""
        with self._plain_words():
            said = [line.split()[:2] for line in self._list(b"LIST")]
            return {int(number): _believed(int(size)) for number, size in said}

    def _list(self, words: bytes) -> list[bytes]:
        self._wire.allow()
        return self._wire.lines(words)

    # ---- bodies -----------------------------------------------------------------------

    def _add(self, mail: Listed, opened: "_Opened") -> None:
        """One that the server refuses is asked for, and did not come."""
        if mail.size > LARGEST_FETCHED:
            opened.note(mail.number, huge=mail.size)
            return
        try:
            self._read(mail, opened)
        except Refused as refused:
            if refused.code == "throttled":
                raise
            opened.note(mail.number)

    def _read(self, mail: Listed, opened: "_Opened") -> None:
        with self._plain_words():
            self._wire.allow(size=max(mail.size, LARGEST_FETCHED))
            self._wire.command(b"RETR %d" % mail.number)
            counted = _Counted(self._wire.body())
            kept = opened.spool.keep(counted)
            if counted.size > LARGEST_FETCHED:
                opened.note(mail.number, huge=counted.size)
            else:
                opened.note(mail.number, kept=kept)


class _Counted:
    """Pieces of a mail, of which no more are handed on than may be kept."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.size += len(piece)
            if self.size <= LARGEST_FETCHED:
                yield piece


class _Opened:
    """A batch that is being filled."""

    def __init__(self) -> None:
        self.spool = Spool()
        self.asked: list[int] = []
        self._kept: list[tuple[int, Kept]] = []
        self._huge: list[tuple[int, int]] = []

    def has_no_room_for(self, mail: Listed) -> bool:
        full = len(self.asked) == BATCH or self.spool.end + mail.size > BATCH_BYTES
        return bool(self.asked) and full

    def note(self, number: int, *, kept: Kept | None = None, huge: int = 0) -> None:
        self.asked.append(number)
        if kept is not None:
            self._kept.append((number, kept))
        if huge:
            self._huge.append((number, huge))

    def batch(self) -> Batch:
        return Batch(tuple(self.asked), tuple(self._kept), tuple(self._huge))


def _numbered(line: bytes) -> tuple[int, str]:
    number, _space, name = line.partition(b" ")
    return int(number), _name(name.strip())


def _name(said: bytes) -> str:
    """One that the RFC does not allow keeps its meaning, and becomes harmless."""
    if not said:
        raise ValueError("a mail without a name")
    if len(said) <= LONGEST_NAME and _PLAIN_NAME.fullmatch(said):
        return said.decode("ascii")
    return f"sha256:{sha256(said).hexdigest()}"


def _believed(size: int) -> int:
    return min(max(size, 0), LARGEST_SIZE)

"""The language of POP3 (RFC 1939): a command, its status, perhaps lines that end with a dot alone.

The standard library's poplib gives up at a line over 2 kB, waits without end for a server that
dribbles, and keeps a mail in memory line by line; so the three shapes of an answer are read here.
"""

import ssl
from base64 import b64encode
from collections.abc import Iterator

from apps.channels.transports.line import LEAST_BYTES_PER_SECOND, Line

CONNECT_SECONDS = 30  # of silence, until we are signed in
SIGN_IN_SECONDS = 60  # for all of it, from the first packet
READ_SECONDS = 60  # of silence
COMMAND_SECONDS = 600  # for an answer as a whole
LONGEST_LINE = 8192  # of a status, or of a list
LONGEST_LIST = 32 * 2**20  # bytes: about a million mails
LARGEST_ANSWER = 600 * 2**20  # bytes: what is read of one mail before we hang up
_PART = 64 * 1024
_END = b"\n.\r\n"


class Denied(Exception):
    """-ERR, and the words behind it."""

    def __init__(self, words: bytes) -> None:
        super().__init__()
        self.words = words


class Wire(Line):
    """One connection. Raises Denied, ValueError for nonsense, and what the network raises."""

    def __init__(self, host: str, port: int, *, implicit: ssl.SSLContext | None) -> None:
        self.challenge = b""
        self.wait_at_most(SIGN_IN_SECONDS, silence=CONNECT_SECONDS)
        self._reach(host, port, implicit)

    def allow(self, *, size: int = 0) -> None:
        """For the next command, whose answer has about SIZE bytes."""
        seconds = COMMAND_SECONDS + min(size, LARGEST_ANSWER) / LEAST_BYTES_PER_SECOND
        self.wait_at_most(seconds, silence=READ_SECONDS)

    def starttls(self, context: ssl.SSLContext) -> None:
        """Bytes that came before the encryption are an attack, or as good as."""
        self.command(b"STLS")
        if self._buffer:
            raise ValueError("bytes before the encryption")
        self._encrypt(context)

    # ---- the three shapes of an answer --------------------------------------------------

    def command(self, words: bytes) -> bytes:
        """The words behind +OK."""
        self.say(words)
        return self.status()

    def status(self) -> bytes:
        return self._judged(self._line())

    def _judged(self, line: bytes) -> bytes:
        word, _space, rest = line.partition(b" ")
        if word.upper() == b"-ERR":
            raise Denied(rest)
        if word.upper() != b"+OK":
            raise ValueError("no status")
        return rest

    def lines(self, words: bytes) -> list[bytes]:
        """A list, without the dot at its end."""
        self.command(words)
        found: list[bytes] = []
        size = 0
        while (line := self._line()) != b".":
            size += len(line)
            if size > LONGEST_LIST:
                raise ValueError("a list without end")
            found.append(line.removeprefix(b"."))
        return found

    def body(self) -> Iterator[bytes]:
        """After a status: pieces of a mail, its stuffed dots taken away (RFC 1939, 3).

        One that the server forgot to stuff may seem to end too soon: then more follows than the
        end, and it is not taken for whole.
        """
        rest, size, end = b"\n", 0, -1
        while end < 0:
            text = rest + self._part()
            end = text.find(_END)
            cut = end + 1 if end >= 0 else _before_an_end(text)
            piece, rest = text[:cut].replace(b"\n..", b"\n."), text[cut:]
            yield piece if size else piece[1:]  # without the line end that it began with
            size += cut
            if size > LARGEST_ANSWER:
                raise ValueError("a mail without end")
        if rest != _END[1:] or self._buffer:
            raise ValueError("more than one answer")

    def authenticate(self, mechanism: str, *answers: bytes) -> None:
        """AUTH (RFC 5034): each of ANSWERS for a challenge; `challenge` is the last one of them."""
        self.say(b"AUTH " + mechanism.encode())
        for answer in answers:
            line = self._line()
            if not line.startswith(b"+ ") and line != b"+":
                self._judged(line)
                return
            self.challenge = line[2:]
            self.say(b64encode(answer))
        self.status()

    # ---- bytes --------------------------------------------------------------------------

    def say(self, words: bytes) -> None:
        self.sock.settimeout(self._patience())
        self.sock.sendall(words + b"\r\n")

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\n", 0, LONGEST_LINE)) < 0:
            if len(self._buffer) >= LONGEST_LINE:
                raise ValueError("a line is too long")
            self._more()
        return self._taken(end + 1).rstrip(b"\r\n")

    def _part(self) -> bytes:
        if not self._buffer:
            self._more()
        return self._taken(min(len(self._buffer), _PART))

    def _more(self) -> None:
        if not self._fill():
            raise ConnectionAbortedError("closed")


def _before_an_end(text: bytes) -> int:
    """Up to where TEXT is surely no beginning of the end, nor of a stuffed dot."""
    doubtful = next((tail for tail in (b"\n.\r", b"\n.", b"\n") if text.endswith(tail)), b"")
    return len(text) - len(doubtful)

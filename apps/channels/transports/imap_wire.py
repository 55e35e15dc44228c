"""imaplib on a socket of our own: every wait ends, no answer is without bound, IDLE can look in.

imaplib reads through a file object, which after a timeout refuses to be read again and hides
what it has buffered; so its documented points of override are used: open, read, readline, shutdown.
"""

import contextlib
import imaplib
import select
import ssl
from collections.abc import Iterator

from apps.channels.transports.line import LEAST_BYTES_PER_SECOND, Line
from apps.channels.transports.spool import Spool

CONNECT_SECONDS = 30  # of silence, until we are signed in
SIGN_IN_SECONDS = 60  # for all of it, from the first packet
READ_SECONDS = 60  # of silence
COMMAND_SECONDS = 600  # for a command as a whole, however busy the server says it is
LONGEST_LINE = 32 * 2**20  # a SEARCH answer of four million UIDs
LARGEST_LITERAL = 300 * 2**20

imaplib.Commands.setdefault("MOVE", ("SELECTED",))  # RFC 6851; unknown to Python 3.11
imaplib.Commands.setdefault("IDLE", ("SELECTED",))


class Wire(Line, imaplib.IMAP4):
    """One connection; `starttls_with` and `implicit` TLS check the server's name."""

    def __init__(self, host: str, port: int, *, implicit: ssl.SSLContext | None) -> None:
        self._implicit = implicit
        self._spool: Spool | None = None
        self.allow(SIGN_IN_SECONDS, silence=CONNECT_SECONDS)
        super().__init__(host, port)

    # ---- what imaplib lets us override ------------------------------------------------

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        self._reach(host, port, self._implicit)

    def read(self, size: int) -> bytes:
        """A literal. Sizes are the server's claim, so memory is taken as bytes come."""
        if size > LARGEST_LITERAL:
            raise self.abort("a literal is too large")
        self._deadline += size / LEAST_BYTES_PER_SECOND
        if self._spool is not None:  # imaplib hands on what it gets
            return self._spool.keep(self._literal(size))  # type: ignore[return-value]
        return b"".join(self._literal(size))

    def readline(self) -> bytes:
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > LONGEST_LINE:
                raise self.abort("a line is too long")
            if not self._fill():
                return b""
        return self._taken(end + 1)

    # ---- what we add ------------------------------------------------------------------

    def allow(self, seconds: float, *, silence: float | None = None) -> None:
        """The next command as a whole may take this long, and say nothing for SILENCE."""
        self.wait_at_most(seconds, silence=READ_SECONDS if silence is None else silence)

    @contextlib.contextmanager
    def literals_into(self, spool: Spool) -> Iterator[None]:
        """Each literal of an answer becomes a `Kept` of this spool."""
        self._spool = spool
        try:
            yield
        finally:
            self._spool = None

    def starttls_with(self, context: ssl.SSLContext) -> bool:
        """False: refused. Bytes that came before the encryption are an attack, or as good as."""
        kind, _data = self.xatom("STARTTLS")
        if kind != "OK":
            return False
        if self._buffer:
            raise self.abort("bytes before the encryption")
        self._encrypt(context)
        self.untagged_responses.pop("CAPABILITY", None)  # said in the clear, by whomever
        self.ask_capabilities()
        return True

    def ask_capabilities(self) -> None:
        """They change with the encryption and with signing in; many servers say them unasked."""
        self._get_capabilities()

    def _get_capabilities(self) -> None:
        said = self.untagged_responses.pop("CAPABILITY", None)
        if not said:
            super()._get_capabilities()  # type: ignore[misc]  # typeshed leaves it out
        else:
            words = str(said[-1], "ascii", "replace").partition("]")[0]  # type: ignore[arg-type]
            self.capabilities = tuple(words.upper().split())

    def has_input(self, seconds: float) -> bool:
        """Whether something can be read, after SECONDS at the latest."""
        if self._buffer or (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()):
            return True
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def _literal(self, size: int) -> Iterator[bytes]:
        while size:
            if not self._buffer and not self._fill():
                raise self.abort("closed within a literal")
            piece = self._taken(min(size, len(self._buffer)))
            size -= len(piece)
            yield piece

"""imaplib on a socket of our own: every wait ends, no answer is without bound, IDLE can look in.

imaplib reads through a file object, which after a timeout refuses to be read again and hides
what it has buffered; so its documented points of override are used: open, read, readline, shutdown.
"""

import contextlib
import imaplib
import select
import socket
import ssl
import time

CONNECT_SECONDS = 30
READ_SECONDS = 60  # of silence
COMMAND_SECONDS = 600  # for a command as a whole, however busy the server says it is
LEAST_BYTES_PER_SECOND = 20_000  # a server that dribbles is given up too
LONGEST_LINE = 32 * 2**20  # a SEARCH answer of four million UIDs
LARGEST_LITERAL = 300 * 2**20
_CHUNK = 256 * 1024

imaplib.Commands.setdefault("MOVE", ("SELECTED",))  # RFC 6851; unknown to Python 3.11
imaplib.Commands.setdefault("IDLE", ("SELECTED",))


class Wire(imaplib.IMAP4):
    """One connection; `starttls_with` and `implicit` TLS check the server's name."""

    def __init__(self, host: str, port: int, *, implicit: ssl.SSLContext | None) -> None:
        self._implicit = implicit
        self._buffer = bytearray()
        self._deadline = time.monotonic() + CONNECT_SECONDS + READ_SECONDS
        super().__init__(host, port, CONNECT_SECONDS)

    # ---- what imaplib lets us override ------------------------------------------------

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        self.host, self.port = host, port
        self.sock = socket.create_connection((host, port), timeout)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self._implicit:
            self._encrypt(self._implicit)

    def read(self, size: int) -> bytes:
        """A literal. Sizes are the server's claim, so memory is taken as bytes come."""
        if size > LARGEST_LITERAL:
            raise self.abort("a literal is too large")
        self._deadline += size / LEAST_BYTES_PER_SECOND
        while len(self._buffer) < size:
            if not self._fill():
                raise self.abort("closed within a literal")
        return self._taken(size)

    def readline(self) -> bytes:
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > LONGEST_LINE:
                raise self.abort("a line is too long")
            if not self._fill():
                return b""
        return self._taken(end + 1)

    def shutdown(self) -> None:
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    # ---- what we add ------------------------------------------------------------------

    def allow(self, seconds: float) -> None:
        """The next command as a whole may take this long."""
        self._deadline = time.monotonic() + seconds

    def starttls_with(self, context: ssl.SSLContext) -> bool:
        """False: refused. Bytes that came before the encryption are an attack, or as good as."""
        kind, _data = self.xatom("STARTTLS")
        if kind != "OK":
            return False
        if self._buffer:
            raise self.abort("bytes before the encryption")
        self._encrypt(context)
        self.ask_capabilities()
        return True

    def ask_capabilities(self) -> None:
        """They change with the encryption and with signing in."""
        self._get_capabilities()

    def has_input(self, seconds: float) -> bool:
        """Whether something can be read, after SECONDS at the latest."""
        if self._buffer or (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()):
            return True
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def _encrypt(self, context: ssl.SSLContext) -> None:
        plain = self.sock
        try:
            self.sock = context.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise

    def _fill(self) -> bool:
        if time.monotonic() > self._deadline:
            raise TimeoutError
        received = self.sock.recv(_CHUNK)
        self._buffer += received
        return bool(received)

    def _taken(self, size: int) -> bytes:
        taken = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        return taken

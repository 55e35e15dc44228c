"""A socket to a mail server on which every wait ends: what IMAP and POP3 are spoken over."""

import contextlib
import socket
import ssl
import time

LEAST_BYTES_PER_SECOND = 20_000  # a server that dribbles is given up
_CHUNK = 64 * 1024


class Line:
    """Reads into a buffer of its own: a file object on a socket is spoilt by its first timeout."""

    host: str
    port: int
    sock: socket.socket
    _buffer: bytearray
    _deadline: float
    _silence: float

    def wait_at_most(self, seconds: float, *, silence: float) -> None:
        """What comes next may take SECONDS as a whole, and say nothing for SILENCE."""
        self._deadline = time.monotonic() + seconds
        self._silence = silence

    def shutdown(self) -> None:
        """From any thread: whoever reads gets an error."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def _reach(self, host: str, port: int, implicit: ssl.SSLContext | None) -> None:
        self.host, self.port = host, port
        self._buffer = bytearray()
        self.sock = self._connected(host, port)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if implicit:
            self._encrypt(implicit)

    def _connected(self, host: str, port: int) -> socket.socket:
        """The first address that answers; a name with many dead ones costs no more than one."""
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for number, (*_kind, address) in enumerate(places, start=1):
            try:
                return socket.create_connection((str(address[0]), port), self._patience())
            except OSError:
                if number == len(places):
                    raise
        raise TimeoutError

    def _encrypt(self, context: ssl.SSLContext) -> None:
        plain = self.sock
        try:
            self.sock = context.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise

    def _patience(self) -> float:
        """Seconds that the next wait may last. Raises TimeoutError when the time is up."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(self._silence, left)

    def _fill(self) -> bool:
        """False: the server has hung up."""
        self.sock.settimeout(self._patience())
        received = self.sock.recv(_CHUNK)
        self._buffer += received
        return bool(received)

    def _taken(self, size: int) -> bytes:
        taken = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        return taken

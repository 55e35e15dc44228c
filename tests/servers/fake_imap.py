"""An IMAP server that follows a script, to see what odd ones do to us."""

import re
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

# What the server says to a command: bytes to send, or None to fall silent, or b"" to hang up.
Answer = Callable[[bytes, bytes], bytes | None]

ONE_MAIL = {7: b"Subject: hi\r\n\r\nbody\n"}


def serving(
    mails: dict[int, bytes],
    *,
    capabilities: str = "UIDPLUS",
    uidvalidity: int = 5,
    modseq: Callable[[], int] | None = None,
) -> Answer:
    """One folder, INBOX, that behaves; a script may answer some commands itself."""

    def answer(tag: bytes, command: bytes) -> bytes:
        done = tag + b" OK done\r\n"
        words = command.upper().split()
        match words[:2]:
            case [b"CAPABILITY", *_rest]:
                return b"* CAPABILITY IMAP4rev1 %s\r\n" % capabilities.encode() + done
            case [b"SELECT" | b"EXAMINE", *_rest]:
                state = (len(mails), uidvalidity, max(mails, default=0) + 1)
                changes = b"* OK [HIGHESTMODSEQ %d] x\r\n" % modseq() if modseq else b""
                return (
                    b"* %d EXISTS\r\n* OK [UIDVALIDITY %d] x\r\n* OK [UIDNEXT %d] x\r\n" % state
                    + changes
                    + done
                )
            case [b"LIST", *_rest]:
                return b'* LIST (\\HasNoChildren) "/" INBOX\r\n' + done
            case [b"LOGOUT"]:
                return b"* BYE\r\n" + done
            case [b"UID", b"SEARCH"]:
                found = _uids(mails, words[3]) if words[2] == b"UID" else sorted(mails)
                return b"* SEARCH " + b" ".join(b"%d" % uid for uid in found) + b"\r\n" + done
            case [b"UID", b"FETCH"]:
                return (
                    b"".join(_fetched(uid, mails[uid], command) for uid in _uids(mails, words[2]))
                    + done
                )
        return done

    return answer


def _uids(mails: dict[int, bytes], wanted: bytes) -> list[int]:
    found: set[int] = set()
    for part in wanted.split(b","):
        low, _colon, high = part.partition(b":")
        top = max(mails, default=0) if high == b"*" else int(high or low)
        found.update(uid for uid in mails if min(int(low), top) <= uid <= max(int(low), top))
    return sorted(found)


def _fetched(uid: int, raw: bytes, command: bytes) -> bytes:
    if piece := re.search(rb"BODY\.PEEK\[\]<(\d+)\.(\d+)>", command):
        start, count = int(piece[1]), int(piece[2])
        some = raw[start : start + count]
        return b"* 1 FETCH (UID %d BODY[]<%d> {%d}\r\n%s)\r\n" % (uid, start, len(some), some)
    if b"BODY.PEEK" in command:
        return b"* 1 FETCH (UID %d BODY[] {%d}\r\n%s)\r\n" % (uid, len(raw), raw)
    if b"INTERNALDATE" in command:
        return b'* 1 FETCH (UID %d INTERNALDATE " 5-Jan-2026 10:00:00 +0000")\r\n' % uid
    return b"* 1 FETCH (UID %d RFC822.SIZE %d)\r\n" % (uid, len(raw))


def asks_for(command: bytes, uid: int) -> bool:
    """Whether the command fetches the body of this mail."""
    found = re.match(rb"UID FETCH ([\d:,*]+) .*BODY\.PEEK", command)
    return bool(found and uid in _uids({uid: b""}, found[1]))


def noting(answer: Answer, commands: list[bytes]) -> Answer:
    """The same server, whose commands are noted: without tags, passwords and arguments of UID."""

    def noted(tag: bytes, command: bytes) -> bytes | None:
        words = command.upper().split()
        commands.append(b" ".join(words[: 2 if words[:1] == [b"UID"] else 1]))
        return answer(tag, command)

    return noted


well_behaved = serving(ONE_MAIL)


@contextmanager
def running_fake_imap(
    answer: Answer = well_behaved,
    *,
    greeting: bytes = b"* OK scripted\r\n",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
) -> Iterator[int]:
    """Yields its port on 127.0.0.1."""

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            lines.append(self.connection)
            self.wfile.write(greeting)
            for line in self.rfile:
                tag, _space, command = line.strip().partition(b" ")
                said = answer(tag, command)
                if said is None:
                    released.wait(30)
                    return
                if said == b"":
                    return
                self.wfile.write(said)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True
        request_queue_size = 500

        def finish_request(self, request: Any, client_address: Any) -> None:
            """In the thread of this conversation: a client that never speaks TLS stops no other."""
            secured = tls.wrap_socket(request, server_side=True) if tls else request
            super().finish_request(secured, client_address)

        def handle_error(self, request: object, client_address: object) -> None:
            """The client went away in the middle, as it should from a server like this."""

    released = threading.Event()
    lines: list[socket.socket] = []
    with Server(("127.0.0.1", port), Conversation) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            released.set()
            server.shutdown()
            for line in lines:
                with suppress(OSError):  # the client went before
                    line.shutdown(socket.SHUT_RDWR)

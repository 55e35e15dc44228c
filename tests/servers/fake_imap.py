"""An IMAP server that follows a script, to see what odd ones do to us."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# What the server says to a command: bytes to send, or None to fall silent, or b"" to hang up.
Answer = Callable[[bytes, bytes], bytes | None]


def well_behaved(tag: bytes, command: bytes) -> bytes:
    """One mail with UID 7 in INBOX."""
    word = command.split()[0].upper()
    if word == b"CAPABILITY":
        return b"* CAPABILITY IMAP4rev1 UIDPLUS\r\n" + tag + b" OK done\r\n"
    if word == b"SELECT":
        told = b"* 1 EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n* OK [UIDNEXT 8] x\r\n"
        return told + tag + b" OK [READ-WRITE] done\r\n"
    if command.upper().startswith(b"UID SEARCH"):
        return b"* SEARCH 7\r\n" + tag + b" OK done\r\n"
    if b"RFC822.SIZE" in command:
        return b"* 1 FETCH (UID 7 RFC822.SIZE 20)\r\n" + tag + b" OK done\r\n"
    if b"BODY.PEEK" in command:
        return (
            b"* 1 FETCH (UID 7 BODY[] {20}\r\nSubject: hi\r\n\r\nbody\n)\r\n"
            + tag
            + b" OK done\r\n"
        )
    return tag + b" OK done\r\n"


@contextmanager
def running_fake_imap(answer: Answer = well_behaved) -> Iterator[int]:
    """Yields its port on 127.0.0.1."""

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"* OK scripted\r\n")
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

    released = threading.Event()
    with Server(("127.0.0.1", 0), Conversation) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            released.set()
            server.shutdown()

"""A small SMTP server (RFC 5321): what it takes, it keeps as files. Nothing ever leaves.

An address at `nowhere.test` is refused, so that a failed delivery can be seen.
"""

import asyncio
import re
import socket
import time
from email.utils import formatdate

from config.demo.post import SENT, Post

LARGEST = 60 * 2**20
REFUSED_DOMAIN = "nowhere.test"
_PATH = re.compile(r"(?:FROM|TO):\s*<([^<>\s]*)>", re.IGNORECASE)


async def serve(listener: socket.socket, post: Post) -> asyncio.Server:
    return await asyncio.start_server(
        lambda reader, writer: _Line(reader, writer, post).run(), sock=listener
    )


class _Line:
    """One connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, post: Post
    ) -> None:
        self.reader, self.writer, self.post = reader, writer, post
        self.sender: str | None = None
        self.recipients: list[str] = []

    async def run(self) -> None:
        try:
            await self.say("220 the demo's post office")
            while (line := await self.reader.readline()) and await self.obey(line.decode()):
                pass
        except (OSError, ValueError, asyncio.IncompleteReadError):
            pass  # whoever talks nonsense or hangs up is let go
        finally:
            self.writer.close()

    async def say(self, line: str) -> None:
        self.writer.write(f"{line}\r\n".encode())
        await self.writer.drain()

    async def obey(self, line: str) -> bool:
        """False ends the conversation."""
        verb, _space, rest = line.strip().partition(" ")
        match verb.upper():
            case "EHLO":
                await self.say(f"250-demo\r\n250-SIZE {LARGEST}\r\n250-SMTPUTF8\r\n250 8BITMIME")
            case "HELO" | "NOOP":
                await self.say("250 fine")
            case "RSET":
                self.forget()
                await self.say("250 forgotten")
            case "MAIL":
                await self.mail(rest)
            case "RCPT":
                await self.recipient(rest)
            case "DATA":
                await self.data()
            case "QUIT":
                await self.say("221 goodbye")
            case _:
                await self.say("502 not in this demo")
        return verb.upper() != "QUIT"

    def forget(self) -> None:
        self.sender, self.recipients = None, []

    async def mail(self, rest: str) -> None:
        self.forget()
        if found := _PATH.match(rest):
            self.sender = found[1]
        await self.say("250 fine" if found else "501 write it like MAIL FROM:<a@example.com>")

    async def recipient(self, rest: str) -> None:
        found = _PATH.match(rest)
        if self.sender is None:
            await self.say("503 MAIL comes first")
        elif not found or "@" not in found[1]:
            await self.say("501 write it like RCPT TO:<a@example.com>")
        elif found[1].lower().endswith(f"@{REFUSED_DOMAIN}"):
            await self.say("550 5.1.1 there is no such mailbox")
        else:
            self.recipients.append(found[1])
            await self.say("250 fine")

    async def data(self) -> None:
        if self.sender is None or not self.recipients:
            await self.say("503 RCPT comes first")
            return
        await self.say("354 go on, a dot ends it")
        raw = await self.read_mail()
        if raw is None:
            await self.say("552 5.3.4 too large")
        else:
            self.keep(self.sender, raw)
            await self.say("250 2.0.0 kept")
        self.forget()

    async def read_mail(self) -> bytes | None:
        """None when it is too large; read to its end in any case."""
        lines: list[bytes] = []
        size = 0
        while (line := await self.reader.readline()) != b".\r\n":
            if not line:
                raise asyncio.IncompleteReadError(b"", None)
            size += len(line)
            if size <= LARGEST:
                lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines) if size <= LARGEST else None

    def keep(self, sender: str, raw: bytes) -> None:
        """A copy for each mailbox, and what a customer writes among that customer's sent mail."""
        received = f"Received: by demo with SMTP; {formatdate(time.time())}\r\n"
        stamped = f"Return-Path: <{sender}>\r\n{received}".encode() + raw
        for owner in dict.fromkeys(map(self.post.owner, self.recipients)):
            self.post.folder(owner).make().add(stamped)
        if sender and self.post.owner(sender) != self.post.mailbox:
            self.post.folder(self.post.owner(sender), SENT).make().add(raw, "S")

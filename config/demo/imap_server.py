"""A small IMAP4rev1 server (RFC 3501) with UIDPLUS, MOVE and IDLE, over the files of post.py.

It tells mails as a whole or by their headers, not part by part: all that fetching needs. One
password opens every mailbox.
"""

import asyncio
import hmac
import socket
from collections.abc import Awaitable, Callable

from config.demo import imap_mails
from config.demo.imap_words import LITERAL_END, Word, in_set, matches, quoted, text, words
from config.demo.post import FLAGS, INBOX, Folder, Mail, Post

CAPABILITIES = "IMAP4rev1 IDLE UIDPLUS MOVE LITERAL+"
LARGEST = 60 * 2**20
LARGEST_OF_STRANGERS = 4096
LOOK_EVERY = 0.3  # seconds, while somebody IDLEs
LONGEST_SILENCE = 30 * 60
KEEP_NUMBERS = {"FETCH", "STORE", "SEARCH"}  # mails that went are told of afterwards
GOODBYE = "OK goodbye"

Done = str | None
Verb = Callable[..., Awaitable[Done]]


class No(Exception):
    """Understood and refused."""


async def serve(listener: socket.socket, post: Post, password: str) -> asyncio.Server:
    return await asyncio.start_server(
        lambda reader, writer: Conversation(reader, writer, post, password).run(), sock=listener
    )


class Conversation:
    """One connection: who signed in, which folder is open, what was said of it."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        post: Post,
        password: str,
    ) -> None:
        self.reader, self.writer, self.post, self.password = reader, writer, post, password
        self.mailbox = ""
        self.folder: Folder | None = None
        self.writable = False
        self.shown: list[int] = []  # the UIDs that the client knows, in the order of their numbers
        self.by_uid = False

    # ---- lines ------------------------------------------------------------------------

    async def run(self) -> None:
        try:
            await self.say(f"* OK [CAPABILITY {CAPABILITIES}] the demo's mail")
            while (command := await self._read_command()) and await self._answer(command):
                pass
        except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError):
            pass  # whoever talks nonsense or hangs up is let go
        finally:
            self.writer.close()

    async def say(self, line: str | bytes) -> None:
        self.writer.write((line.encode() if isinstance(line, str) else line) + b"\r\n")
        await self.writer.drain()

    async def _read_command(self) -> bytes:
        """One line, with the literals in it."""
        command = await self._read_line()
        while literal := LITERAL_END.search(command):
            size = int(literal[1])
            if size > (LARGEST if self.mailbox else LARGEST_OF_STRANGERS):
                raise ValueError("too large")
            if not literal[2]:
                await self.say("+ go on")
            command += await self.reader.readexactly(size) + await self._read_line()
        return command

    async def _read_line(self) -> bytes:
        return await asyncio.wait_for(self.reader.readline(), LONGEST_SILENCE)

    async def _answer(self, command: bytes) -> bool:
        """False ends the conversation."""
        tag, _space, rest = command.partition(b" ")
        try:
            name, *arguments = words(rest) or [""]
            done = await self._obey(text(name).upper(), arguments)
        except No as no:
            done = f"NO {no}"
        except ValueError as error:
            done = f"BAD {error}"
        await self.say(f"{tag.decode('latin-1').strip()} {done}")
        return done != GOODBYE

    async def _obey(self, name: str, arguments: list[Word]) -> str:
        self.by_uid = name == "UID" and bool(arguments)
        if self.by_uid:
            name, arguments = text(arguments[0]).upper(), arguments[1:]
        verb = (WITH_UIDS if self.by_uid else VERBS).get(name)
        if verb is None:
            raise ValueError("not in this demo")
        if name not in FOR_STRANGERS and not self.mailbox:
            raise ValueError("log in first")
        if name in WITHIN_FOLDER and self.folder is None:
            raise ValueError("select a folder first")
        try:
            done = await verb(self, *arguments)
        except TypeError:
            raise ValueError("too few or too many words") from None
        if self.folder and (self.by_uid or name not in KEEP_NUMBERS):
            await self._tell_news()
        return done or f"OK {name} done"

    # ---- signing in -------------------------------------------------------------------

    async def capability(self) -> Done:
        await self.say(f"* CAPABILITY {CAPABILITIES}")
        return None

    async def noop(self) -> Done:
        return None

    async def login(self, user: Word, password: Word) -> Done:
        if not hmac.compare_digest(text(password).encode(), self.password.encode()):
            raise No("[AUTHENTICATIONFAILED] this is not the password")
        self.mailbox = self.post.owner(text(user)) if "@" in text(user) else text(user)
        self.post.folder(self.mailbox).make()
        return f"OK [CAPABILITY {CAPABILITIES}] welcome"

    async def logout(self) -> Done:
        await self.say("* BYE until next time")
        self.folder = None
        return GOODBYE

    # ---- folders ----------------------------------------------------------------------

    async def list_folders(self, reference: Word, pattern: Word) -> Done:
        if not text(pattern):
            await self.say(r'* LIST (\Noselect) "/" ""')
        for name in self.post.folders(self.mailbox):
            if matches(text(reference) + text(pattern), name):
                await self.say(rf'* LIST (\HasNoChildren) "/" {quoted(name)}')
        return None

    async def create(self, name: Word) -> Done:
        if text(name) in self.post.folders(self.mailbox):
            raise No("[ALREADYEXISTS] there is such a folder")
        self.post.folder(self.mailbox, text(name)).make()
        return None

    async def status(self, name: Word, wanted: Word) -> Done:
        folder = self._folder_named(name)
        (validity, following), mails = folder.uids, folder.mails()
        known = {
            "MESSAGES": len(mails),
            "RECENT": 0,
            "UIDNEXT": following,
            "UIDVALIDITY": validity,
            "UNSEEN": sum("S" not in mail.flags for mail in mails),
        }
        names = [text(one).upper() for one in wanted] if isinstance(wanted, list) else []
        facts = " ".join(f"{one} {known[one]}" for one in names if one in known)
        await self.say(f"* STATUS {quoted(text(name))} ({facts})")
        return None

    async def select(self, name: Word) -> Done:
        return await self._open(name, writable=True)

    async def examine(self, name: Word) -> Done:
        return await self._open(name, writable=False)

    async def _open(self, name: Word, *, writable: bool) -> Done:
        self.folder = None
        self.folder, self.writable = self._folder_named(name), writable
        mails, (validity, following) = self.folder.mails(), self.folder.uids
        self.shown = [mail.uid for mail in mails]
        flags = " ".join(FLAGS.values())
        await self.say(f"* FLAGS ({flags})\r\n* {len(mails)} EXISTS\r\n* 0 RECENT")
        await self.say(f"* OK [PERMANENTFLAGS ({flags if writable else ''})] these are kept")
        await self.say(f"* OK [UIDVALIDITY {validity}]\r\n* OK [UIDNEXT {following}]")
        return f"OK [READ-{'WRITE' if writable else 'ONLY'}] open"

    async def close(self) -> Done:
        """Ends with a silent EXPUNGE, as it must."""
        if self.writable:
            self._remove_deleted(set(self.shown))
        self.folder, self.shown = None, []
        return None

    async def unselect(self) -> Done:
        self.folder, self.shown = None, []
        return None

    def _folder_named(self, name: Word) -> Folder:
        wanted = INBOX if text(name).upper() == INBOX else text(name)
        if wanted not in self.post.folders(self.mailbox):
            raise No("[TRYCREATE] there is no such folder")
        return self.post.folder(self.mailbox, wanted)

    # ---- mails ------------------------------------------------------------------------

    @property
    def _here(self) -> Folder:
        assert self.folder is not None
        return self.folder

    def _numbered(self) -> imap_mails.Numbered:
        mails = {mail.uid: mail for mail in self._here.mails()}
        return [(number, mails[uid]) for number, uid in enumerate(self.shown, 1) if uid in mails]

    def _chosen(self, chosen: Word) -> imap_mails.Numbered:
        if self.by_uid:
            uids = in_set(chosen, self.shown)
            return [(number, mail) for number, mail in self._numbered() if mail.uid in uids]
        numbers = in_set(chosen, range(1, len(self.shown) + 1))
        return [(number, mail) for number, mail in self._numbered() if number in numbers]

    async def search(self, *criteria: Word) -> Done:
        found = imap_mails.search([*criteria], self._numbered())
        numbers = (str(mail.uid if self.by_uid else number) for number, mail in found)
        await self.say(" ".join(["* SEARCH", *numbers]))
        return None

    async def fetch(self, chosen: Word, wanted: Word) -> Done:
        items = [text(one) for one in wanted] if isinstance(wanted, list) else [text(wanted)]
        if [one.upper() for one in items] == ["FAST"]:
            items = ["FLAGS", "INTERNALDATE", "RFC822.SIZE"]
        if self.by_uid and "UID" not in (one.upper() for one in items):
            items = ["UID", *items]
        for number, mail in self._chosen(chosen):
            await self.say(b"* %d FETCH (%s)" % (number, imap_mails.fetched(mail, items)))
            if self.writable and "S" not in mail.flags and imap_mails.marks_seen(items):
                await self._tell_flags(number, self._here.flag(mail, mail.flags | {"S"}))
        return None

    async def store(self, chosen: Word, how: Word, *wanted: Word) -> Done:
        self._may_write_or_refuse()
        sign, silent = text(how).upper()[:1], text(how).upper().endswith(".SILENT")
        given = _letters(wanted)
        for number, mail in self._chosen(chosen):
            known = {"+": mail.flags | given, "-": mail.flags - given}
            flagged = self._here.flag(mail, known.get(sign, given))
            if not silent:
                await self._tell_flags(number, flagged)
        return None

    async def _tell_flags(self, number: int, mail: Mail) -> None:
        items = ["UID", "FLAGS"] if self.by_uid else ["FLAGS"]
        await self.say(b"* %d FETCH (%s)" % (number, imap_mails.fetched(mail, items)))

    async def copy(self, chosen: Word, name: Word) -> Done:
        return f"OK {self._copied(chosen, name)} done"

    async def move(self, chosen: Word, name: Word) -> Done:
        """The word on the new UIDs comes before the numbers change (RFC 6851)."""
        self._may_write_or_refuse()
        mails = [mail for _number, mail in self._chosen(chosen)]
        await self.say(f"* OK {self._copied(chosen, name)} moved")
        for mail in mails:
            mail.path.unlink()
        await self._tell_news()
        return None

    def _copied(self, chosen: Word, name: Word) -> str:
        folder, mails = self._folder_named(name), [mail for _n, mail in self._chosen(chosen)]
        copies = [folder.add(mail.raw, mail.flags, mail.arrived) for mail in mails]
        if not copies:
            return ""
        olds, news = (",".join(map(str, uids)) for uids in ([m.uid for m in mails], copies))
        return f"[COPYUID {folder.uids[0]} {olds} {news}]"

    async def append(self, name: Word, *rest: Word) -> Done:
        """Flags and a date may stand between the name and the mail; the date is now."""
        *between, raw = rest
        if not isinstance(raw, bytes):
            raise ValueError("a mail is needed")
        folder = self._folder_named(name)
        uid = folder.add(raw, _letters([one for one in between if isinstance(one, list)]))
        return f"OK [APPENDUID {folder.uids[0]} {uid}] done"

    async def expunge(self, chosen: Word = "1:*") -> Done:
        self._may_write_or_refuse()
        uids = in_set(chosen, self.shown) if self.by_uid else set(self.shown)
        self._remove_deleted(uids)
        await self._tell_news()
        return None

    def _remove_deleted(self, uids: set[int]) -> None:
        for mail in self._here.mails():
            if mail.uid in uids and "T" in mail.flags:
                mail.path.unlink()

    def _may_write_or_refuse(self) -> None:
        if not self.writable:
            raise No("the folder is open for reading only")

    # ---- news -------------------------------------------------------------------------

    async def _tell_news(self) -> None:
        """What went, the highest number first; then how many there are."""
        there = [mail.uid for mail in self._here.mails()]
        before = len(self.shown)
        for number, uid in reversed(list(enumerate(self.shown, 1))):
            if uid not in there:
                self.shown.remove(uid)
                await self.say(f"* {number} EXPUNGE")
        came = [uid for uid in there if uid not in set(self.shown)]
        self.shown += came
        if came or len(self.shown) != before:
            await self.say(f"* {len(self.shown)} EXISTS")

    async def idle(self) -> Done:
        await self.say("+ waiting")
        ended = asyncio.ensure_future(self._read_line())
        try:
            seen = 0
            while not (await asyncio.wait({ended}, timeout=LOOK_EVERY))[0]:
                changed = self._here.path.stat().st_mtime_ns
                if changed != seen:
                    seen = changed
                    await self._tell_news()
        finally:
            ended.cancel()
        if ended.result().strip().upper() != b"DONE":
            raise ValueError("DONE was expected")
        return None


def _letters(flags: tuple[Word, ...] | list[Word]) -> frozenset[str]:
    """Of flags alone or in a list; what the demo does not know is left out."""
    names = [one for flag in flags for one in (flag if isinstance(flag, list) else [flag])]
    known = (imap_mails.LETTERS.get(text(name).upper()) for name in names)
    return frozenset(letter for letter in known if letter)


_C = Conversation
FOR_STRANGERS = {"CAPABILITY", "NOOP", "LOGIN", "LOGOUT"}
WITH_UIDS: dict[str, Verb] = {
    "COPY": _C.copy,
    "EXPUNGE": _C.expunge,
    "FETCH": _C.fetch,
    "MOVE": _C.move,
    "SEARCH": _C.search,
    "STORE": _C.store,
}
WITHIN_FOLDER = {*WITH_UIDS, "CHECK", "CLOSE", "IDLE", "UNSELECT"}
VERBS: dict[str, Verb] = WITH_UIDS | {
    "APPEND": _C.append,
    "CAPABILITY": _C.capability,
    "CHECK": _C.noop,
    "CLOSE": _C.close,
    "CREATE": _C.create,
    "EXAMINE": _C.examine,
    "IDLE": _C.idle,
    "LIST": _C.list_folders,
    "LOGIN": _C.login,
    "LOGOUT": _C.logout,
    "NOOP": _C.noop,
    "SELECT": _C.select,
    "STATUS": _C.status,
    "UNSELECT": _C.unselect,
}

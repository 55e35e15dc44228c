"""Mail as files: DATA/demo/mail/MAILBOX/FOLDER/00000012.S.eml is mail 12, with the flag Seen.

The file `uids` beside them holds UIDVALIDITY and the next UID, so that both outlive a restart. The
demo's process alone writes; the customer's page only reads.
"""

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

INBOX, SENT = "INBOX", "Sent"
FLAGS = {"A": r"\Answered", "D": r"\Draft", "F": r"\Flagged", "S": r"\Seen", "T": r"\Deleted"}


@dataclass(frozen=True, slots=True)
class Mail:
    uid: int
    flags: frozenset[str]  # letters of FLAGS
    path: Path

    @property
    def raw(self) -> bytes:
        return self.path.read_bytes()

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    @property
    def arrived(self) -> float:
        return self.path.stat().st_mtime

    def turn_back(self, arrived: float) -> None:
        os.utime(self.path, (arrived, arrived))


class Folder:
    """One folder of one mailbox."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def uids(self) -> tuple[int, int]:
        """UIDVALIDITY and the next UID."""
        validity, following = (self.path / "uids").read_text().split()
        return int(validity), int(following)

    def mails(self) -> list[Mail]:
        """In the order of their UIDs; none where there is no folder."""
        found = (path.name.split(".") for path in self.path.glob("*.*.eml"))
        return sorted(
            (
                Mail(int(uid), frozenset(flags), self.path / f"{uid}.{flags}.eml")
                for uid, flags, _ending in found
            ),
            key=lambda mail: mail.uid,
        )

    def add(self, raw: bytes, flags: Iterable[str] = (), arrived: float | None = None) -> int:
        validity, uid = self.uids
        self._write_uids(validity, uid + 1)  # before the mail: a UID is never given twice
        draft = self.path / "draft"
        draft.write_bytes(raw)
        if arrived is not None:
            os.utime(draft, (arrived, arrived))
        draft.rename(self.path / _name(uid, flags))
        return uid

    def flag(self, mail: Mail, flags: Iterable[str]) -> Mail:
        path = mail.path.rename(self.path / _name(mail.uid, flags))
        return Mail(mail.uid, frozenset(flags), path)

    def make(self) -> "Folder":
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (self.path / "uids").exists():
            self._write_uids(int(time.time()), 1)
        return self

    def _write_uids(self, validity: int, following: int) -> None:
        draft = self.path / "uids.new"
        draft.write_text(f"{validity} {following}\n")
        draft.rename(self.path / "uids")


def _name(uid: int, flags: Iterable[str]) -> str:
    return f"{uid:08}.{''.join(sorted(flags))}.eml"


class Post:
    """All mailboxes. OURS are the addresses whose mail lies in the one mailbox that we fetch."""

    def __init__(self, path: Path, ours: Iterable[str] = (), mailbox: str = "") -> None:
        self.path = path
        self.ours = frozenset(ours)
        self.mailbox = mailbox

    def owner(self, address: str) -> str:
        """Whose mailbox it is; `support+token@` belongs to `support@`."""
        local, _at, domain = address.lower().rpartition("@")
        plain = f"{local.partition('+')[0]}@{domain}"
        return self.mailbox if plain in self.ours else address.lower()

    def folder(self, mailbox: str, name: str = INBOX) -> Folder:
        return Folder(self.path / quote(mailbox, safe="@+") / _folder_file(name))

    def folders(self, mailbox: str) -> list[str]:
        places = (self.path / quote(mailbox, safe="@+")).glob("*/uids")
        return sorted(unquote(place.parent.name.removeprefix("_")) for place in places)

    def deliver(self, address: str, raw: bytes) -> None:
        self.folder(self.owner(address)).make().add(raw)

    def mailboxes(self) -> Iterator[str]:
        """Those of customers."""
        for place in sorted(self.path.glob("*@*")):
            yield unquote(place.name)


def _folder_file(name: str) -> str:
    """A folder that somebody calls `..` stays where it belongs."""
    return "_" + quote(INBOX if name.upper() == INBOX else name, safe="")

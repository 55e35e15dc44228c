"""IMAP (RFC 3501/9051) on the standard library: batches in, flags out, IDLE (RFC 2177)."""

import contextlib
import imaplib
import re
import select
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from apps.channels.transports.errors import TransportError, connection_error, tls_context

CONNECT_SECONDS = 20
READ_SECONDS = 45
BATCH = 50
BATCH_BYTES = 16 * 2**20

imaplib.Commands.setdefault("MOVE", ("SELECTED",))  # RFC 6851; unknown to Python 3.11

_THROTTLED = re.compile(
    rb"\[(UNAVAILABLE|LIMIT|INUSE|THROTTLED)\]|authenticated but not connected|too many", re.I
)
_DISABLED = re.compile(rb"disabled|\[PRIVACYREQUIRED\]|not supported|plaintext", re.I)
_SIZE = re.compile(rb"UID (\d+).*?RFC822\.SIZE (\d+)|RFC822\.SIZE (\d+).*?UID (\d+)", re.S)
_LISTED = re.compile(rb'\([^)]*\) (?:"[^"]*"|NIL) (.+)')
_UID = re.compile(rb"UID (\d+)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class ImapLogin:
    """Everything needed to sign in."""

    host: str
    port: int
    tls: str  # none | starttls | implicit
    user: str
    password: str
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class Folder:
    """What SELECT said."""

    name: str
    uidvalidity: int
    uidnext: int
    exists: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Mails that were asked for, and those that came: (uid, raw). A vanished one did not."""

    asked: tuple[int, ...]
    mails: tuple[tuple[int, bytes], ...]

    @property
    def missing(self) -> set[int]:
        return set(self.asked) - {uid for uid, _raw in self.mails}


class ImapInbox:
    """One signed-in connection; every failure leaves as a TransportError."""

    def __init__(self, login: ImapLogin) -> None:
        self._login = login
        self._client = self._connect()
        self._can = self._abilities()

    def __enter__(self) -> "ImapInbox":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Says goodbye if the server still listens."""
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            self._client.sock.settimeout(2)
            self._client.logout()

    # ---- signing in -------------------------------------------------------------------

    def _connect(self) -> imaplib.IMAP4:
        login = self._login
        with self._lines():
            client = self._open()
            client.sock.settimeout(READ_SECONDS)
            if login.tls == "starttls":
                self._starttls(client)
        self._sign_in(client)
        return client

    def _open(self) -> imaplib.IMAP4:
        login = self._login
        if login.tls == "implicit":
            context = tls_context(login.ca_file)
            return imaplib.IMAP4_SSL(
                login.host, login.port, ssl_context=context, timeout=CONNECT_SECONDS
            )
        return imaplib.IMAP4(login.host, login.port, timeout=CONNECT_SECONDS)

    def _starttls(self, client: imaplib.IMAP4) -> None:
        try:
            client.starttls(tls_context(self._login.ca_file))
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            raise TransportError(
                "tls", f"{self._login.host} offers no STARTTLS; choose another encryption."
            ) from None

    def _sign_in(self, client: imaplib.IMAP4) -> None:
        try:
            with self._lines():
                if "LOGINDISABLED" in client.capabilities:
                    raise self._method_disabled()
                client.login(self._login.user, self._login.password)
        except imaplib.IMAP4.error as error:
            raise self._login_error(str(error).encode()) from None

    def _abilities(self) -> frozenset[str]:
        """What the server offers once we are signed in: often more than before."""
        _kind, data = self._ask(lambda: self._client.capability())
        words = b" ".join(one for one in data if isinstance(one, bytes))
        return frozenset(words.decode("ascii", "replace").upper().split())

    def _login_error(self, answer: bytes) -> TransportError:
        if _THROTTLED.search(answer):
            return _throttled(self._login.host)
        if _DISABLED.search(answer):
            return self._method_disabled()
        return TransportError(
            "password", f"{self._login.host} refuses user name and password; check both."
        )

    def _method_disabled(self) -> TransportError:
        return TransportError(
            "method-disabled",
            f"{self._login.host} does not allow signing in by password like this;"
            " choose an encryption, or allow it on the server.",
        )

    # ---- reading ----------------------------------------------------------------------

    def select(self, folder: str) -> Folder:
        """Opens a folder for reading and flagging."""
        try:
            with self._lines():
                kind, data = self._client.select(_quoted(folder))
                if kind != "OK":
                    raise self._no_folder(folder, data)
                return Folder(
                    folder,
                    self._number("UIDVALIDITY"),
                    self._number("UIDNEXT"),
                    int(data[0] or 0),
                )
        except imaplib.IMAP4.error as error:
            raise self._no_folder(folder, [str(error).encode()]) from None

    def _no_folder(self, folder: str, answer: Sequence[Any]) -> TransportError:
        text = b" ".join(one for one in answer if isinstance(one, bytes))
        if _THROTTLED.search(text):
            return _throttled(self._login.host)
        names = ", ".join(self.folders()[:12]) or "none"
        return TransportError(
            "folder-missing", f"There is no folder {folder}; the server has: {names}."
        )

    def folders(self) -> list[str]:
        """The names of the folders that can be opened."""
        _kind, data = self._ask(lambda: self._client.list())
        lines = (_LISTED.match(line) for line in data if isinstance(line, bytes))
        return [found[1].decode("ascii", "replace").strip('"') for found in lines if found]

    def _number(self, name: str) -> int:
        _kind, data = self._client.response(name)
        if not data or data[0] is None:
            raise TransportError("protocol", f"The server names no {name}; it cannot be followed.")
        return int(data[0])

    def uids_from(self, first: int) -> list[int]:
        """All UIDs of the open folder that are not below FIRST, in order."""
        return [uid for uid in self._search(f"UID {first}:*") if uid >= first]

    def unseen(self) -> list[int]:
        return self._search("UNSEEN")

    def since(self, day: date) -> list[int]:
        return self._search(f"SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}")

    def existing(self, uids: Sequence[int]) -> set[int]:
        """Those of UIDS that the open folder still has."""
        return set(self._search(f"UID {_set(uids)}")) if uids else set()

    def dates(self, uids: Sequence[int]) -> dict[int, float]:
        """When the server took each mail (INTERNALDATE), in seconds since the epoch."""
        if not uids:
            return {}
        _kind, data = self._ask(lambda: self._client.uid("FETCH", _set(uids), "(INTERNALDATE)"))
        pairs = ((_UID.search(line), line) for line in data if isinstance(line, bytes))
        return {int(found[1]): _seconds(line) for found, line in pairs if found}

    def _search(self, criteria: str) -> list[int]:
        _kind, data = self._ask(lambda: self._client.uid("SEARCH", criteria))
        numbers = b" ".join(one for one in data if isinstance(one, bytes)).split()
        return sorted(int(one) for one in numbers if one.isdigit())

    def new_messages(self, uids: Sequence[int]) -> Iterator[Batch]:
        """The mails in batches of at most 50 or 16 MB, oldest first."""
        for start in range(0, len(uids), BATCH * 4):
            some = uids[start : start + BATCH * 4]
            for batch in _batches(some, self._sizes(some)):
                yield Batch(tuple(batch), tuple(self._bodies(batch)))

    def _sizes(self, uids: Sequence[int]) -> dict[int, int]:
        _kind, data = self._ask(lambda: self._client.uid("FETCH", _set(uids), "(RFC822.SIZE)"))
        sizes = {}
        for line in data:
            match = _SIZE.search(line) if isinstance(line, bytes) else None
            if match:
                sizes[int(match[1] or match[4])] = int(match[2] or match[3])
        return sizes

    def _bodies(self, uids: Sequence[int]) -> list[tuple[int, bytes]]:
        _kind, data = self._ask(lambda: self._client.uid("FETCH", _set(uids), "(UID BODY.PEEK[])"))
        wanted = set(uids)
        found = [pair for pair in _literals(data) if pair[0] in wanted]
        return sorted(found)

    # ---- flagging ---------------------------------------------------------------------

    def mark_seen(self, uids: Sequence[int]) -> None:
        self._store(uids, r"(\Seen)")

    def delete(self, uids: Sequence[int]) -> None:
        """Removes just these, where the server can (UIDPLUS); else they stay flagged deleted."""
        self._store(uids, r"(\Deleted)")
        if "UIDPLUS" in self._can:
            self._ask(lambda: self._client.uid("EXPUNGE", _set(uids)))

    def move(self, uids: Sequence[int], folder: str) -> None:
        if "MOVE" in self._can:
            self._must(lambda: self._client.uid("MOVE", _set(uids), _quoted(folder)), folder)
            return
        self._must(lambda: self._client.uid("COPY", _set(uids), _quoted(folder)), folder)
        self.delete(uids)

    def _store(self, uids: Sequence[int], flags: str) -> None:
        self._ask(lambda: self._client.uid("STORE", _set(uids), "+FLAGS.SILENT", flags))

    def _must(self, command: Callable[[], tuple[str, list[Any]]], folder: str) -> None:
        with self._lines():
            kind, _data = command()
            if kind != "OK":
                raise TransportError(
                    "folder-missing", f"Mail cannot be moved: there is no folder {folder}."
                )

    # ---- waiting ----------------------------------------------------------------------

    @property
    def can_idle(self) -> bool:
        return "IDLE" in self._can

    def idle(self, seconds: float, *, stop: Callable[[], bool]) -> bool:
        """Waits until the folder changes (True), SECONDS are over or STOP says so (False)."""
        with self._lines():
            client = self._client
            tag = client._new_tag()
            client.send(tag + b" IDLE\r\n")
            changed = self._wait_for_news(seconds, stop)
            client.send(b"DONE\r\n")
            return self._finish_idle(tag) or changed

    def _wait_for_news(self, seconds: float, stop: Callable[[], bool]) -> bool:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not stop():
            if not self._readable(1.0):
                continue
            line = self._client.readline()
            if not line:
                raise imaplib.IMAP4.abort("closed")
            if line.startswith(b"*") and line.split()[2:3] in ([b"EXISTS"], [b"RECENT"]):
                return True
        return False

    def _readable(self, seconds: float) -> bool:
        sock = self._client.sock
        if isinstance(sock, ssl.SSLSocket) and sock.pending():
            return True
        return bool(select.select([sock], [], [], seconds)[0])

    def _finish_idle(self, tag: bytes) -> bool:
        news = False
        while True:
            line = self._client.readline()
            if not line:
                raise imaplib.IMAP4.abort("closed")
            news = news or b"EXISTS" in line
            if line.startswith(tag):
                return news

    # ---- failing ----------------------------------------------------------------------

    def _ask(self, command: Callable[[], tuple[str, list[Any]]]) -> tuple[str, list[Any]]:
        with self._lines():
            kind, data = command()
            if kind != "OK":
                text = b" ".join(one for one in data if isinstance(one, bytes))
                if _THROTTLED.search(text):
                    raise _throttled(self._login.host)
                raise TransportError("protocol", f"{self._login.host} refused a command.")
            return kind, data

    @contextlib.contextmanager
    def _lines(self) -> Iterator[None]:
        """Whatever the network or an odd answer does becomes a TransportError."""
        host, port = self._login.host, self._login.port
        try:
            yield
        except imaplib.IMAP4.abort as error:
            if _THROTTLED.search(str(error).encode()):
                raise _throttled(host) from None
            raise connection_error(error, host, port) from None
        except (OSError, ssl.SSLError) as error:
            raise connection_error(error, host, port) from None
        except (ValueError, IndexError, AttributeError):
            raise TransportError(
                "protocol", f"{host} gave an answer that makes no sense."
            ) from None


def _throttled(host: str) -> TransportError:
    return TransportError("throttled", f"{host} asks us to slow down; mail follows later.")


def _batches(uids: Sequence[int], sizes: dict[int, int]) -> Iterator[list[int]]:
    batch: list[int] = []
    total = 0
    for uid in uids:
        size = sizes.get(uid, 0)
        if batch and (len(batch) == BATCH or total + size > BATCH_BYTES):
            yield batch
            batch, total = [], 0
        batch.append(uid)
        total += size
    if batch:
        yield batch


def _literals(data: Sequence[Any]) -> Iterator[tuple[int, bytes]]:
    """imaplib gives (head, literal) and then the tail; the UID may stand in either."""
    for number, item in enumerate(data):
        if not isinstance(item, tuple):
            continue
        tail = data[number + 1] if number + 1 < len(data) else b""
        match = _UID.search(item[0]) or (_UID.search(tail) if isinstance(tail, bytes) else None)
        if match:
            yield int(match[1]), item[1]


def _set(uids: Sequence[int]) -> str:
    """RFC 3501 sequence-set, runs shortened."""
    parts: list[str] = []
    start = last = None
    for uid in [*sorted(uids), None]:
        if start is not None and uid != (last or 0) + 1:
            parts.append(str(start) if start == last else f"{start}:{last}")
            start = uid
        start = uid if start is None else start
        last = uid
    return ",".join(parts)


def _quoted(folder: str) -> str:
    """Modified UTF-7 (RFC 3501, 5.1.3) in quotes."""
    escaped = _utf7(folder).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _utf7(folder: str) -> str:
    if folder.isascii():
        return folder.replace("&", "&-")
    return "".join(
        part.replace("&", "&-") if part.isascii() else _shifted(part)
        for part in re.findall(r"[\x00-\x7f]+|[^\x00-\x7f]+", folder)
    )


def _shifted(part: str) -> str:
    encoded = part.encode("utf-7").decode().strip("+-")
    return f"&{encoded.replace('/', ',')}-"


def _seconds(line: bytes) -> float:
    moment = imaplib.Internaldate2tuple(line)
    return time.mktime(moment) if moment else 0.0

"""The contract of a storage backend, and the ways in which one can fail.

How to add one: a module beside this one with a class that keeps `Backend`; its word in
`StorageTarget.Backend`, its maker in `apps.storage.registry`, its fields in `apps.storage.forms`,
its server and its line in `tests/storage/test_backends.py`, where one suite asks all of them the
same questions.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from apps.core.sentences import gettext_noop


class StorageError(Exception):
    """The storage did not do it, or did not say so.

    WORDS is a sentence for the catalogue, in which FACTS are named like `%(host)s`.

    `code`: of the place, so that any file would have met it: dns, unreachable, not-public, timeout,
    tls, host-key, key, forbidden, no-bucket, no-folder, clock, busy, trouble, full, settings; of
    the file: occupied, missing, damaged, refused. `permanent`: trying again cannot help.
    `retry_after`: seconds that the storage asks us to wait.
    """

    OF_FILE = frozenset({"occupied", "missing", "damaged", "refused"})

    def __init__(
        self,
        words: str,
        facts: Mapping[str, object] | None = None,
        *,
        code: str,
        permanent: bool = False,
        retry_after: float | None = None,
    ) -> None:
        self.words, self.facts = words, dict(facts or {})
        super().__init__(words % self.facts if self.facts else words)
        self.code = code
        self.permanent = permanent
        self.retry_after = retry_after

    @property
    def is_of_target(self) -> bool:
        return self.code not in self.OF_FILE


class Occupied(StorageError):
    """Something else stands at this path already, and stays."""

    def __init__(self) -> None:
        super().__init__(
            gettext_noop("Another file stands at this path in the storage."), code="occupied"
        )


class Missing(StorageError):
    def __init__(self) -> None:
        super().__init__(
            gettext_noop("The storage has no file at this path."), code="missing", permanent=True
        )


class Spoiled(StorageError):
    def __init__(self) -> None:
        super().__init__(
            gettext_noop(
                "Its bytes on Carteria's own disk are not what they were: nothing is sent."
            ),
            code="refused",
            permanent=True,
        )


class Damaged(StorageError):
    def __init__(self) -> None:
        super().__init__(
            gettext_noop("What the storage holds is not what was sent; it is sent again."),
            code="damaged",
        )


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes to put; `pieces` gives them from the start each time it is called."""

    size: int
    sha256: str
    pieces: Callable[[], Iterator[bytes]]

    @classmethod
    def of(cls, content: bytes) -> "Content":
        return cls(len(content), hashlib.sha256(content).hexdigest(), lambda: iter([content]))

    def checked(self) -> Iterator[bytes]:
        """The pieces, the last of which is held back when the whole is not what it should be."""
        digest, last = hashlib.sha256(), b""
        for piece in self.pieces():
            digest.update(piece)
            if last:
                yield last
            last = piece
        if digest.hexdigest() != self.sha256:
            raise Spoiled
        yield last


class Backend(Protocol):
    """One place for files. Every method succeeds or raises StorageError; paths are relative."""

    def create(self, path: str, content: Content) -> None:
        """The whole file, checked by what the storage says it holds, or nothing.

        Occupied when something stands there, which is never overwritten.
        """

    def sha256_of(self, path: str) -> str | None:
        """Of what stands there; None: nothing does."""

    def read(self, path: str) -> Iterator[bytes]:
        """In pieces; Missing when nothing stands there."""

    def delete(self, path: str) -> None:
        """What is gone already is fine."""

    def close(self) -> None: ...


def hashed(pieces: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def md5_of(content: Content) -> bytes:
    """For services that check what arrives by nothing better; no secret hangs on it."""
    digest = hashlib.md5(usedforsecurity=False)
    for piece in content.pieces():
        digest.update(piece)
    return digest.digest()


def joined(folder: str, path: str) -> str:
    """PATH below FOLDER, which may be empty."""
    return "/".join(part for part in (folder.strip("/"), path) if part)

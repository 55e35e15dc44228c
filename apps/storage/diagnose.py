"""*Test connection*: writes, reads and deletes a small file, and names what is wrong."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from apps.core.errors import Problem
from apps.storage import registry, storing
from apps.storage.backends.base import Backend, Content, StorageError
from apps.storage.backends.sftp import fingerprint, key_shown_by
from apps.storage.models import StorageTarget
from apps.storage.words import words_of

SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`code` is ok, or one of StorageError's; `step` the one that failed: key, write, read or
    delete."""

    ok: bool
    code: str
    sentence: str
    step: str = ""


def test(target: StorageTarget) -> Diagnosis:
    """Of a saved place. What waits for it is put at once when all is well."""
    try:
        with registry.in_time(SECONDS):
            seen = _look_at_key(target)
            with registry.opened(target) as backend:
                found = _probe(target, backend)
    except StorageError as error:
        return Diagnosis(False, error.code, words_of(error), "key")
    except Problem as problem:
        return Diagnosis(False, problem.code, problem.sentence, "key")
    if found.ok:
        storing.wake(target)
    return Diagnosis(found.ok, found.code, f"{found.sentence} {seen}".strip(), found.step)


def _look_at_key(target: StorageTarget) -> str:
    """The first test keeps the server's key; from then on only that key is trusted."""
    if target.backend != StorageTarget.Backend.SFTP or target.host_key:
        return ""
    target.host_key = key_shown_by(registry.connect, registry.sftp_access(target))
    target.save(update_fields=["host_key"])
    said = _("The server's key is kept: %(found)s. Compare it with what its administrator says.")
    return said % {"found": fingerprint(target.host_key)}


def _probe(target: StorageTarget, backend: Backend) -> Diagnosis:
    """Step by step, so that the sentence says which right is missing."""
    path = f"carteria-test-{secrets.token_hex(6)}.txt"
    content = Content.of(b"Carteria was here, and cleans up after itself.\n")
    steps: tuple[tuple[str, Callable[[], Any]], ...] = (
        ("write", lambda: backend.create(path, content)),
        ("read", lambda: _read(backend, path, content)),
        ("delete", lambda: backend.delete(path)),
    )
    for step, do in steps:
        try:
            do()
        except StorageError as error:
            _tidy_up(backend, path, step)
            words = _words_of_step(step) % {"why": words_of(error), "file": path}
            return Diagnosis(False, error.code, words, step)
    said = _("A test file was written, read and deleted at %(place)s.") % {"place": target}
    return Diagnosis(True, "ok", said)


def _read(backend: Backend, path: str, content: Content) -> None:
    if Content.of(b"".join(backend.read(path))).sha256 != content.sha256:
        words = _("What was read is not what was written.")
        raise StorageError(words, code="damaged")


def _tidy_up(backend: Backend, path: str, step: str) -> None:
    if step == "read":
        try:
            backend.delete(path)
        except StorageError:
            return


def _words_of_step(step: str) -> str:
    return {
        "write": _("A test file could not be written: %(why)s"),
        "read": _("A test file was written and could not be read again: %(why)s"),
        "delete": _(
            "A test file was written and read, and could not be deleted: %(why)s It is called"
            " %(file)s."
        ),
    }[step]

"""Puts a file so that it is there once, however often it is asked for and whatever broke off."""

from apps.storage.backends.base import Backend, Content, Occupied


def put(backend: Backend, path: str, content: Content, *, doubtful: bool) -> bool:
    """True when it was sent now, False when an earlier try had left it there.

    DOUBTFUL: an earlier try may have. Occupied when something else stands at PATH: that stays.
    """
    if doubtful and _is_there(backend, path, content):
        return False
    try:
        backend.create(path, content)
    except Occupied:
        if _is_there(backend, path, content):
            return False
        raise
    return True


def _is_there(backend: Backend, path: str, content: Content) -> bool:
    there = backend.sha256_of(path)
    if there is not None and there != content.sha256:
        raise Occupied
    return there is not None


def remove(backend: Backend, path: str, sha256: str) -> None:
    """Deletes what is at PATH if it is the file that we put there, and nothing else."""
    if backend.sha256_of(path) == sha256:
        backend.delete(path)

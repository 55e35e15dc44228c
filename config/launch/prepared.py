"""Whether the database is ready as it is, told without Django: a warm start skips `prepare`."""

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

from config.launch.places import BASE_DIR, given
from config.launch.running import write_private

SQLITE = "carteria.sqlite3"


def is_prepared(data: Path) -> bool:
    """True when nothing changed since `prepare`: neither the code's migrations nor the rows."""
    stamp, mark = _stamp(data), fingerprint(data)
    return mark is not None and stamp.exists() and stamp.read_text() == mark


def remember(data: Path) -> None:
    mark = fingerprint(data)
    if mark is not None:
        write_private(_stamp(data), mark)


def forget_signs_of_life(data: Path) -> None:
    """`ready` shall mean that this start's worker and beat answer, not the last one's."""
    with closing(sqlite3.connect(data / SQLITE, timeout=20)) as database, database:
        database.execute("DELETE FROM core_heartbeat")


def fingerprint(data: Path) -> str | None:
    """None where only Django can tell: another database, or none yet."""
    if given("DATABASE_URL") or not (data / SQLITE).exists():
        return None
    try:
        applied = _applied_migrations(data / SQLITE)
    except sqlite3.Error:
        return None
    files = sorted(str(path) for path in BASE_DIR.glob("apps/*/migrations/*.py"))
    pins = (BASE_DIR / "requirements.lock").read_text()
    known = json.dumps([files, pins, applied])
    return hashlib.sha256(known.encode()).hexdigest()


def _applied_migrations(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path, timeout=20)) as database:
        rows = database.execute("SELECT app, name FROM django_migrations ORDER BY id")
        return [(str(app), str(name)) for app, name in rows]


def _stamp(data: Path) -> Path:
    return data / "secrets" / "prepared.sha256"

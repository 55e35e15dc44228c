"""What the database says of itself: its kind, its size, and what time it believes it is."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    kind: str
    version: str
    size: int  # bytes
    seconds_ahead: float  # its clock against that of this process
    for_trial: bool  # SQLite: one web and one worker process, up to 50,000 messages


def database_facts() -> DatabaseFacts:
    before = datetime.now(UTC)
    if connection.vendor == "postgresql":
        version, size, its_time = _postgres()
    else:
        version, size, its_time = _sqlite()
    here = before + (datetime.now(UTC) - before) / 2
    ahead = (its_time - here).total_seconds()
    kind = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}.get(connection.vendor, "")
    return DatabaseFacts(kind, version, size, ahead, connection.vendor == "sqlite")


def _postgres() -> tuple[str, int, datetime]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), pg_database_size(current_database()),"
            " clock_timestamp()"
        )
        version, size, now = cursor.fetchone()
    return version.partition(" ")[0], size, now


def _sqlite() -> tuple[str, int, datetime]:
    """The database and what is not yet folded into it from the write-ahead log."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sqlite_version(), strftime('%Y-%m-%d %H:%M:%f', 'now')")
        version, now = cursor.fetchone()
    name = Path(str(connection.settings_dict["NAME"]))
    files = (name, name.with_name(f"{name.name}-wal"))
    size = sum(file.stat().st_size for file in files if file.is_file())
    return version, size, datetime.fromisoformat(now).replace(tzinfo=UTC)

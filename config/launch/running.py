"""What a running `up` lends to other commands on the same data: its broker and its scanner."""

import json
import os
from pathlib import Path

from config.launch import locks
from config.launch.places import data_folder, given

LENT = ("REDIS_URL", "CLAMD_ADDRESS", "CARTERIA_TEST_SIGNATURES")


def _file(data: Path) -> Path:
    return data / "secrets" / "running.json"


def lend(data: Path, environment: dict[str, str]) -> None:
    """Kept private: the broker's address may hold a password."""
    write_private(_file(data), json.dumps({name: environment.get(name, "") for name in LENT}))


def join_running() -> None:
    """`receive` or `configure` in a second terminal reach the broker that `up` started."""
    file = _file(data_folder())
    if not file.exists() or not locks.is_held(data_folder()):
        return
    for name, value in json.loads(file.read_text()).items():
        if value and not given(name):
            os.environ[name] = value


def write_private(path: Path, text: str) -> None:
    """Readable by us alone, and whole or not at all: a half-written key would lock data away."""
    aside = path.with_name(f"{path.name}.new")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    aside.rename(path)

"""Empty databases with all tables: migrated once for this code, then copied by whoever needs one."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parents[2]
SQLITE = "carteria.sqlite3"


def lend_sqlite(data: Path) -> None:
    """DATA is a data folder that no `up` has seen yet."""
    kept = made_once("sqlite", lambda folder: migrate(CARTERIA_DATA=str(folder)))
    shutil.copyfile(kept / SQLITE, data / SQLITE)


def migrate(**told: str) -> None:
    """By the product's own command; TOLD says which database."""
    own = {"SECRET_KEY": "s" * 50, "CARTERIA_KEY": Fernet.generate_key().decode()}
    own |= {"CARTERIA_NO_BOOTSTRAP": "1", "DJANGO_SETTINGS_MODULE": "config.settings"}
    inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=inherited | own | told, check=True)


def made_once(kind: str, make: Callable[[Path], None]) -> Path:
    """Two processes that want it at once: the second waits for the first."""
    folder = Path(tempfile.gettempdir()) / f"carteria-{kind}-{os.geteuid()}-{_code()}"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            making = Path(tempfile.mkdtemp(prefix="carteria-making-"))
            make(making)
            making.rename(folder)
    return folder


@cache
def _code() -> str:
    """What a migration may ask: it changes with any line of the product."""
    known = hashlib.sha256((ROOT / "requirements.lock").read_bytes())
    for file in sorted((ROOT / "apps").rglob("*.py")):
        known.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return known.hexdigest()[:16]

"""Where things lie: the checkout, its environment, the data folder."""

import os
import tomllib
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[2]
VENV = BASE_DIR / ".venv"


def data_folder(chosen: str | None = None) -> Path:
    """`--data`, else CARTERIA_DATA (or the file it is kept in), else `var/`."""
    return Path(chosen or given("CARTERIA_DATA") or BASE_DIR / "var").expanduser().resolve()


def given(name: str) -> str:
    """What the operator says in NAME or in the file of NAME_FILE; empty when not said."""
    file = os.environ.get(f"{name}_FILE")
    return Path(file).read_text("utf-8").strip() if file else os.environ.get(name, "").strip()


def version() -> str:
    with (BASE_DIR / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def private_folder(path: Path) -> Path:
    """A folder for us alone; one that is there keeps its rights."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path

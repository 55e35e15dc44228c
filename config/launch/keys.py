"""The installation's own keys, made on the first start unless the operator gives them."""

import base64
import os
import secrets
from pathlib import Path

from config.launch.places import given, private_folder
from config.launch.running import write_private


def make_missing_keys(data: Path) -> None:
    folder = private_folder(data / "secrets")
    _make("SECRET_KEY", folder, secrets.token_urlsafe(50))
    _make("CARTERIA_KEY", folder, base64.urlsafe_b64encode(os.urandom(32)).decode())


def _make(name: str, folder: Path, value: str) -> None:
    path = folder / name.lower()
    if not given(name) and not path.exists():
        write_private(path, value)


def lend_passing_keys(data: Path) -> None:
    """For a dry run before the first start: it keeps no secret, so any keys do."""
    for name in ("SECRET_KEY", "CARTERIA_KEY"):
        if not given(name) and not (data / "secrets" / name.lower()).exists():
            os.environ[name] = base64.urlsafe_b64encode(os.urandom(32)).decode()

"""`lint`: every checker in turn, each with its seconds."""

import base64
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from config.launch import javascript
from config.launch.places import BASE_DIR

BIN = Path(sys.executable).parent


def main(arguments: list[str]) -> int:
    """All of them run, so that one round shows everything; 1 when any complains."""
    if "--vendor" in arguments:
        javascript.write_vendored()
    with tempfile.TemporaryDirectory(prefix="carteria-lint-") as folder:
        told = _environment(folder)
        results = [_check(name, command, told) for name, command in _checkers()]
    results.append(_vendored())
    return 0 if all(results) else 1


def _checkers() -> list[tuple[str, list[str]]]:
    return [
        ("lint-imports", [str(BIN / "lint-imports")]),
        ("ruff check", [str(BIN / "ruff"), "check", "--quiet"]),
        ("ruff format", [str(BIN / "ruff"), "format", "--check", "--quiet"]),
        ("mypy", [sys.executable, "-m", "mypy"]),
        ("tsc", javascript.type_checker(javascript.installed())),
    ]


def _vendored() -> bool:
    """What browsers load is what was published, byte for byte."""
    wanted = javascript.vendored(javascript.installed())
    strange = [
        name
        for name, content in wanted.items()
        if not (javascript.VENDOR / name).exists()
        or (javascript.VENDOR / name).read_bytes() != content
    ]
    verdict = "failed" if strange else "ok"
    print(f"{'vendored':<13} {verdict:<7} {' '.join(strange)}".rstrip(), flush=True)
    return not strange


def _check(name: str, command: list[str], told: dict[str, str]) -> bool:
    begun = time.monotonic()
    done = subprocess.run(
        command, cwd=BASE_DIR, env=told, capture_output=True, text=True, check=False
    )
    verdict = "ok" if done.returncode == 0 else "failed"
    print(f"{name:<13} {verdict:<7} {time.monotonic() - begun:5.1f} s", flush=True)
    if done.returncode:
        print(done.stdout + done.stderr, flush=True)
    return done.returncode == 0


def _environment(folder: str) -> dict[str, str]:
    """mypy's Django plugin reads the settings, and those want secrets: throw-away ones."""
    return {
        **os.environ,
        "SECRET_KEY": "only-for-lint",
        "CARTERIA_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "CARTERIA_DATA": folder,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }

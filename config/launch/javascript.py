"""The browser's packages: fetched from the npm registry by pinned hash, without Node.

`static/vendor/packages.json` pins them. The files that browsers load lie beside it, so that a
start needs no network; `lint --vendor` writes them anew, and `lint` checks them for being the
same. The type checker is a plain program of its own platform.
"""

import base64
import hashlib
import io
import json
import platform
import re
import shutil
import sys
import tarfile
import urllib.request
from pathlib import Path
from typing import Any

from config.launch.places import BASE_DIR
from config.launch.progress import Failure

VENDOR = BASE_DIR / "static" / "vendor"
PROJECT = BASE_DIR / "static" / "jsconfig.json"
HOME = BASE_DIR / ".javascript"  # where jsconfig.json finds the types
REGISTRY = "https://registry.npmjs.org"
PATIENCE = 60  # seconds
NEIGHBOURS = {
    "preact": "./preact.js",
    "preact/hooks": "./preact-hooks.js",
    "@preact/signals-core": "./signals-core.js",
}

Package = dict[str, Any]


def packages() -> dict[str, Package]:
    pinned: dict[str, Package] = json.loads((VENDOR / "packages.json").read_text())
    return pinned


def installed() -> Path:
    """The folder with all packages of this platform; fetched when they are not those pinned."""
    folder, stamp = HOME / "node_modules", HOME / "integrity"
    wanted = {name: package for name, package in packages().items() if _is_for_us(name)}
    signature = "\n".join(package["integrity"] for package in wanted.values())
    if not stamp.exists() or stamp.read_text() != signature:
        shutil.rmtree(HOME, ignore_errors=True)
        for name, package in wanted.items():
            _unpack(_fetched(name, package), folder / name)
        stamp.write_text(signature)
    return folder


def type_checker(folder: Path) -> list[str]:
    """Its command; its answer is its exit code."""
    program = folder / _checker_name() / "lib" / "tsc"
    return [str(program), "--noEmit", "-p", str(PROJECT)]


def vendored(folder: Path) -> dict[str, bytes]:
    """What has to lie in static/vendor: browsers know no package names, so those become paths."""
    return {
        ours: _with_paths((folder / name / theirs).read_bytes())
        for name, package in packages().items()
        for theirs, ours in package["files"].items()
    }


def write_vendored() -> None:
    for name, content in vendored(installed()).items():
        (VENDOR / name).write_bytes(content)


def _with_paths(module: bytes) -> bytes:
    def path(found: re.Match[str]) -> str:
        return f'{found[1]}"{NEIGHBOURS.get(found[2], found[2])}"'

    text = re.sub(r"\n?//# sourceMappingURL=.*\s*$", "\n", module.decode())
    return re.sub(r"""(from\s*)["']([@\w/-]+)["']""", path, text).encode()


def _checker_name() -> str:
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}
    here = platform.machine().lower()
    return f"@typescript/typescript-{sys.platform}-{machine.get(here, here)}"


def _is_for_us(name: str) -> bool:
    return not name.startswith("@typescript/") or name == _checker_name()


def _fetched(name: str, package: Package) -> bytes:
    base = name.rpartition("/")[2]
    address = f"{REGISTRY}/{name}/-/{base}-{package['version']}.tgz"
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            content: bytes = answer.read()
    except OSError as error:
        raise Failure(f"{name} could not be fetched from {REGISTRY}: {error}") from error
    kind, _dash, wanted = package["integrity"].partition("-")
    if base64.b64encode(hashlib.new(kind, content).digest()).decode() != wanted:
        raise Failure(f"{name} {package['version']} is not what static/vendor/packages.json pins")
    return content


def _unpack(content: bytes, folder: Path) -> None:
    """npm puts everything of a package into one folder inside the archive."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive.getmembers():
            member.name = member.name.partition("/")[2]
            if member.name:
                archive.extract(member, folder, filter="data")

"""Debian packages that files need: libmagic1 and ClamAV. Nothing is installed unasked."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence

from config.launch.progress import say

WANTED = ("libmagic1", "clamav-daemon", "clamav-freshclam")


def may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def missing(wanted: Sequence[str] = WANTED) -> list[str]:
    if shutil.which("dpkg-query") is None:
        return list(wanted)
    shown = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *wanted],
        capture_output=True,
        text=True,
        check=False,
    )
    there = {line.split()[0] for line in shown.stdout.splitlines() if line.endswith(" installed")}
    return [name for name in wanted if name not in there]


def command(packages: Sequence[str]) -> list[str]:
    """Package lists are fetched only when the first try fails: a bare machine has none."""
    apt = "apt-get -y -q -o DPkg::Lock::Timeout=120"
    install = f"{apt} install --no-install-recommends {shlex.join(packages)}"
    return ["sh", "-c", f"{install} || {{ {apt} update && {install}; }}"]


def install(packages: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(packages), env=environment(), capture_output=True, text=True, check=False
    )


def environment() -> dict[str, str]:
    return {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}


def to_install() -> list[str]:
    """What `--install-system-packages` shall install now; without the right to, it is shown."""
    packages = missing()
    if packages and not may_install():
        say(f"for file scanning, type as root: apt-get install -y {' '.join(packages)}")
        return []
    return packages

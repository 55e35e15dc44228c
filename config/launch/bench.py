"""`bench WHAT`: measures this machine with private servers; seconds belong here, not in tests."""

import os
import subprocess
import sys

from config.launch.places import BASE_DIR


def main(arguments: list[str]) -> int:
    told = {**os.environ, "CARTERIA_NO_BOOTSTRAP": "1"}
    command = [sys.executable, "-m", "tests.bench", *arguments]
    return subprocess.run(command, cwd=BASE_DIR, env=told, check=False).returncode

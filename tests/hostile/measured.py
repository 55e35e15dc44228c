"""Runs the command behind it and says on stdout its exit code and its peak memory in MB.

A process starts with the peak of the one that started it, so a big test run cannot ask itself.
"""

import os
import subprocess
import sys


def main(out: str, errors: str, *command: str) -> None:
    with open(out, "wb") as stdout, open(errors, "wb") as stderr:  # noqa: PTH123
        process = subprocess.Popen(command, stdout=stdout, stderr=stderr)
        _pid, status, usage = os.wait4(process.pid, 0)
    print(os.waitstatus_to_exitcode(status), usage.ru_maxrss // 1024)


if __name__ == "__main__":
    main(*sys.argv[1:])

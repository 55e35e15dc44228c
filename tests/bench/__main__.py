"""`manage.py bench WHAT`: measures this machine with private servers; the last line is JSON."""

import json
import sys

from tests.bench import arrival, console, ingest, parsing, screening, states
from tests.servers import postgres

WHAT = {
    "ingest": ingest.run,
    "arrival": arrival.run,
    "states": states.run,
    "screening": screening.run,
    "console": console.run,
    "parse": parsing.run,
}
ALONE = {"parse"}
ONLY_SCANNER = {"screening"}  # the others need all the servers
NOT_INSTALLED = 3


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in WHAT:
        print(f"bench WHAT: one of {', '.join(WHAT)}", file=sys.stderr)
        return 2
    if lacking := _lacking(arguments[0]):
        print(f"Missing: apt-get install -y {' '.join(lacking)}", file=sys.stderr)
        return NOT_INSTALLED
    print(json.dumps(WHAT[arguments[0]](arguments[1:])))
    return 0


def _lacking(what: str) -> list[str]:
    import os
    import shutil

    path = os.environ.get("PATH", "") + ":/usr/sbin"
    if what in ALONE:
        return []
    needed = {"clamd": "clamav-daemon"}
    if what not in ONLY_SCANNER:
        needed["dovecot"] = "dovecot-imapd"
    lacking = [
        package for program, package in needed.items() if not shutil.which(program, path=path)
    ]
    has_database = what in ONLY_SCANNER or postgres.programs()
    return lacking + ([] if has_database else ["postgresql"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

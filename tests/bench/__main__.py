"""`manage.py bench WHAT`: measures this machine with private servers; the last line is JSON."""

import json
import sys

from tests.bench import arrival, ingest, states
from tests.servers import postgres

WHAT = {"ingest": ingest.run, "arrival": arrival.run, "states": states.run}
NOT_INSTALLED = 3


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in WHAT:
        print(f"bench WHAT: one of {', '.join(WHAT)}", file=sys.stderr)
        return 2
    if lacking := _lacking():
        print(f"Missing: apt-get install -y {' '.join(lacking)}", file=sys.stderr)
        return NOT_INSTALLED
    print(json.dumps(WHAT[arguments[0]](arguments[1:])))
    return 0


def _lacking() -> list[str]:
    import os
    import shutil

    path = os.environ.get("PATH", "") + ":/usr/sbin"
    needed = {"dovecot": "dovecot-imapd", "clamd": "clamav-daemon"}
    lacking = [
        package for program, package in needed.items() if not shutil.which(program, path=path)
    ]
    return lacking + ([] if postgres.programs() else ["postgresql"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

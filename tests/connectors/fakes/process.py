"""A fake CRM in a process of its own: what kills a worker does not touch it.

`python -m tests.connectors.fakes.process zendesk|webhook [--seed N --share 0.3] [--latency S]`
says its address in its first line and serves until its standard input ends.
"""

import argparse
import sys
import threading
from collections.abc import Callable

from tests.connectors.fakes.mischief import dice
from tests.connectors.fakes.server import Fake, FakeServer
from tests.connectors.fakes.webhook import FakeReceiver
from tests.connectors.fakes.zendesk import FakeZendesk

FAKES: dict[str, Callable[[], Fake]] = {"zendesk": FakeZendesk, "webhook": FakeReceiver}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("fake", choices=FAKES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.0)
    parser.add_argument("--latency", type=float, default=0.0)
    asked = parser.parse_args()
    server = FakeServer(FAKES[asked.fake](), dice(asked.seed, asked.share), latency=asked.latency)
    threading.Thread(target=server.serve, daemon=True).start()
    print(server.url, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()

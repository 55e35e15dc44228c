"""The list, a conversation of 300 mails and the search of a desk that has years behind it."""

import argparse
import contextlib
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

from tests.bench.signed_in import signed_in
from tests.living import Carteria, running_carteria
from tests.servers.postgres import FAST, running_postgres
from tests.servers.redis import running_redis

PASSWORD = "only-for-the-bench-Zq9"
AGENT, ADMINISTRATOR = "agent0", "boss"
LONG = 300  # messages of one thread
PATIENCE = 3600  # seconds to make the data
ROUNDS = 10  # loads that are scrolled through
LISTS = {
    "list of all": "status=any",
    "list of open": "status=open",
    "list of mine": "view=mine&status=any",
    "list of unassigned": "view=unassigned",
    "list of closed": "view=closed",
    "list by waiting": "sort=waiting",
    "list of oldest": "status=any&sort=oldest",
}
# What is typed, by the kind of question; asked by an agent and an administrator.
QUESTIONS = {
    "rare word": "zanzibar",
    "no such word": "xylophonist",
    "frequent word": "shipment",
    "frequent word of another queue": "boardroom",
    "two frequent words": "shipment hello",
    "beginning of a frequent word": "shipm",
    "two letters": "co",
    "one letter": "s",
    "word and letter": "zanzibar c",
    "address": "person4711@company211.test",
    "beginning of an address": "person471",
    "domain": "company211.test",
    "name": "lópez",
    "subject": "factura pendiente",
    "phrase": '"where is my order"',
    "rare beside frequent": "zanzibar shipment",
    "Han": "請求書",
    "punctuation": "!?",
}


def run(arguments: list[str]) -> dict[str, Any]:
    options = _options(arguments)
    with contextlib.ExitStack() as stack:
        environment = {"BENCH_PASSWORD": PASSWORD}
        if not (options.embedded or options.prepare):
            more = (*FAST[:-1], "shared_buffers=512MB")
            environment["DATABASE_URL"] = stack.enter_context(running_postgres(settings=more))
            environment["REDIS_URL"] = stack.enter_context(running_redis())
        data = options.prepare or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        carteria = stack.enter_context(running_carteria(data, settings_for(), **environment))
        began = time.monotonic()
        long = _fill(carteria, options)
        seconds = time.monotonic() - began
        figures = _measured(carteria, long)
    if options.prepare:
        _tell(options.prepare)
    return {
        "messages": options.messages,
        "threads": options.sessions,
        **figures,
        "prepared_s": round(seconds, 1),
    }


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="manage.py bench console", description=__doc__)
    parser.add_argument("--sessions", type=int, default=100_000, help="how many (%(default)s)")
    parser.add_argument("--messages", type=int, default=300_000, help="how many (%(default)s)")
    parser.add_argument(
        "--prepare", type=Path, metavar="DIR", help="keep the data (on SQLite) for `up --data DIR`"
    )
    parser.add_argument("--embedded", action="store_true", help="on SQLite and the own broker")
    parser.add_argument("--json", action="store_true", help="nothing but the last line")
    return parser.parse_args(arguments)


def settings_for() -> dict[str, Any]:
    """Four queues; the agents work in three of them, so that not everything is everybody's."""
    agents = [f"agent{number}" for number in range(20)]
    secret = {"password": "env:BENCH_PASSWORD"}
    users: list[dict[str, Any]] = [
        {"user": name, "email": f"{name}@x.test", "roles": ["agent"]} | secret for name in agents
    ]
    users.append(
        {"user": ADMINISTRATOR, "email": "boss@x.test", "roles": ["administrator"]} | secret
    )
    mail = {"receive": {"kind": "none"}, "send": {"kind": "none"}}
    queues = [
        {"name": name, "path": f"{under}{name}", "members": [*agents]}
        for under, name in (("", "Orders"), ("Orders/", "Returns"), ("", "Billing"))
    ]
    return {
        "version": 1,
        "channel": {"enabled": True, "external_url": "http://console.test"},
        "users": users,
        "accounts": [{"name": "bench"} | mail],
        "queues": [*queues, {"name": "Board", "path": "Board"}],
        "mailboxes": [{"address": "bench@x.test", "account": "bench", "queue": "Orders"}],
    }


def _fill(carteria: Carteria, options: argparse.Namespace) -> str:
    """In a process beside the running servers; answers the id of the long conversation."""
    wanted = f"sessions={options.sessions}, messages={options.messages}, long={LONG}"
    rows = f"from tests.bench.years import fill; print(fill({wanted}))"
    done = carteria.command("shell", "-v", "0", "-c", rows, within=PATIENCE)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    return done.stdout.decode().split()[-1]


# ---- asking ----------------------------------------------------------------------------------


def _measured(carteria: Carteria, long: str) -> dict[str, Any]:
    people = [signed_in(carteria.url, name, PASSWORD) for name in (AGENT, ADMINISTRATOR)]
    desk = f"{carteria.url}/desk/sessions/"
    lists = {kind: _scrolled(people, f"{desk}?{query}") for kind, query in LISTS.items()}
    opened = [_took(people[1], f"{desk}{long}/")[0] for _round in range(ROUNDS)]
    found = {kind: _searched(people, desk, words) for kind, words in QUESTIONS.items()}
    _print(lists | {f"search {kind}": took for kind, took in found.items()} | {"open": opened})
    return {
        "list_p95_ms": _p95(itertools.chain(*lists.values())),
        "open_p95_ms": _p95(opened),
        "search_p95_ms": _p95(itertools.chain(*found.values())),
        "search_worst_p95_ms": max(map(_p95, found.values())),
    }


def _scrolled(people: Sequence[requests.Session], address: str) -> list[float]:
    """Load after load, as a hand that scrolls; milliseconds of each."""
    took = []
    for http in people:
        after = ""
        for _load in range(ROUNDS):
            ms, answer = _took(http, f"{address}{after}")
            took.append(ms)
            after = f"&before={answer['next']}" if answer["next"] else ""
    return took


def _searched(people: Sequence[requests.Session], desk: str, words: str) -> list[float]:
    addresses = [f"{desk}?status={status}&q={quote(words)}" for status in ("any", "open")]
    return [ms for address in addresses for ms in _scrolled(people, address)]


def _took(http: requests.Session, address: str) -> tuple[float, dict[str, Any]]:
    began = time.monotonic()
    answer = http.get(address, timeout=120)
    ms = (time.monotonic() - began) * 1000
    assert answer.ok, f"{answer.status_code} {answer.text[:300]}"
    return ms, answer.json()


def _p95(took: Iterable[float]) -> float:
    return round(statistics.quantiles(took, n=100, method="inclusive")[94], 1)


def _print(kinds: dict[str, list[float]]) -> None:
    for kind, took in kinds.items():
        print(f"{kind:<40}{statistics.median(took):>8.1f}{_p95(took):>8.1f} ms", file=sys.stderr)


def _tell(data: Path) -> None:
    print(
        f"Serve it with: python3 manage.py up --data {data}\n"
        f"Sign in as {AGENT} or {ADMINISTRATOR}, password {PASSWORD}",
        file=sys.stderr,
    )

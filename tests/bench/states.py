"""Calls as a call system reports them: how many a second, and when another browser knows."""

import argparse
import contextlib
import json
import queue
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.bench.signed_in import signed_in
from tests.living import Carteria, running_carteria
from tests.servers.postgres import running_postgres
from tests.servers.redis import running_redis

PASSWORD = "only-for-the-bench-Zq9"
SENDERS = 8  # lines of one call system
REACTIONS = 200
PATIENCE = 5  # seconds until news counts as lost
News = tuple[float, dict[str, Any]]  # when it came, and what it says


def run(arguments: list[str]) -> dict[str, Any]:
    options = _options(arguments)
    with contextlib.ExitStack() as stack:
        environment = {"BENCH_PASSWORD": PASSWORD}
        if not options.embedded:
            environment["DATABASE_URL"] = stack.enter_context(running_postgres())
            environment["REDIS_URL"] = stack.enter_context(running_redis())
        data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        carteria = stack.enter_context(
            running_carteria(data, settings_for(options.agents), **environment)
        )
        token = carteria.command("token", "--integration", "bench", "--scope", "events")
        system = CallSystem(carteria, token.stdout.decode().strip())
        socket = stack.enter_context(browser(carteria))
        return _measured(system, socket, options)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="manage.py bench states", description=__doc__)
    parser.add_argument("--agents", type=int, default=50, help="how many (%(default)s)")
    parser.add_argument("--events", type=int, default=2000, help="how many (%(default)s)")
    parser.add_argument("--embedded", action="store_true", help="on SQLite and the own broker")
    parser.add_argument("--json", action="store_true", help="nothing but the last line")
    return parser.parse_args(arguments)


def settings_for(agents: int) -> dict[str, Any]:
    """All of them in one team, which one supervisor watches."""
    names = [f"agent{number}" for number in range(agents)]
    users: list[dict[str, Any]] = [
        {"user": name, "email": f"{name}@x.test", "roles": ["agent"]} for name in names
    ]
    watcher = {"user": "watcher", "email": "watcher@x.test", "roles": ["supervisor"]}
    users.append(watcher | {"password": "env:BENCH_PASSWORD"})
    teams = [{"name": "All", "members": names, "supervisors": ["watcher"]}]
    return {"version": 1, "users": users, "teams": teams}


class CallSystem:
    """Reports through HTTP; each thread keeps its connection."""

    def __init__(self, carteria: Carteria, token: str) -> None:
        self.url = f"{carteria.url}/api/v1/agent-events/"
        self.headers = {"Authorization": f"Bearer {token}"}
        self._own = threading.local()

    def tell(self, event: str, agent: int, session: str) -> float:
        """Seconds until the answer."""
        if not hasattr(self._own, "http"):
            self._own.http = requests.Session()
        body = {"event": event, "agent": f"agent{agent}", "session": session}
        began = time.monotonic()
        answer = self._own.http.post(self.url, json=body, headers=self.headers, timeout=30)
        assert answer.status_code == 200, answer.text[:300]
        return time.monotonic() - began


@contextlib.contextmanager
def browser(carteria: Carteria) -> Iterator["queue.Queue[News]"]:
    """The supervisor's, signed in by the form; what its socket hears, with the time."""
    http = signed_in(carteria.url, "watcher", PASSWORD)
    cookies = "; ".join(f"{one.name}={one.value}" for one in http.cookies)
    heard: queue.Queue[News] = queue.Queue()
    with connect(
        carteria.url.replace("http", "ws") + "/ws/",
        additional_headers={"Cookie": cookies},
        origin=carteria.url,  # type: ignore[arg-type]
    ) as socket:
        listener = threading.Thread(target=_listen, args=[socket, heard], daemon=True)
        listener.start()
        yield heard


def _listen(socket: ClientConnection, heard: "queue.Queue[News]") -> None:
    with contextlib.suppress(ConnectionClosed):
        for message in socket:
            heard.put((time.monotonic(), json.loads(message)))


def _measured(
    system: CallSystem, heard: "queue.Queue[News]", options: argparse.Namespace
) -> dict[str, Any]:
    waits = [
        wait for n in range(REACTIONS) if (wait := _reaction(system, heard, n, options.agents))
    ]
    calls = [(n % options.agents, f"run{n}") for n in range(options.events // 2)]
    with ThreadPoolExecutor(SENDERS) as pool:
        began = time.monotonic()
        answers = list(pool.map(lambda call: _whole_call(system, *call), calls))
        seconds = time.monotonic() - began
    events = [one for answer in answers for one in answer]
    return {
        "agents": options.agents,
        "events": len(events),
        "events_per_s": round(len(events) / seconds, 1),
        "event_p50_ms": _ms(events, 50),
        "event_p95_ms": _ms(events, 95),
        "socket_p50_ms": _ms(waits, 50),
        "socket_p95_ms": _ms(waits, 95),
        "lost": REACTIONS - len(waits),
    }


def _whole_call(system: CallSystem, agent: int, session: str) -> list[float]:
    return [system.tell(event, agent, session) for event in ("enter_call", "leave_call")]


def _reaction(
    system: CallSystem, heard: "queue.Queue[News]", number: int, agents: int
) -> float | None:
    """Seconds from the report to the news of this change; None: it never came."""
    while not heard.empty():
        heard.get()
    call, begins = number // 2, number % 2 == 0
    began = time.monotonic()
    system.tell("enter_call" if begins else "leave_call", call % agents, f"one{call}")
    with contextlib.suppress(queue.Empty):
        while True:
            came, news = heard.get(timeout=PATIENCE)
            if news["type"] == "agent.state" and (news["effective"] == "In-Call") == begins:
                return came - began
    return None


def _ms(seconds: list[float], percent: int) -> float | None:
    if len(seconds) < 2:
        return None
    return round(statistics.quantiles(seconds, n=100)[percent - 1] * 1000, 1)

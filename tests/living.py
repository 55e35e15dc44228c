"""A whole installation, started by `manage.py up` as an administrator would, and its API."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import requests
import yaml

from tests.servers.migrated import lend_sqlite

ROOT = Path(__file__).resolve().parent.parent
READY_WITHIN = 180  # as long as `up` itself waits
Answer = TypeVar("Answer")


@dataclass(slots=True)
class Carteria:
    """A running installation; `get` and `post` speak as its administrator."""

    url: str
    token: str
    data: Path
    process: "subprocess.Popen[str]"
    environment: dict[str, str]

    def get(self, path: str, *, token: str = "") -> Any:
        answer = requests.get(self.url + "/api/v1/" + path, headers=self._as(token), timeout=60)
        assert answer.ok, f"{answer.status_code} {answer.text[:500]}"
        return answer.json()

    def post(self, path: str, *, token: str = "", **more: Any) -> requests.Response:
        address = self.url + "/api/v1/" + path
        return requests.post(address, headers=self._as(token), timeout=30, **more)

    def hand_in(self, mail: bytes, *, to: str) -> None:
        """As a mail server would."""
        headers = self._as("") | {"Content-Type": "message/rfc822"}
        address = f"{self.url}/api/v1/inbound/{to}/"
        posted = requests.post(address, data=mail, headers=headers, timeout=60)
        assert posted.ok, f"{posted.status_code} {posted.text[:500]}"

    def command(
        self, *words: str, stdin: bytes = b"", within: float = 180
    ) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            input=stdin,
            capture_output=True,
            check=False,
            timeout=within,
        )

    def token_of(self, user: str) -> str:
        return self.command("token", user).stdout.decode().strip()

    def configure(self, settings: dict[str, Any]) -> None:
        done = self.command("configure", "-", stdin=yaml.safe_dump(settings).encode())
        assert done.returncode == 0, done.stderr.decode()

    def kill(self) -> None:
        """All processes at once, as a machine that loses power."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(60)

    def start_again(self) -> None:
        """On the same data and port."""
        port = int(self.url.rpartition(":")[2])
        self.process = _up(self.data, self.environment, port)
        _ready(self.process, self.data)

    def _as(self, token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token or self.token}"}


class Shift:
    """An agent at work: In-Email by an own choice, and there as long as the tests run."""

    def __init__(self, carteria: Carteria, user: str, token: str) -> None:
        self.carteria, self.token = carteria, token
        people = carteria.get("agents/?limit=100")["results"]
        self.path = f"agents/{next(one['id'] for one in people if one['user'] == user)}/"
        self.over = threading.Event()

    def begin(self) -> None:
        chosen = self.carteria.post(
            self.path + "state/", token=self.token, json={"state": "In-Email"}
        )
        assert chosen.ok, chosen.text
        self.stay()
        threading.Thread(target=self._stay, daemon=True).start()

    def stay(self) -> None:
        assert self.carteria.post(self.path + "presence/", token=self.token).ok

    def _stay(self) -> None:
        while not self.over.wait(20):
            self.stay()


@contextmanager
def running_carteria(
    data: Path, settings: dict[str, Any], *, port: int = 0, **environment: str
) -> Iterator[Carteria]:
    """Starts with SETTINGS as its configure file; stops it with SIGTERM and expects exit 0."""
    data.mkdir(parents=True, exist_ok=True)
    if "DATABASE_URL" not in environment:
        lend_sqlite(data)
    configuration = data / "settings.yaml"
    configuration.write_text(yaml.safe_dump(settings))
    told = _environment(data, environment)
    process = _up(data, told, port, "--config", str(configuration))
    carteria = None
    try:
        ready = _ready(process, data)
        carteria = Carteria(ready["url"], ready["token"], data, process, told)
        yield carteria
    finally:
        last = carteria.process if carteria else process
        last.send_signal(signal.SIGTERM)
        code = last.wait(60)
    assert code == 0


def _up(data: Path, told: dict[str, str], port: int, *more: str) -> "subprocess.Popen[str]":
    """In a process group of its own, so that all of it can be killed at once."""
    command = [sys.executable, "manage.py", "up", "--port", str(port), "--data", str(data), *more]
    with (data / "up.log").open("a") as log:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=told,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )


def _environment(data: Path, more: dict[str, str]) -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "REDIS_URL", "CLAMD_ADDRESS", "SECRET_KEY", "CARTERIA_KEY"}
    }
    told = {"CARTERIA_NO_BOOTSTRAP": "1", "CARTERIA_DATA": str(data), "DJANGO_SETTINGS_MODULE": ""}
    told.pop("DJANGO_SETTINGS_MODULE")
    return inherited | told | more


def _ready(process: "subprocess.Popen[str]", data: Path) -> dict[str, Any]:
    assert process.stdout is not None
    watchdog = threading.Timer(READY_WITHIN, process.kill)
    watchdog.start()
    line = process.stdout.readline()
    watchdog.cancel()
    assert line.startswith("ready "), (data / "up.log").read_text()[-3000:]
    told: dict[str, Any] = json.loads(line.removeprefix("ready "))
    return told


def soon(
    question: Callable[[], Answer], *, within: float = 60, until: Callable[[Answer], Any] = bool
) -> Answer:
    """Asks until the answer satisfies; fails with the last one."""
    deadline = time.monotonic() + within
    while True:
        answer = question()
        if until(answer):
            return answer
        assert time.monotonic() < deadline, f"not within {within} s: {answer!r}"
        time.sleep(0.03)

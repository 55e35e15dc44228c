"""Several callers at once, over HTTP, on PostgreSQL: one wins, the others hear of it."""

import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.servers.postgres import running_postgres

pytestmark = pytest.mark.servers("postgres")

MAKE_HOUSE = """
import json, django
django.setup()
from tests.people import make_house, make_message, make_session, token_of
house = make_house()
sessions = [make_session(house.support, mailbox=house.mailbox) for _number in range(8)]
for session in sessions:
    make_message(session)
people = {"alice": house.alice.user, "bob": house.bob.user, "robot": house.robot}
print(json.dumps({"sessions": [one.public_id for one in sessions],
                  "people": {name: token_of(user) for name, user in people.items()}}))
"""


@dataclass(frozen=True, slots=True)
class Web:
    base: str
    sessions: list[str]
    people: dict[str, dict[str, str]]

    def post(
        self,
        who: str,
        path: str,
        body: bytes = b"{}",
        kind: str = "application/json",
        key: str = "",
    ) -> tuple[int, Any]:
        headers = self.people[who] | {"Content-Type": kind}
        if key:
            headers["Idempotency-Key"] = key
        return _answer(Request(self.base + path, body, headers))


def _answer(request: Request) -> tuple[int, Any]:
    try:
        with urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except HTTPError as error:
        return error.code, json.load(error)


def at_once(calls: list[Callable[[], tuple[int, Any]]]) -> list[tuple[int, Any]]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return [one.result() for one in [pool.submit(call) for call in calls]]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    data = tmp_path_factory.mktemp("data")
    with running_postgres(migrated=True) as url:
        environment = os.environ | {"DATABASE_URL": url, "CARTERIA_DATA": str(data)}
        environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
        made = json.loads(_python(environment, "-c", MAKE_HOUSE).splitlines()[-1])
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = ["-m", "uvicorn", "config.asgi:application", "--port", str(port)]
        with (data / "web.log").open("w") as log:
            server = subprocess.Popen([sys.executable, *command], env=environment, stderr=log)
            try:
                _wait_for(f"http://127.0.0.1:{port}/healthz", data / "web.log")
                yield Web(f"http://127.0.0.1:{port}/api/v1/", made["sessions"], made["people"])
            finally:
                server.terminate()
                server.wait(15)


def _python(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip()


def _wait_for(url: str, log: Path, *, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            urlopen(url, timeout=10).close()
        except OSError:  # a wait that was too long is none of urllib's
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text()[-2000:])


def test_of_two_who_take_one_has_it(web: Web) -> None:
    for session in web.sessions[:4]:
        path = f"sessions/{session}/take/"
        answers = at_once([partial(web.post, "alice", path), partial(web.post, "bob", path)])
        assert sorted(status for status, _body in answers) == [200, 409]
        assert {body.get("code") for status, body in answers if status == 409} == {"already-taken"}


def test_eight_replies_with_one_key_are_one_mail(web: Web) -> None:
    path, body = f"sessions/{web.sessions[5]}/reply/", b'{"text": "x"}'
    answers = at_once([lambda: web.post("alice", path, body, key="k")] * 8)
    accepted = {body["message"]["id"] for status, body in answers if status == 202}
    assert len(accepted) == 1
    assert {b["code"] for status, b in answers if status != 202} <= {"idempotency-running"}
    assert web.post("alice", path, body, key="k")[1]["message"]["id"] in accepted
    request = Request(f"{web.base}messages/?session={web.sessions[5]}", headers=web.people["alice"])
    messages = _answer(request)[1]["results"]
    assert Counter(one["direction"] for one in messages) == {"in": 1, "out": 1}


def test_eight_posts_of_one_mail_are_one_row(web: Web) -> None:
    raw, path = b"From: a@outside.test\r\n\r\nx", "inbound/support@carteria.test/"
    answers = at_once([lambda: web.post("robot", path, raw, "message/rfc822")] * 8)
    assert Counter(status for status, _body in answers) == {202: 1, 200: 7}
    assert len({body["inbound"] for _status, body in answers}) == 1

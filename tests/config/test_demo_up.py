"""One real `up --demo` on an empty database: mail arrives, verdicts fall, both sides talk.

At first without a scanner: files wait, and mail does not.
"""

import imaplib
import json
import re
import sqlite3
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from config.launch import scanner
from tests.config.test_launch_up import UP, end, start, told, until
from tests.servers.migrated import lend_sqlite

__all__ = ["told"]

DEMO = [*UP, "--demo"]
ANA = "ana.test@example.com"
FILES = 11  # nine of customers, two parts of the bounce


@pytest.fixture
def up(told: dict[str, str]) -> Iterator[Callable[..., dict[str, Any]]]:
    """Starts with these options; whatever still runs at the end is ended."""
    data = Path(told["CARTERIA_DATA"])
    data.mkdir(mode=0o700)
    lend_sqlite(data)
    running = []

    def begin(command: list[str]) -> dict[str, Any]:
        for process in running:
            end(process)
        running.clear()
        process, facts = start(told, command)
        running.append(process)
        return facts

    yield begin
    for process in running:
        end(process)


class Api:
    def __init__(self, facts: dict[str, Any], user: str) -> None:
        token = next(one["token"] for one in facts["people"] if one["user"] == user)
        self.url = f"{facts['url']}/api/v1/"
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> Any:
        answer = requests.get(self.url + path, headers=self.headers, timeout=30)
        assert answer.status_code == 200
        return answer.json()

    def post(self, path: str, body: Any) -> Any:
        answer = requests.post(self.url + path, json=body, headers=self.headers, timeout=30)
        assert answer.ok
        return answer.json()

    def sessions(self, customer: str) -> list[Any]:
        found = self.get("sessions/?limit=100")["results"]
        return [one for one in found if customer in json.dumps(one["customer"])]


def rows(data: str, query: str) -> list[Any]:
    with sqlite3.connect(Path(data) / "carteria.sqlite3", timeout=20) as database:
        return database.execute(query).fetchall()


def verdicts(data: str) -> Counter[str]:
    return Counter(
        dict(rows(data, "SELECT verdict, COUNT(*) FROM attachments_attachment GROUP BY 1"))
    )


def arrived(data: str) -> int:
    query = "SELECT COUNT(*) FROM email_channels_inboundemail WHERE status = 'stored'"
    return int(rows(data, query)[0][0])


@pytest.mark.servers("clamd")
def test_a_demo_is_alive_and_stays_the_same(
    up: Callable[..., dict[str, Any]], told: dict[str, str]
) -> None:
    facts = up(DEMO)
    data = facts["data"]
    assert Counter(one["role"] for one in facts["people"]) == Counter(
        agent=4, supervisor=1, administrator=1
    )
    assert facts["demo"]["customer_inbox"] == f"{facts['url']}/demo/"
    for file in ("demo.json", "settings.done"):
        assert stat.S_IMODE((Path(data) / "demo" / file).stat().st_mode) == 0o600
    until(lambda: arrived(data) >= 30, seconds=60)
    assert rows(data, "SELECT code FROM email_channels_inboundemail WHERE status != 'stored'") == []
    assert verdicts(data)["waiting"] == FILES - 1  # a program is refused by its name

    del told["CLAMD_ADDRESS"]
    again = up(DEMO)
    assert again["people"] == facts["people"]
    assert again["demo"]["imap"] == facts["demo"]["imap"]
    until(lambda: "waiting" not in verdicts(data), seconds=60)
    expected = {"refused": 1, "withheld": 1}
    if not scanner.has_signatures(scanner.SYSTEM_SIGNATURES):
        expected["infected"] = 1
    assert verdicts(data) == Counter(expected | {"clean": FILES - sum(expected.values())})
    until(lambda: (Path(data) / "demo" / "mail" / "opened").exists(), seconds=60)
    old = "SELECT COUNT(*) FROM tickets_session WHERE created_at < datetime('now', '-1 hour')"
    assert rows(data, old)[0][0] > 20  # the list looks like a day's work
    _talk(again)
    _read_by_imap(again)

    ordinary = up(UP)
    assert (ordinary["people"], ordinary["demo"]) == ([], None)
    assert requests.get(f"{ordinary['url']}/demo/", timeout=30).status_code == 404
    assert arrived(data) >= 31


def _talk(facts: dict[str, Any]) -> None:
    """A mail typed in the customer's page arrives in a session, our answer on the page."""
    visitor, box = requests.Session(), f"{facts['demo']['customer_inbox']}{ANA}/"
    page = visitor.get(f"{box}?new=1&name=Ana", timeout=30).text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    fields = {"name": "Ana", "to": "support@almena.test", "subject": "Hello", "text": "Is it oak?"}
    sent = visitor.post(f"{box}write/", fields | {"csrfmiddlewaretoken": token[1]}, timeout=30)
    assert "Is it oak?" in sent.text
    emma = Api(facts, "emma")
    until(lambda: bool(emma.sessions(ANA)), seconds=60)
    session = emma.sessions(ANA)[0]
    emma.post(f"sessions/{session['id']}/reply/", {"text": "It is ash."})
    until(lambda: "It is ash." in visitor.get(sent.url, timeout=30).text, seconds=60)


def _read_by_imap(facts: dict[str, Any]) -> None:
    host, _, port = facts["demo"]["imap"].rpartition(":")
    kept = json.loads((Path(facts["data"]) / "demo" / "demo.json").read_text())
    client = imaplib.IMAP4(host, int(port), timeout=30)
    client.login("support", kept["password"])
    client.select(readonly=True)
    until(lambda: client.search(None, "UNSEEN")[1] == [b""], seconds=60)  # all are fetched
    client.logout()

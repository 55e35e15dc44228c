"""After a day of mail, trouble included, the logs of a whole installation hold ids alone.

Everything that is written in DATA/log is searched for every address, subject, word, file name and
password that was used.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.living import Carteria, running_carteria, soon
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.smtp_sink import running_smtp_sink
from tests.test_journey import Stage, a_mail, eicar, settings

pytestmark = [pytest.mark.servers]

SUPPORT, PIPE = "support@x.test", "by-pipe@x.test"
CUSTOMER, LOOP = "Carla Quetzal <carla@outside.test>", "refused@outside.test"
BAD_PASSWORD = "wrong-pw-90210"
SUBJECT, BODY, FILE = "Zebrafish parcel", "The quokka lost its umbrella.", "narwhal-invoice.txt"
ANSWER, LABEL = "The capybara is on its way.", "axolotl-label.txt"

ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.\w+")
# Whatever a person wrote, chose or was given; case does not matter.
WORDS = (
    "outside.test",
    "Quetzal",
    "Zebrafish",
    "quokka",
    "umbrella",
    "narwhal",
    "capybara",
    "axolotl",
    "pangolin",
    PASSWORD,
    BAD_PASSWORD,
    "ana-pw",
    "ben-pw",
)


@pytest.fixture(scope="module")
def stage(dovecot: Dovecot, tmp_path_factory: Any) -> Iterator[Stage]:
    user, wrong = dovecot.new_user(), dovecot.new_user()
    data: Path = tmp_path_factory.mktemp("logs") / "data"
    with running_smtp_sink() as sink:
        wanted = settings(dovecot, sink, user)
        receive = wanted["accounts"][0]["receive"]
        broken = {"name": "wrong", "receive": receive | {"user": wrong, "password": BAD_PASSWORD}}
        wanted["accounts"].append(broken)
        box = {"address": PIPE, "account": "main", "queue": "Sales", "from_name": "Sales"}
        wanted["mailboxes"].append(box)
        with (
            running_carteria(data, wanted, CARTERIA_TEST_SIGNATURES="1") as carteria,
            Stage(carteria, dovecot, user, sink) as stage,
        ):
            yield stage


def read_logs(data: Path) -> dict[str, str]:
    files = [*(data / "log").glob("*"), data / "up.log"]
    return {file.name: file.read_text("utf-8", "replace") for file in files if file.is_file()}


def a_good_day(stage: Stage) -> None:
    mail = a_mail(SUPPORT, SUBJECT, sender=CUSTOMER, text=BODY, files={FILE: b"eels\n" * 90})
    stage.arrives(mail)
    session = stage.session_about(SUBJECT)
    stage.settled()
    answer = stage.carteria.post(
        f"sessions/{session['id']}/reply/",
        data={"text": ANSWER},
        files={"files": (LABEL, b"label\n" * 20, "text/plain")},
        token=stage.carteria.token_of(_user_of(stage, session["agent"])),
    )
    assert answer.status_code == 202, answer.text
    stage.sink.wait_for(1)


def _user_of(stage: Stage, agent: str | None) -> str:
    """The session's agent, else the queue's only member."""
    return str(stage.carteria.get(f"agents/{agent}/")["user"]) if agent else "ana"


def a_bad_day(stage: Stage) -> None:
    stage.arrives(a_mail(SUPPORT, "Virus pangolin", sender=CUSTOMER, files={FILE: eicar()}))
    stage.arrives(b"From: carla@outside.test\r\n\x00\x01 quokka \xff" * 3)
    stage.arrives(b"\x00\x01\x02 umbrella carla@outside.test")
    stage.arrives(_hostile())
    stage.session_about("Virus pangolin")
    _an_answer_is_refused(stage)
    _the_account_with_the_wrong_password_fails(stage)
    _the_pipe_and_the_api(stage)
    _somebody_fails_to_sign_in(stage)


def _hostile() -> bytes:
    """Too many parts to be read: a child gives up on it."""
    part = b"--b\r\nContent-Type: text/plain; name=narwhal.txt\r\n\r\nquokka\r\n"
    head = b"From: carla@outside.test\r\nTo: support@x.test\r\nSubject: pangolin\r\n"
    return (
        head + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 30_000 + b"--b--\r\n"
    )


def _an_answer_is_refused(stage: Stage) -> None:
    stage.sink.refused[LOOP] = "550 5.1.1 refused@outside.test is not known here, says pangolin"
    queue = next(one for one in stage.carteria.get("queues/")["results"] if one["name"] == "Sales")
    letter = {"queue": queue["id"], "to": [LOOP], "subject": "To pangolin", "text": ANSWER}
    made = stage.carteria.post("sessions/", token=stage.carteria.token_of("ben"), json=letter)
    assert made.status_code == 201, made.text
    session = made.json()["session"]
    soon(lambda: stage.messages_of(session)[0]["status"], until=lambda status: status == "failed")


def _the_account_with_the_wrong_password_fails(stage: Stage) -> None:
    def state() -> str:
        accounts = stage.carteria.get("accounts/")["results"]
        return str(next(one for one in accounts if one["name"] == "wrong")["state"])

    soon(state, until=lambda found: found == "failing", within=40)


def _the_pipe_and_the_api(stage: Stage) -> None:
    raw = a_mail(PIPE, "By pipe pangolin", sender=CUSTOMER, text=BODY)
    assert stage.carteria.command("receive", "--mailbox", PIPE, stdin=raw).returncode == 0
    for address in (PIPE, "nobody@x.test"):
        url = f"{stage.carteria.url}/api/v1/inbound/{address}/"
        headers = {"Content-Type": "message/rfc822"} | stage.carteria._as("")
        requests.post(url, data=raw + b"2", headers=headers, timeout=20)


def _somebody_fails_to_sign_in(stage: Stage) -> None:
    page = requests.Session()
    url = f"{stage.carteria.url}/accounts/login/"
    page.get(url, timeout=20)
    typed = {"login": "carla@outside.test", "password": BAD_PASSWORD}
    typed["csrfmiddlewaretoken"] = page.cookies.get("csrftoken", "")
    page.post(url, data=typed, headers={"Referer": url}, timeout=20)
    requests.get(f"{stage.carteria.url}/?q=carla@outside.test", timeout=20)
    requests.get(f"{stage.carteria.url}/narwhal/carla@outside.test", timeout=20)
    odd = {"Host": "carla@outside.test"}
    assert requests.get(stage.carteria.url, headers=odd, timeout=20).status_code == 400


def a_crash_in_a_view(carteria: Carteria) -> None:
    """Its path names an address, its data a customer; only the table is missing."""
    with sqlite3.connect(carteria.data / "carteria.sqlite3", timeout=20) as database:
        database.execute("ALTER TABLE email_channels_mailbox RENAME TO gone")
        database.commit()
        url = f"{carteria.url}/api/v1/inbound/{PIPE}/"
        headers = {"Content-Type": "message/rfc822"} | carteria._as("")
        raw = a_mail(PIPE, "Crash pangolin", sender=CUSTOMER)
        answer = requests.post(url, data=raw, headers=headers, timeout=20)
        database.execute("ALTER TABLE gone RENAME TO email_channels_mailbox")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal-error"


def test_no_log_holds_what_people_wrote_or_typed(stage: Stage) -> None:
    a_good_day(stage)
    a_bad_day(stage)
    a_crash_in_a_view(stage.carteria)
    secrets = {path.read_text().strip() for path in _key_files(stage.carteria.data)}
    tokens = {stage.carteria.token, *stage.tokens.values()}
    logs = read_logs(stage.carteria.data)
    found = [
        (name, word, _around(text, word))
        for name, text in logs.items()
        for word in (*WORDS, *secrets, *tokens)
        if word.lower() in text.lower()
    ]
    assert found == []
    assert [address for text in logs.values() for address in ADDRESS.findall(text)] == []
    assert "fetch failed" in logs["worker.log"]  # the trouble itself is told
    assert "inbound/<str:address>/" in logs["web.log"]


def _key_files(data: Path) -> list[Path]:
    return [data / "secrets" / name for name in ("secret_key", "carteria_key")]


def _around(text: str, word: str) -> str:
    place = text.lower().index(word.lower())
    return text[max(0, place - 200) : place + 200]


def test_every_line_of_ours_is_json(stage: Stage) -> None:
    """Celery greets when it starts; everything else is one object a line."""
    for name in ("web.log", "worker.log"):
        lines = read_logs(stage.carteria.data)[name].splitlines()
        told = [json.loads(line) for line in lines if line.startswith("{")]
        others = [line for line in lines if not line.startswith("{") and line.strip()]
        assert told
        assert all(one["event"] and one["logger"] and one["level"] for one in told)
        assert [line for line in others if not GREETING.search(line)] == []


GREETING = re.compile(
    r"^\s*(-+|\*|\[|\.>|celery|Linux|Please|User|Running)|[-*\s]{6}|SecurityWarning"
)


def test_a_failed_fetch_carries_the_id_of_its_task(stage: Stage) -> None:
    lines = read_logs(stage.carteria.data)["worker.log"].splitlines()
    told = [json.loads(line) for line in lines if '"fetch failed"' in line]
    assert told
    assert all(re.fullmatch("[0-9a-f]{16}", one["trace"]) for one in told)
    assert {one["code"] for one in told} == {"password"}

"""PAINS 37: two installations that answer by themselves write to each other for an hour."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.policy import SMTP
from typing import Any

import pytest

pytestmark = pytest.mark.faults

ANN, BEN = "desk@ann.test", "desk@ben.test"
STEP, HOUR = 5, 60  # minutes
MARKS = ("Auto-Submitted", "X-Auto-Response-Suppress", "Precedence", "In-Reply-To", "References")

Way = Callable[[bytes, int], bytes]


class Desk:
    """A process with a database of its own."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.sent = self.kept = 0
        self.loops: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.desk", address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={name: text for name, text in os.environ.items() if name != "DATABASE_URL"},
        )

    def ask(self, mails: list[bytes], *, minutes: int = STEP) -> list[bytes]:
        """What it sends when these have come; then so much time passes."""
        assert self.process.stdin is not None
        line = {"mails": [base64.b64encode(one).decode() for one in mails], "minutes": minutes}
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.said())
        self.sent += len(answer["sent"])
        self.kept, self.loops = answer["kept"], answer["loops"]
        return [base64.b64decode(one) for one in answer["sent"]]

    def said(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()


@pytest.fixture
def desks() -> Iterator[tuple[Desk, Desk]]:
    both = Desk(ANN), Desk(BEN)
    for one in both:
        assert one.said() == "ready\n"
    yield both
    for one in both:
        one.process.kill()
        one.process.communicate()


def untouched(raw: bytes, number: int) -> bytes:
    return raw


def disguised(raw: bytes, number: int) -> bytes:
    """By a server on the way that leaves nothing by which a program would know a program."""
    mail = message_from_bytes(raw, policy=SMTP)
    for name in (*MARKS, "Message-ID", "Subject"):
        del mail[name]
    mail["Message-ID"] = f"<{number}@gateway.test>"
    mail["Subject"] = f"Ticket {number}"
    return mail.as_bytes()


def a_person(sender: str, to: str, number: int) -> bytes:
    return f"From: {sender}\r\nTo: {to}\r\nSubject: Hello {number}\r\n\r\nAre you there? {number}\r\n".encode()


def an_hour(ann: Desk, ben: Desk, way: Way, begin: int) -> None:
    """Somebody at Ann's address has a program that writes to Ben, four times in a step."""
    to_ann: list[bytes] = []
    for number in range(begin, begin + HOUR, STEP):
        to_ben = [a_person(ANN, BEN, 10 * number + one) for one in range(4)]
        to_ben += [way(raw, number) for raw in ann.ask(to_ann)]
        to_ann = [way(raw, begin + number) for raw in ben.ask(to_ben)]


def test_in_an_hour_each_sends_one_answer_at_most(desks: tuple[Desk, Desk]) -> None:
    ann, ben = desks
    an_hour(ann, ben, untouched, 1000)
    assert (ann.sent, ben.sent) == (0, 1)
    assert ben.kept == HOUR // STEP * 4  # nothing is dropped
    assert ben.loops == [ANN]
    for one in desks:
        one.ask([], minutes=25 * 60)
    an_hour(ann, ben, disguised, 2000)
    assert (ann.sent, ben.sent) == (1, 2)
    assert ben.kept == 2 * HOUR // STEP * 4 + 1

"""What becomes of a mail at a server that breaks the protocol at one step: silence, halves, drops."""

import time
from collections.abc import Iterator

import pytest

from apps.channels import send as sending
from apps.channels import smtp_line
from apps.channels.models import EmailAccount
from apps.channels.send import Envelope, Outcome, send
from tests.servers.scripted_smtp import DROP, SILENCE, Do, ScriptedSmtp, running_scripted_smtp

ENVELOPE = Envelope("support@carteria.test", ("ann@outside.test", "bo@outside.test"))
RAW = b"Subject: Hi\r\n\r\nHello\r\n"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedSmtp]:
    """Our patience after the dot is short here."""
    monkeypatch.setattr(sending, "ANSWER_SECONDS", 0.1)
    with running_scripted_smtp() as scripted:
        yield scripted


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it, too."""
    monkeypatch.setattr(smtp_line, "VERB_SECONDS", 0.1)
    monkeypatch.setattr(smtp_line, "CONNECT_SECONDS", 0.1)
    monkeypatch.setattr(smtp_line._Patient, "answer_seconds", 0.1)


def sent(server: ScriptedSmtp, script: dict[str, Do], **fields: object) -> Outcome:
    told = {"send_host": "127.0.0.1", "send_port": server.port, "send_tls": "none"} | fields
    server.scripts.append(script)
    return send(EmailAccount(name="main", **told), ENVELOPE, RAW, before_data=lambda: None)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "RCPT bo@outside.test", "DATA"])
@pytest.mark.parametrize(
    "trouble",
    [
        DROP,
        SILENCE,
        Do(b"4", then="silence"),
        Do(b"25", then="drop"),
        Do(b"250-go", then="drop"),
        Do(b"\x00\xff garbage\r\n", then="silence"),
        Do(b"250 " + b"x" * 20_000, then="silence"),
        Do(b"250 dribbling very slowly", every=0.02),
    ],
    ids=["drop", "silence", "half", "half-drop", "unended", "garbage", "endless", "dribble"],
)
def test_before_the_dot_nobody_has_it(server: ScriptedSmtp, step: str, trouble: Do) -> None:
    outcome = sent(server, {step: trouble})
    assert (outcome.kind, server.copies) == ("retry", {})
    assert "DOT" not in server.steps()


@pytest.mark.parametrize(
    "trouble",
    [
        DROP,
        SILENCE,
        Do(b"4", then="drop"),
        Do(b"250-half of", then="drop"),
        Do(b"hello\r\n", then="silence"),
        Do(b"250 dribbling very slowly", every=0.02),
    ],
    ids=["drop", "silence", "half", "unended", "garbage", "dribble"],
)
@pytest.mark.parametrize("keeps", [True, False], ids=["kept", "lost"])
def test_after_the_dot_nobody_knows(server: ScriptedSmtp, trouble: Do, keeps: bool) -> None:
    begun = time.monotonic()
    outcome = sent(server, {"DOT": Do(trouble.say, trouble.every, trouble.then, keeps)})
    assert (outcome.kind, bool(server.copies)) == ("unknown", keeps)
    assert time.monotonic() - begun < 10  # seconds: no trickle keeps us waiting


def test_the_wait_is_under_a_minute_with_the_sweep() -> None:
    from apps.tickets.sending.delivery import LEASE_AFTER_DOT

    longest = sending.DOT_SECONDS + sending.ANSWER_SECONDS
    sweep = 10
    assert longest < LEASE_AFTER_DOT
    assert LEASE_AFTER_DOT + sweep <= 60


def test_a_line_that_drops_at_the_courtesy_is_still_a_refusal(server: ScriptedSmtp) -> None:
    refused = {f"RCPT {who}": Do(b"550 5.1.1 no\r\n") for who in ENVELOPE.recipients}
    outcome = sent(server, refused | {"RSET": DROP})
    assert (outcome.kind, outcome.code) == ("failed", 550)


def test_a_line_that_drops_at_the_farewell_has_the_mail(server: ScriptedSmtp) -> None:
    assert sent(server, {"QUIT": DROP}).kind == "sent"
    assert server.copies == {"ann@outside.test": 1, "bo@outside.test": 1}


def test_a_stripped_starttls_ends_it_before_a_word_of_the_mail(server: ScriptedSmtp) -> None:
    assert sent(server, {}, send_tls="starttls").kind == "retry"
    assert server.steps() == ["CONNECT", "EHLO"]

"""One request over a line that breaks: which side of its last bytes it was."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from apps.channels import web_line
from apps.channels.outcome import Outcome, Settled
from apps.channels.web_line import Request, exchange
from tests.servers.scripted_provider import SILENCE, ScriptedProvider, running_scripted_provider


@pytest.fixture
def provider(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedProvider]:
    settings.PRIVATE_HOSTS = [ip_network("127.0.0.0/8")]
    monkeypatch.setattr(web_line, "STEP_SECONDS", 0.2)
    with running_scripted_provider() as scripted:
        yield scripted


def outcome_of(url: str, body: bytes = b"x", **headers: str) -> tuple[Outcome, list[str]]:
    calls: list[str] = []
    request = Request(url, headers, body)
    with pytest.raises(Settled) as caught:
        exchange(request, alive=lambda: None, before_data=lambda: calls.append("committed"))
    return caught.value.outcome, calls


def test_silence_amid_a_large_body_is_a_retry(provider: ScriptedProvider) -> None:
    """Larger than what the two ends keep in their buffers."""
    provider.scripts.append({"HALF": SILENCE})
    outcome, calls = outcome_of(f"{provider.url}/email", bytes(16_000_000))
    assert (outcome.kind, calls, provider.taken) == ("retry", [], [])


def test_tls_that_is_none_is_a_retry(provider: ScriptedProvider) -> None:
    outcome, calls = outcome_of(f"https://127.0.0.1:{provider.port}/email")
    assert (outcome.kind, calls) == ("retry", [])


def test_a_host_within_our_network_is_not_asked(provider: ScriptedProvider, settings: Any) -> None:
    settings.PRIVATE_HOSTS = []
    outcome, _calls = outcome_of(f"{provider.url}/email")
    assert (outcome.kind, provider.lines) == ("retry", 0)
    assert "public network" in outcome.sentence


def test_a_key_of_two_lines_makes_no_header(provider: ScriptedProvider) -> None:
    outcome, _calls = outcome_of(f"{provider.url}/email", **{"api-key": "one\r\nX-Two: 2"})
    assert (outcome.kind, provider.taken) == ("failed", [])
    assert "one" not in outcome.sentence.partition(" on ")[0]

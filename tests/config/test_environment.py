"""What an operator may write into the environment, and what is said of the rest."""

import pytest

from config import environment


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", []),
        ("192.0.2.1", ["192.0.2.1"]),
        ("192.0.2.1@5353, 2001:db8::1", ["192.0.2.1@5353", "2001:db8::1"]),
    ],
)
def test_name_servers_are_numbers(
    monkeypatch: pytest.MonkeyPatch, written: str, read: list[str]
) -> None:
    monkeypatch.setenv("SOME", written)
    assert environment.name_servers("SOME") == read


@pytest.mark.parametrize("written", ["dns.example.com", "192.0.2.1:53", "192.0.2.1@dns"])
def test_a_name_server_that_is_none_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("SOME", written)
    with pytest.raises(ValueError, match=r"write 192\.0\.2\.1 or 192\.0\.2\.1@5353"):
        environment.name_servers("SOME")

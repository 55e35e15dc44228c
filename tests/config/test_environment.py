"""What an operator may write into the environment, and what is said of the rest."""

import pytest

from config import environment, settings


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


def test_no_database_is_waited_for_by_the_patience_of_the_system(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://x/y?connect_timeout=3&application_name=ours")
    told = settings._database()["OPTIONS"]
    assert (told["connect_timeout"], told["application_name"]) == (3, "ours")
    silent = told["keepalives_idle"] + told["keepalives_count"] * told["keepalives_interval"]
    assert silent <= told["tcp_user_timeout"] / 1000 <= 30

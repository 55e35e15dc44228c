"""`prepare`: the first administrator, the console's address, the copy before a migration."""

import json
import sqlite3
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from pytest_django import Settings

from apps.channels.models import ChannelSettings
from apps.core.models import Role, User
from config.management.commands import prepare


@pytest.fixture(autouse=True)
def migrated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test database is made without migrations."""
    monkeypatch.setattr(prepare, "_migrate", lambda: None)


def prepared(url: str = "http://127.0.0.1:8000") -> dict[str, Any]:
    out = StringIO()
    call_command("prepare", url=url, stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


@pytest.mark.django_db
def test_an_empty_database_gets_an_administrator(client: Client) -> None:
    first = prepared()
    assert client.login(username=first["user"], password=first["password"])
    assert User.objects.get(username=first["user"]).has_role(Role.ADMINISTRATOR)
    assert User.objects.get(tokens__isnull=False).username == first["user"]


@pytest.mark.django_db
def test_later_starts_tell_no_secret() -> None:
    first = prepared()
    assert prepared() == {"user": first["user"], "password": None, "token": None}


@pytest.mark.django_db
def test_the_console_address_is_set_once(settings: Settings) -> None:
    settings.EXTERNAL_URL = ""
    prepared("http://127.0.0.1:8001")
    prepared("http://127.0.0.1:8002")
    assert ChannelSettings.load().external_url == "http://127.0.0.1:8001"


@pytest.mark.django_db
def test_the_operators_address_wins(settings: Settings) -> None:
    settings.EXTERNAL_URL = "https://support.example.com"
    prepared()
    assert ChannelSettings.load().external_url == "https://support.example.com"


def test_a_sqlite_database_is_copied_before_it_changes(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite3.connect(tmp_path / "live.sqlite3") as live:
        live.execute("CREATE TABLE kept (word TEXT)")
        live.execute("INSERT INTO kept VALUES ('yes')")
    settings.DATA_DIR = tmp_path
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "live.sqlite3"))
    prepare._back_up()
    (copy,) = (tmp_path / "backups").iterdir()
    assert sqlite3.connect(copy).execute("SELECT word FROM kept").fetchall() == [("yes",)]

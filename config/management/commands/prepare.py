"""Makes the database ready for `up`: one import of Django for everything a start needs."""

import json
import secrets
import sqlite3
import time
from argparse import SUPPRESS, ArgumentParser
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.channels.models import ChannelSettings
from apps.core.models import Heartbeat, Role, User
from apps.core.people import set_roles
from apps.core.tokens import make_token
from config.demo import furnish as demo

BACKUPS_KEPT = 5
FIRST_USER = "admin"


class Command(BaseCommand):
    help = SUPPRESS  # a part of `up`
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", required=True, help="where the console is reached")
        parser.add_argument(
            "--configure", metavar="FILE", action="append", default=[], help="settings to apply"
        )
        parser.add_argument("--demo", metavar="USERS", help="who gets tokens, with commas")

    def handle(self, *args: Any, **options: Any) -> None:
        _migrate()
        Heartbeat.objects.all().delete()  # `ready` waits for signs of life of this start
        if options["demo"] is not None:
            demo.only_here_or_refuse()
        first: dict[str, Any] = dict(_first_user())
        _set_console_address(settings.EXTERNAL_URL or options["url"])
        for file in options["configure"]:
            told = StringIO()  # it names addresses and people: no place for them in the log
            call_command("configure", file, stdout=told)
            self.stderr.write(f"{len(told.getvalue().splitlines())} settings changed")
        if options["demo"] is not None:
            first["tokens"] = demo.furnish(options["demo"].split(","))
        self.stdout.write(json.dumps(first))


def _migrate() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        if executor.loader.applied_migrations:
            _back_up()
        call_command("migrate", verbosity=0, interactive=False)


def _back_up() -> None:
    """A consistent copy of a SQLite database; PostgreSQL has tools and habits of its own."""
    if connection.vendor != "sqlite":
        return
    folder = settings.DATA_DIR / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"carteria-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.sqlite3"
    source = Path(connection.settings_dict["NAME"])
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
    for outdated in sorted(folder.glob("carteria-*.sqlite3"))[:-BACKUPS_KEPT]:
        outdated.unlink()


def _first_user() -> dict[str, str | None]:
    """An empty database gets an administrator, whose password and token are shown this once."""
    known = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if known or User.objects.exists():
        return {"user": known.username if known else None, "password": None, "token": None}
    password = secrets.token_urlsafe(12)
    user = User.objects.create_user(FIRST_USER, password=password)
    set_roles(user, [Role.ADMINISTRATOR])
    return {"user": user.username, "password": password, "token": make_token(user, name="up")}


def _set_console_address(url: str) -> None:
    channel = ChannelSettings.load()
    if not channel.external_url:
        channel.external_url = url
        channel.save(update_fields=["external_url"])

"""Applies a settings file: `configure FILE.yaml` or `-` (SEAMS, "configure")."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from apps.agents.models import Team
from apps.channels.models import EmailAccount
from apps.core.models import User
from apps.queues.models import Queue
from config.configure.apply import CannotApply, apply
from config.configure.kinds import Context
from config.configure.lines import Complaints, Entry, read
from config.configure.schema import FILE

NAMED = {"user": "users", "team": "teams", "account": "accounts", "queue": "queues"}


class Command(BaseCommand):
    help = "Apply settings from a YAML file, or say what is wrong with it and change nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the file, or - for standard input")
        parser.add_argument("--check", action="store_true", help="only look, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        self.file: str = options["file"]
        complaints = Complaints()
        entry = read(self._text(), complaints)
        settings = None
        if entry is not None:
            settings = FILE.read(entry, "", Context(complaints, _known(entry)))
        self._refuse(complaints)
        assert entry is not None
        assert settings is not None
        self._apply(settings, entry, only_look=options["check"])

    def _text(self) -> str:
        if self.file == "-":
            return sys.stdin.read()
        try:
            return Path(self.file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            self.stderr.write(f"{self.file}:0: file: It cannot be read; check its name.")
            sys.exit(2)

    def _apply(self, settings: dict[str, Any], entry: Entry, *, only_look: bool) -> None:
        try:
            with transaction.atomic():
                changes = apply(settings)
                if only_look:
                    transaction.set_rollback(True)
        except CannotApply as error:
            complaints = Complaints()
            key, _colon, sentence = error.sentence.partition(": ")
            complaints.add(_line_of(entry, error), f"{error.section}.{key}", sentence or key)
            self._refuse(complaints)
        else:
            for change in [] if only_look else changes:
                self.stdout.write(json.dumps(change))

    def _refuse(self, complaints: Complaints) -> None:
        if complaints.found:
            for line in complaints.told(self.file):
                self.stderr.write(line)
            sys.exit(2)


def _known(entry: Entry) -> dict[str, set[str]]:
    """Names that exist or that the file is about to make."""
    known = {
        "user": set(User.objects.values_list("username", flat=True)),
        "team": set(Team.objects.values_list("name", flat=True)),
        "account": set(EmailAccount.objects.values_list("name", flat=True)),
        "queue": set(Queue.objects.values_list("name", flat=True)),
    }
    for what, section in NAMED.items():
        key = "user" if what == "user" else "name"
        known[what] |= {str(one.value[key].value) for one in _objects(entry, section, key)}
    return known


def _objects(entry: Entry, section: str, key: str) -> list[Entry]:
    found = entry.value.get(section) if isinstance(entry.value, dict) else None
    rows = found.value if found is not None and isinstance(found.value, list) else []
    return [one for one in rows if isinstance(one.value, dict) and key in one.value]


def _line_of(entry: Entry, error: CannotApply) -> int:
    for key in ("name", "user", "address"):
        for one in _objects(entry, error.section, key):
            if one.value[key].value == error.name:
                return one.line
    section = entry.value.get(error.section)
    return section.line if section is not None else 1

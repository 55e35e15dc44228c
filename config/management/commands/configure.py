"""Applies a settings file: `configure FILE.yaml` or `-` (SEAMS, "configure")."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, ProgrammingError, transaction

from apps.core.actors import acting
from apps.core.models import SettingsChange
from config.configure.apply import Refusal, apply
from config.configure.kinds import Context
from config.configure.lines import Complaints, Entry, read
from config.configure.rows import Values
from config.configure.schema import FILE
from config.configure.whole import SECTIONS, check_whole, known_names, objects


class Command(BaseCommand):
    help = "Apply settings from a YAML file, or say what is wrong with it and change nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the file, or - for standard input")
        parser.add_argument("--check", action="store_true", help="only look, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        self.file: str = options["file"]
        self.complaints = Complaints()
        text = self._text()
        root = None if text is None else read(text, self.complaints)
        if root is None:
            self._refuse()
        try:
            settings = self._checked(root)
            if self.complaints.found:
                self._refuse()
            self._apply(settings, root, only_look=options["check"])
        except (OperationalError, ProgrammingError) as error:
            reason = str(error).partition("\n")[0]
            raise CommandError(
                f"The database is not ready ({reason}): run `python3 manage.py up` once."
            ) from error

    def _text(self) -> str | None:
        try:
            content = sys.stdin.buffer.read() if self.file == "-" else Path(self.file).read_bytes()
            return content.decode("utf-8-sig")
        except OSError as error:
            self.complaints.add(1, "file", f"It cannot be read: {error.strerror}.")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            self.complaints.add(line, "file", "This is no UTF-8; save the file as UTF-8.")
        return None

    def _checked(self, root: Entry) -> Values:
        context = Context(self.complaints, known_names(root))
        settings: Values = FILE.read(root, "", context)
        check_whole(root, context)
        return settings

    def _apply(self, settings: Values, root: Entry, *, only_look: bool) -> None:
        with acting(SettingsChange.Source.FILE), transaction.atomic():
            applied = apply(settings)
            if only_look or applied.refusals:
                transaction.set_rollback(True)
        for refusal in applied.refusals:
            key = f"{refusal.section}.{refusal.key}"
            self.complaints.add(_line_of(root, refusal), key, refusal.sentence)
        if self.complaints.found:
            self._refuse()
        for change in [] if only_look else applied.changes.lines:
            self.stdout.write(json.dumps(change, ensure_ascii=False))

    def _refuse(self) -> NoReturn:
        for line in self.complaints.told(self.file):
            self.stderr.write(line)
        sys.exit(2)


def _line_of(root: Entry, refusal: Refusal) -> int:
    """The line of the key that is why, within the object that was refused."""
    named = objects(root, refusal.section) if refusal.section in SECTIONS else ()
    wanted = (one for name, one in named if name in (refusal.name, refusal.name.lower()))
    entry = next(wanted, root.value.get(refusal.section, root))
    for key in refusal.key.split("."):
        entry = entry.value.get(key, entry) if isinstance(entry.value, dict) else entry
    return int(entry.line)

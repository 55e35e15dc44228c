"""The dry run: what Carteria would make of mails, one JSON line each; writes nothing, needs no
database (SEAMS, mail on the command line)."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.mailcheck import checked


class Command(BaseCommand):
    help = "Show what would be made of a mail, or of each *.eml of a folder, without storing it."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, metavar="FILE|DIR")
        parser.add_argument("--jsonl", action="store_true", help="JSON lines, as always")
        parser.add_argument("--mailbox", metavar="ADDRESS", help="as if sent to this mailbox")

    def handle(self, *args: Any, **options: Any) -> None:
        for path in _mails(options["path"]):
            self.stdout.write(json.dumps(checked(path)))
            self.stdout.flush()


def _mails(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(path.glob("*.eml"))
    if not path.exists():
        raise CommandError(f"There is no file or folder {path}.", returncode=2)
    return [path]

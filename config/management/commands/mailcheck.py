"""The dry run: what Carteria would make of mails, one JSON line each; writes nothing, needs no
database (SEAMS, mail on the command line)."""

import json
import os
import sys
from argparse import ArgumentParser
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.mailcheck import mail_check


class Command(BaseCommand):
    help = "Show what would be made of a mail, or of each *.eml of a folder, without storing it."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, metavar="FILE|DIR")
        parser.add_argument("--jsonl", action="store_true", help="JSON lines, as always")
        parser.add_argument("--mailbox", metavar="ADDRESS", help="as if sent to this mailbox")

    def handle(self, *args: Any, **options: Any) -> None:
        """Whatever a library may print goes to stderr: stdout is for programs."""
        paths = _mails(options["path"])
        out = self.stdout
        try:
            with redirect_stdout(sys.stderr), mail_check(options["mailbox"] or "") as check:
                for path in paths:
                    out.write(json.dumps(check.checked(path)))
                    out.flush()
        except BrokenPipeError:  # the reader has seen enough
            _forget_stdout()
        except OSError as error:
            _forget_stdout()
            raise CommandError(f"The answer cannot be written ({error.strerror}).") from None


def _forget_stdout() -> None:
    """What is left in its buffer would make Python complain at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _mails(path: Path) -> list[Path]:
    """A folder is read whole before the first mail; what it has of folders is no mail."""
    try:
        if path.is_dir():
            return [one for one in sorted(path.iterdir()) if _is_mail(one)]
        path.stat()
    except OSError as error:
        sentence = f"There is no file or folder {path} to read ({error.strerror})."
        raise CommandError(sentence, returncode=2) from None
    return [path]


def _is_mail(path: Path) -> bool:
    return path.suffix == ".eml" and not os.path.isdir(path)  # noqa: PTH112 - a loop is none

"""The pipe: a local mail server hands over one mail on standard input (SEAMS, mail on the command
line). Its exit codes are those of sysexits.h, which mail servers understand."""

import json
import logging
import sys
from argparse import ArgumentParser
from typing import Any, NoReturn

from django.core.management.base import BaseCommand
from django.db import Error as DatabaseAway

from apps.channels.models import InboundEmail, Mailbox
from apps.channels.receive import MAX_MAIL_BYTES, receive_one
from apps.channels.tagged import plain
from apps.core.errors import Unavailable
from apps.tickets.inbound import take_in

log = logging.getLogger(__name__)

NO_SUCH_MAILBOX = 64  # EX_USAGE
REFUSED = 65  # EX_DATAERR: the sender hears of it
TRY_LATER = 75  # EX_TEMPFAIL: the mail server keeps the mail


class Command(BaseCommand):
    help = "Store the mail on standard input. Exit 0 stored, 65 refused, 75 later, 64 no mailbox."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--mailbox", required=True, metavar="ADDRESS")

    def handle(self, *args: Any, **options: Any) -> None:
        raw = sys.stdin.buffer.read(MAX_MAIL_BYTES + 1)
        if not raw.strip():
            self._stop(REFUSED, "Standard input is empty; give the mail there.")
        if len(raw) > MAX_MAIL_BYTES:
            self._stop(REFUSED, f"The mail is larger than {MAX_MAIL_BYTES // 2**20} MB.")
        try:
            row = self._store(raw, options["mailbox"])
        except Unavailable as problem:
            self._stop(TRY_LATER, problem.sentence)
        except DatabaseAway:
            self._stop(TRY_LATER, "The database cannot be reached; try again later.")
        _try_to_take_in(row)
        self.stdout.write(json.dumps({"inbound": str(row.pk), "outcome": row.status}))

    def _store(self, raw: bytes, address: str) -> InboundEmail:
        wanted = plain(address)
        mailboxes = Mailbox.objects.select_related("account")
        mailbox = next((box for box in mailboxes if wanted in box.addresses), None)
        if mailbox is None:
            self._stop(NO_SUCH_MAILBOX, f"There is no mailbox {address}.")
        row, _new = receive_one(raw, mailbox=mailbox, source=InboundEmail.Source.PIPE)
        return row

    def _stop(self, code: int, sentence: str) -> NoReturn:
        self.stderr.write(sentence)
        sys.exit(code)


def _try_to_take_in(row: InboundEmail) -> None:
    """The mail is safe already; whatever fails here is done by the worker a little later."""
    try:
        take_in(50)
        row.refresh_from_db()
    except Exception:  # the rim: an error must not make the mail server send the mail again
        log.exception("a mail from the pipe waits for the worker", extra={"inbound": row.pk})

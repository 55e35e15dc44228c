"""Counts the ledger against the mail servers: exit 0 when all is well, 1 for an alarm."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.channels import ledger_check
from apps.channels.ledger_words import place_of, sentence_of
from apps.channels.models import EmailAccount, LedgerCheck

ALARM = 1


class Command(BaseCommand):
    help = "ledger check: count every folder against its server. Exit 0 all well, 1 alarm."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["check"])
        parser.add_argument("--account", metavar="NAME", help="only this one")
        parser.add_argument("--json", action="store_true", help="one JSON line for each folder")

    def handle(self, *args: Any, **options: Any) -> None:
        well = True
        for account in _accounts(options["account"]):
            for one in ledger_check.check(account) or [_busy(account)]:
                well = well and not (one.is_alarm or one.sentence)
                said = json.dumps(_facts(one)) if options["json"] else _line(one)
                self.stdout.write(said)
                self.stdout.flush()
        if not well:
            sys.exit(ALARM)


def _accounts(name: str | None) -> list[EmailAccount]:
    rows = EmailAccount.objects.fetching().filter(enabled=True)
    if name is None:
        return list(rows)
    found = list(EmailAccount.objects.filter(name=name))
    if not found:
        raise CommandError(f"There is no account {name!r}.")
    return found


def _busy(account: EmailAccount) -> LedgerCheck:
    why = "somebody else is counting this account just now; try again in some minutes."
    return LedgerCheck(account=account, folder=account.watched_folders[0], sentence=why)


def _line(check: LedgerCheck) -> str:
    return f"{place_of(check)}: {sentence_of(check)}"


def _facts(check: LedgerCheck) -> dict[str, object]:
    return {
        "account": check.account.name,
        "folder": check.folder,
        "state": "not-counted" if check.sentence else "alarm" if check.is_alarm else "ok",
        "on_server": check.on_server,
        "in_ledger": check.in_ledger,
        "missing_rows": check.missing_rows,
        "without_row": check.without_row,
        "missing_raws": check.missing_raws,
        "without_raw": check.without_raw,
        "waiting": check.waiting,
        "gone": check.gone,
        "sentence": check.sentence,
    }

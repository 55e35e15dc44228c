"""Seals every stored secret with the newest key of CARTERIA_KEY, and says which keys may go."""

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.core.rotation import Found, look, rotate
from apps.core.secrets import key_names, seal, sealed_places

LEFT, BROKEN = 1, 2


class Command(BaseCommand):
    help = (
        "Seal every stored secret with the newest key of CARTERIA_KEY. Exit 0: all are; "
        "1: some still need an older key; 2: some can be opened by no key."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only look, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        _refuse_bad_keys()
        resealed = Counter[tuple[str, str]]()
        if not options["check"]:
            for place in sealed_places():
                resealed[place.model, place.field] = rotate(place).resealed
        # Looked at anew: a process that runs with the former keys may have written meanwhile.
        found = [look(place) for place in sealed_places()]
        for one in found:
            self._tell(one, resealed[one.place.model, one.place.field])
        self._sum_up(found)

    def _tell(self, found: Found, resealed: int) -> None:
        where: dict[str, object] = {"model": found.place.model, "field": found.place.field}
        counts = {"secrets": found.secrets, "older": found.older, "broken": len(found.broken)}
        self._line({**where, **counts, "resealed": resealed})
        for identity in found.broken:
            self._line(where | {"id": identity, "problem": "no key of CARTERIA_KEY opens it"})

    def _sum_up(self, found: list[Found]) -> None:
        used: Counter[int] = sum((one.by_key for one in found), Counter())
        older = list(enumerate(key_names()))[1:]
        self._line(
            {
                "newest": key_names()[0],
                "still_needed": [name for number, name in older if used[number]],
                "no_longer_needed": [name for number, name in older if not used[number]],
                "broken": sum(len(one.broken) for one in found),
            }
        )
        if any(one.broken for one in found):
            sys.exit(BROKEN)
        if any(one.older for one in found):
            sys.exit(LEFT)

    def _line(self, facts: dict[str, object]) -> None:
        self.stdout.write(json.dumps(facts))


def _refuse_bad_keys() -> None:
    try:
        seal("probe")
    except ValueError:
        raise CommandError(
            f"CARTERIA_KEY ({len(settings.CARTERIA_KEYS)} keys) holds something that is no key:"
            " each is 32 bytes in base64, separated by commas."
        ) from None

"""Told by whoever put a backup of the whole machine back: then nothing is there to notice it by."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import ngettext

from apps.tickets.sending.restored import doubt_everything


class Command(BaseCommand):
    help = (
        "Say that a backup was put back, before Carteria starts on it: what the backup holds as"
        " still to be sent may have left since, and waits for you to say so. A database that is"
        " older than its data folder is noticed without it."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        count = doubt_everything()
        self.stdout.write(
            ngettext(
                "%(count)d mail may have left already. It is marked unknown and is not sent again"
                " by itself.",
                "%(count)d mails may have left already. They are marked unknown and are not sent"
                " again by themselves.",
                count,
            )
            % {"count": count}
        )

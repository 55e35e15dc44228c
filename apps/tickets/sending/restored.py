"""A database that was restored from a backup: no mail leaves a second time (GUARANTEES G13).

A database that counts fewer final dots than the data folder (dots.py) is an older one, and what it
holds as still to be sent may have left since. All of that becomes *unknown*; the folder of sent
mail, a report or a person resolves it (doubts.py). Entries for the CRM are looked for there before
they are written. Mails that come from now on get numbers that none had since the backup: the CRM's
links to those show nothing rather than another customer's mail, and its markers of entries are not
taken for theirs.
"""

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.channels.models import QuarantineAction
from apps.core.db import numbers
from apps.crm.updates import look_before_writing
from apps.tickets import dots
from apps.tickets.models import DeliveryAttempt, Message, MessageFile, OutboxMark
from apps.tickets.sending import settling

log = logging.getLogger(__name__)

MORE_THAN_SINCE = 10**6  # mails, or files of mails, since any backup

Status, Ended, Stage = Message.Status, DeliveryAttempt.Ended, DeliveryAttempt.Stage
Told = QuarantineAction.Outcome


def notice() -> None:
    """Before anything is sent: the database is a restored one where the data folder counts more."""
    mark = OutboxMark.objects.filter(pk=1).first()
    length = dots.in_folder(mark) if mark is not None else 0
    # Others count meanwhile, each in the row first: so the row is read once more after the file.
    if mark and length > mark.dots and OutboxMark.objects.filter(pk=1, dots__lt=length).exists():
        doubt_everything()


def noticed_at() -> datetime | None:
    """When the last restored database was noticed: mails that are older may have been answered."""
    return OutboxMark.objects.filter(pk=1).values_list("restored_at", flat=True).first()


def doubt_everything() -> int:
    """Of a restored database, noticed or told: answers how many mails may have left before."""
    OutboxMark.objects.get_or_create(pk=1)
    with transaction.atomic():
        mark = OutboxMark.objects.select_for_update().get(pk=1)
        OutboxMark.objects.filter(pk=1).update(restored_at=Now())  # before what is settled for it
        found = list(_to_send().select_related(*settling.NEEDED).order_by("pk"))
        for message in found:
            _doubt(message)
        doubted = len(found) + _doubt_notices()
        look_before_writing()
        for numbered in (Message, MessageFile):
            numbers.skip(numbered, MORE_THAN_SINCE)
        mark.dots = max(mark.dots, dots.in_folder(mark))
        mark.doubted = doubted
        mark.save(update_fields=["dots", "doubted"])
    log.warning("the database was restored from a backup", extra={"mails": doubted})
    return doubted


def _to_send() -> QuerySet[Message]:
    return Message.objects.filter(
        Q(status__in=[Status.QUEUED, Status.SENDING]) | Q(remaining__gt=0)
    )


def _doubt(message: Message) -> None:
    sentence = _(
        "The database was restored from a backup: this mail may have left since the backup was"
        " made, or not. Look for it in the folder of sent mail."
    )
    ended = {"outcome": Ended.UNKNOWN, "stage": Stage.DONE, "sentence": sentence}
    if not message.tries.filter(outcome="").update(**ended):
        number = message.attempts + 1
        Message.objects.filter(pk=message.pk).update(attempts=number)
        DeliveryAttempt.objects.create(
            message=message, number=number, lease_until=timezone.now(), **ended
        )
    settling.settle(message, pause=0)


def _doubt_notices() -> int:
    """What senders of held mail are told (held/notice.py); nobody can have these sent again."""
    sentence = _(
        "The database was restored from a backup: this mail may have left since the backup was"
        " made, or not."
    )
    on_its_way = QuarantineAction.objects.filter(outcome__in=[Told.QUEUED, Told.SENDING])
    return on_its_way.update(outcome=Told.UNKNOWN, sentence=sentence, next_try_at=None)

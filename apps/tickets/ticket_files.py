"""Files of mails on the ticket: each by itself, as soon as it is clean, and never before (G7)."""

from collections.abc import Collection, Iterable

from django.db.models import Exists, OuterRef, Q

from apps.attachments.models import Verdict
from apps.crm import updates
from apps.crm.models import TicketUpdate
from apps.crm.updates import OPEN, Planned
from apps.tickets.comment_words import Words
from apps.tickets.facts import House
from apps.tickets.harmless import one_line
from apps.tickets.models import Message, MessageFile


def planned_files(which: Q, words: Words, house: House) -> Iterable[Planned]:
    """WHICH files of mails that the CRM hears of; in the order of the mails and their files."""
    files = MessageFile.objects.filter(which, attachment__verdict=Verdict.CLEAN)
    files = files.filter(
        ~Q(inline=True) | ~_shown_before(), message__in=Message.objects.commented()
    )
    for file in files.select_related("attachment__blob", "message__thread").order_by(
        "message_id", "position"
    ):
        yield Planned(
            thread_key=file.message.thread.key,
            kind=TicketUpdate.Kind.FILE,
            key=str(file.pk),
            subject=one_line(file.message.thread.subject) or words.no_subject,
            text=one_line(file.attachment.name) or "file",
            blob=file.attachment.blob,
            facts={"LINK": house.link(file.message_id), "DIRECTION": file.message.direction},
        )


def _shown_before() -> Exists:
    """The picture of a signature comes with every mail: one of them is enough for a ticket."""
    earlier = MessageFile.objects.filter(
        message__thread=OuterRef("message__thread"),
        attachment__sha256=OuterRef("attachment__sha256"),
        attachment__verdict=Verdict.CLEAN,
        inline=True,
        pk__lt=OuterRef("pk"),
    )
    return Exists(earlier)


def leave_out_found(attachment_ids: Collection[int]) -> None:
    """Infected after all: what has not been posted yet never is."""
    files = MessageFile.objects.filter(attachment__in=attachment_ids)
    keys = {str(pk): thread for pk, thread in files.values_list("pk", "message__thread__key")}
    rows = TicketUpdate.objects.filter(
        thread_key__in=keys.values(),
        kind=TicketUpdate.Kind.FILE,
        key__in=keys,
        status__in=OPEN,
    )
    updates.leave_out(list(rows.values_list("pk", flat=True)))

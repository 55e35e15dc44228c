"""The copy of a mail as a comment: head lines, the whole text, and its files with their verdicts.

It waits until every file of the mail has a final verdict, so that the copy says it; after a
quarter of an hour it goes without, and says that too (SPEC 1.3 f).
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db.models import (
    CharField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    QuerySet,
)
from django.db.models.functions import Cast, Now

from apps.attachments.models import Verdict
from apps.crm.models import TicketUpdate
from apps.crm.updates import Planned
from apps.tickets.comment_words import Words, moment_words, size_words, verdict_words
from apps.tickets.facts import House
from apps.tickets.harmless import many_lines, one_line
from apps.tickets.models import Message, MessageFile

PATIENCE = timedelta(minutes=15)
AT_ONCE = 100


def is_ready(message: Message) -> bool:
    return all(file.attachment.verdict != Verdict.WAITING for file in message.files.all())


def planned_copy(message: Message, words: Words, house: House) -> Planned:
    """MESSAGE comes with its thread, files and attachments."""
    return Planned(
        thread_key=message.thread.key,
        kind=TicketUpdate.Kind.COPY,
        key=str(message.pk),
        subject=one_line(message.thread.subject) or words.no_subject,
        text=text_of(message, words, house),
        facts={"LINK": house.link(message.pk), "DIRECTION": message.direction},
    )


def text_of(message: Message, words: Words, house: House) -> str:
    blocks = [
        "\n".join(_head(message, words, house)),
        many_lines(message.text) or words.no_text,
        "\n".join(_files(message.files.all(), words)),
    ]
    return "\n\n".join(block for block in blocks if block)


def overdue() -> QuerySet[Message]:
    """Mails that still wait for a verdict after a quarter of an hour and have no copy yet."""
    waiting = MessageFile.objects.filter(
        message=OuterRef("pk"), attachment__verdict=Verdict.WAITING
    )
    planned = TicketUpdate.objects.filter(
        thread_key=OuterRef("thread__key"),
        kind=TicketUpdate.Kind.COPY,
        key=Cast(OuterRef("pk"), CharField()),
    )
    limit = ExpressionWrapper(Now() - PATIENCE, output_field=DateTimeField())
    late = Message.objects.commented().filter(
        Exists(waiting), ~Exists(planned), created_at__lte=limit
    )
    return late.order_by("pk")[:AT_ONCE]


# ---- the lines --------------------------------------------------------------------------------


def _head(message: Message, words: Words, house: House) -> Iterable[str]:
    sender = person_words(message.from_email, message.from_name) or words.no_address
    yield f"{words.from_}: {sender}"
    yield f"{words.to}: {people_words(message.to) or words.no_address}"
    if message.cc:
        yield f"{words.cc}: {people_words(message.cc)}"
    yield f"{words.date}: {moment_words(message.date or message.created_at, house.zone)}"
    yield f"{words.subject}: {one_line(message.subject) or words.no_subject}"


def people_words(people: Sequence[dict[str, str]]) -> str:
    return ", ".join(person_words(one["email"], one["name"]) for one in people)


def person_words(email: str, name: str) -> str:
    email, name = one_line(email), one_line(name)
    return f"{name} <{email}>" if name and name != email else email


def _files(files: Iterable[MessageFile], words: Words) -> Iterable[str]:
    """By name and verdict; none of their bytes is part of a comment."""
    for number, file in enumerate(files):
        if number == 0:
            yield f"{words.files}:"
        attachment = file.attachment
        verdict = verdict_words(words, attachment.verdict, attachment.reason)
        name = one_line(attachment.name)
        yield f"- {name} ({size_words(attachment.size)}): {verdict}"

"""Finding sessions: by who wrote, subject, words of the text, names of files, and exact ids."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.signals import post_delete
from django.dispatch import receiver

from apps.core.search.index import Document, Index
from apps.crm.models import TicketLink
from apps.tickets.models import CROCKFORD, Message, MessageFile, Session, SessionQuerySet

MESSAGES = Index("messages")
NEWEST = ("-updated_at", "-id")
AT_ONCE = 500
MOST_OF_A_TICKET = 10
_ID = re.compile(rf"[ET][{CROCKFORD}]{{12}}")
_TICKET = re.compile(r"#?\s?([\w.\-/]{1,100})")


def matching(sessions: SessionQuerySet, question: str) -> SessionQuerySet:
    """Those of SESSIONS that QUESTION finds; all of them when nothing was asked.

    Whatever SESSIONS leaves out, for its rights or its filters, stays out. Keep a filter that
    narrows much before this: what is sampled to plan the search is SESSIONS as given.
    """
    asked = question.strip()
    if not asked:
        return sessions
    exact = _named(asked)
    if exact is not None:
        return sessions.filter(exact)
    words = MESSAGES.condition(sessions, asked, newest=NEWEST)
    return sessions.none() if words is None else sessions.filter(words | _of_ticket(asked))


def add(messages: Sequence[Message], files: Iterable[MessageFile] | None = None) -> None:
    """In the transaction that stores them: a lot costs one statement, and another one where the
    caller has not just made their FILES."""
    names = _names_of(files) if files is not None else _names_of_files(messages)
    MESSAGES.put(
        Document(message.pk, message.session_id, _text_of(message, names[message.pk]))
        for message in messages
    )


def add_missing(model: type[Message] = Message) -> int:
    """Messages that were stored before there was an index, lot by lot; answers how many.

    A migration gives its own MODEL.
    """
    added = last = 0
    while keys := _keys_after(model, last):
        last = keys[-1]
        missing = set(keys) - MESSAGES.known(keys)
        with transaction.atomic():
            add(list(model.objects.filter(pk__in=missing).select_related("session")))
        added += len(missing)
    return added


def prepare(**_sent: Any) -> None:
    """Makes the tables of the index; repeated, it makes nothing."""
    MESSAGES.prepare()


@receiver(post_delete, sender=Message)
def _forget(instance: Message, **_sent: Any) -> None:
    """A mail that is taken back, or erased, leaves no words behind."""
    MESSAGES.drop([instance.pk])


# ---- what is found exactly -------------------------------------------------------------------


def _named(asked: str) -> Q | None:
    """By the id of a session or of a thread, which the CRM shows."""
    name = asked.upper()
    if not _ID.fullmatch(name):
        return None
    return Q(public_id=name) if name[0] == "E" else Q(thread__key=name)


def _of_ticket(asked: str) -> Q:
    """By the number of a ticket, beside what has the number among its words."""
    found = _TICKET.fullmatch(asked)
    if found is None:
        return Q()
    keys = TicketLink.objects.filter(ticket=found[1]).values_list("thread_key", flat=True)
    threads = list(keys[:MOST_OF_A_TICKET])
    if not threads:
        return Q()
    return Q(
        pk__in=list(Session.objects.filter(thread__key__in=threads).values_list("pk", flat=True))
    )


# ---- what is indexed -------------------------------------------------------------------------


def _keys_after(model: type[Message], last: int) -> list[int]:
    after = model.objects.filter(pk__gt=last).order_by("pk")
    return list(after.values_list("pk", flat=True)[:AT_ONCE])


def _names_of(files: Iterable[MessageFile]) -> defaultdict[int, list[str]]:
    """In the order of their positions."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for file in files:
        found[file.message_id].append(file.attachment.name)
    return found


def _names_of_files(messages: Iterable[Message]) -> defaultdict[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    keys = [message.pk for message in messages]
    carried = MessageFile.objects.filter(message__in=keys).order_by("message", "position")
    for message, name in carried.values_list("message_id", "attachment__name"):
        found[message].append(name)
    return found


def _text_of(message: Message, files: Iterable[str]) -> str:
    """The long text last: whatever is cut, it is the end of that."""
    people = [*message.to, *message.cc, *message.bcc, *message.reply_to]
    written = (f"{one.get('name', '')} {one.get('email', '')}" for one in people)
    sender = f"{message.from_name} {message.from_email}"
    first = (message.session.public_id, sender, message.subject, *written, *files)
    return "\n".join((*first, message.text))

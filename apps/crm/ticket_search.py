"""Finding built-in tickets: by number, subject, contact, and the words of their comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from apps.core.search.index import Document, Index
from apps.crm.models import Ticket, TicketComment, TicketUpdate
from apps.crm.models.builtin import TicketQuerySet

TICKETS = Index("tickets")
NEWEST = ("-updated_at", "-id")
AT_ONCE = 500
# An address says nothing that anybody would look for, and every mail brings one.
WORDLESS = frozenset({TicketUpdate.Kind.LINK.value})
WORDS = ("contact_name", "contact_email", "subject")
_NUMBER = re.compile(r"(#?)\s?(\d{1,18})", re.ASCII)


class Titled(NamedTuple):
    """Of a ticket what is looked for."""

    pk: int
    contact_name: str
    contact_email: str
    subject: str


class Said(NamedTuple):
    """Of a comment what is looked for."""

    pk: int
    ticket_id: int
    kind: str
    text: str


def matching(tickets: TicketQuerySet, question: str) -> TicketQuerySet:
    """Those of TICKETS that QUESTION finds; all of them when nothing was asked.

    `#12` is ticket 12 and nothing else; a bare number is found among the words alone, and with
    `numbered` as a ticket. Keep a filter that narrows much before this, as for sessions.
    """
    asked = question.replace("\x00", "").strip()
    if not asked:
        return tickets
    number = numbered(asked)
    if number is not None and asked.startswith("#"):
        return tickets.filter(pk=number)
    words = TICKETS.condition(tickets, asked, newest=NEWEST)
    return tickets.none() if words is None else tickets.filter(words)


def numbered(question: str) -> int | None:
    """The ticket that somebody who types `12` or `#12` may mean."""
    found = _NUMBER.fullmatch(question.strip())
    return int(found[2]) if found else None


def add_tickets(tickets: Iterable[Titled]) -> None:
    """Comments have their own numbers for keys, tickets these below nought."""
    TICKETS.put(Document(-one.pk, one.pk, _words_of(one)) for one in tickets)


def add_comments(comments: Iterable[Said]) -> None:
    with_words = (one for one in comments if one.kind not in WORDLESS)
    TICKETS.put(Document(one.pk, one.ticket_id, one.text) for one in with_words)


def add_all(tickets: type[Ticket] = Ticket, comments: type[TicketComment] = TicketComment) -> None:
    """Lot by lot, and nothing twice; a migration gives its own models."""
    for rows in _lots(tickets):
        with transaction.atomic():
            add_tickets(rows)
    for some in _lots(comments):
        with transaction.atomic():
            add_comments(some)


def prepare(**_sent: Any) -> None:
    """Makes the tables of the index; repeated, it makes nothing."""
    TICKETS.prepare()


@receiver(post_delete, sender=Ticket)
def _forget_ticket(instance: Ticket, **_sent: Any) -> None:
    TICKETS.drop([-instance.pk])


@receiver(post_delete, sender=TicketComment)
def _forget_comment(instance: TicketComment, **_sent: Any) -> None:
    TICKETS.drop([instance.pk])


def _words_of(ticket: Titled) -> str:
    return f"{ticket.contact_name}\n{ticket.contact_email}\n{ticket.subject}"


def _lots(model: Any) -> Iterable[Sequence[Any]]:
    last = 0
    while rows := list(model.objects.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
        last = rows[-1].pk
        yield rows

"""Mail that the new account brought before a mailbox belonged to it: held, and now somebody's.

Copies of old mail are among it where the account was fetched while they were made. What is older
than what came by the account before, and was never here, stays held: a person may release it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import QuerySet

from apps.channels.copied_mail import came_at
from apps.channels.models import EmailAccount, InboundEmail
from apps.channels.parse import glance
from apps.core import blobs
from apps.tickets.models import Message
from apps.tickets.tokens import hash_of

CODE = "no-mailbox"
PIECE = 200
FIRST_BYTES = 64 * 1024


def count(account: EmailAccount) -> int:
    return _held(account).count()


def worth_taking(account: EmailAccount, until: datetime | None) -> list[int]:
    """The rows that are to be taken in; UNTIL: how far the account before had brought mail."""
    held = _held(account).select_related("raw")
    return [pk for some in _pieces(held) for pk in _wanted(some, until)]


def _held(account: EmailAccount) -> QuerySet[InboundEmail]:
    rows = InboundEmail.objects.filter(status=InboundEmail.Status.QUARANTINED, code=CODE)
    return rows.filter(account=account, raw__isnull=False)


def _pieces(held: QuerySet[InboundEmail]) -> Iterator[list[InboundEmail]]:
    last = 0
    while some := list(held.filter(pk__gt=last).order_by("pk")[:PIECE]):
        last = some[-1].pk
        yield some


def _wanted(rows: Sequence[InboundEmail], until: datetime | None) -> Iterator[int]:
    begun = {row.pk: _beginning(row) for row in rows}
    named = {pk: hash_of(glance(raw).message_id) for pk, raw in begun.items()}
    known = known_hashes(set(named.values()))
    for pk, raw in begun.items():
        age = came_at(raw, None)
        if named[pk] in known or until is None or age is None or age >= until:
            yield pk


def known_hashes(hashes: set[str]) -> set[str]:
    """Those of mails that are here."""
    found = Message.objects.filter(message_id_hash__in=hashes - {""})
    return set(found.values_list("message_id_hash", flat=True))


def _beginning(row: InboundEmail) -> bytes:
    """Empty where it cannot be read: taking it in says so."""
    try:
        span = range(min(row.size, FIRST_BYTES))
        return b"".join(blobs.pieces(row.raw, span)) if row.raw else b""
    except OSError:
        return b""

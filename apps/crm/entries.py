"""From rows of the outbox to what a connector is told: cut to what the CRM takes."""

from collections.abc import Mapping, Sequence
from functools import partial

from apps.core import blobs
from apps.crm.connectors.base import (
    AnyConnector,
    Entry,
    File,
    Most,
    NewTicket,
    TicketRef,
)
from apps.crm.merge_fields import rendered
from apps.crm.models import CrmConnection, TicketLink, TicketUpdate, marker_of

Status, Kind = TicketUpdate.Status, TicketUpdate.Kind
CUT = "…"


def new_ticket(
    connection: CrmConnection,
    connector: AnyConnector,
    key: str,
    row: TicketUpdate,
    successor: int = 0,
) -> NewTicket:
    """ROW is the thread's first that is not posted; SUCCESSOR: how many we opened before."""
    facts = row.facts if row.kind == Kind.STANDARD else facts_of(key)
    return NewTicket(
        marker=marker_of(key, successor),
        subject=shortened(row.subject, connector.most.subject),
        contact=(facts.get("CUSTOMER_NAME", ""), facts.get("CUSTOMER_EMAIL", "")),
        fields=rendered(connection.fields, facts),
        doubtful=bool(row.tries) or bool(successor) or _was_asked_for(connector, key, row),
    )


def _was_asked_for(connector: AnyConnector, key: str, row: TicketUpdate) -> bool:
    """By an entry before this one, which has been left out since."""
    if hasattr(connector, "create_tickets"):  # in bulk: it knows its tickets by their marker
        return False
    tried = TicketUpdate.objects.filter(thread_key=key, tries__gt=0).exclude(pk=row.pk)
    return tried.exists()


def facts_of(key: str) -> Mapping[str, str]:
    rows = TicketUpdate.objects.filter(thread_key=key, kind=Kind.STANDARD)
    return rows.values_list("facts", flat=True).first() or {}


def of(
    rows: Sequence[TicketUpdate],
    ticket: TicketRef,
    link: TicketLink | None,
    connector: AnyConnector,
) -> list[Entry]:
    """ROWS are of one thread, in order."""
    front = link.marker if link else rows[0].thread_key
    return [_entry(row, ticket, front, connector.most) for row in rows]


def _entry(row: TicketUpdate, ticket: TicketRef, front: str, most: Most) -> Entry:
    return Entry(
        ticket=ticket,
        marker=f"{front}:{row.matter}",
        kind=row.kind,
        text=row.text if row.blob else cut(row.text, row.facts.get("LINK", ""), most.comment),
        file=File(row.blob.pk, row.blob.size, partial(blobs.read, row.blob)) if row.blob else None,
        replaces=_replaced(row, front) if row.kind == Kind.PDF else "",
        ours=row.facts.get("DIRECTION") == "out",
        link=row.facts.get("LINK", ""),
        doubtful=bool(row.tries),
    )


def _replaced(row: TicketUpdate, front: str) -> str:
    """The thread's PDF before this one, by its marker; it may be posted along with this one."""
    earlier = TicketUpdate.objects.filter(
        thread_key=row.thread_key, kind=Kind.PDF, pk__lt=row.pk
    ).exclude(status=Status.SKIPPED)
    last = earlier.order_by("-pk").first()
    return f"{front}:{last.matter}" if last else ""


def cut(text: str, link: str, most: int) -> str:
    """TEXT within MOST characters; where it ends early, LINK leads to the rest."""
    if len(text) <= most:
        return text
    tail = f"\n{CUT} {link}" if link else CUT
    return text[: most - len(tail)].rstrip() + tail


def shortened(subject: str, most: int) -> str:
    return subject if len(subject) <= most else subject[: most - 1].rstrip() + CUT

"""Asks a CRM for tickets and entries so that a repeated request makes nothing twice.

What an earlier request may have done is looked for by its marker before it is asked for again.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from apps.core.faults import crashpoint
from apps.core.sentences import gettext_noop as _
from apps.crm.connectors.base import (
    Added,
    AnyConnector,
    BulkConnector,
    Connector,
    CrmError,
    Entry,
    File,
    NewTicket,
    TicketRef,
)

# Raises CrmError if another worker has the ticket by now: whoever looks for long must not write.
StillOurs = Callable[[], None]

log = logging.getLogger(__name__)


def _nobody_else() -> None:
    """Where no lease can run out."""


def open_tickets(
    connector: AnyConnector, wanted: Sequence[NewTicket], still_ours: StillOurs = _nobody_else
) -> list[TicketRef | CrmError]:
    """One answer for each, in the same order."""
    if not isinstance(connector, BulkConnector):
        return [_open_ticket(connector, one, still_ours) for one in wanted]
    crashpoint("post.before_request")
    tickets = connector.create_tickets(wanted)
    crashpoint("post.after_answer")
    return [*tickets]


def add_entries(
    connector: AnyConnector,
    per_ticket: Sequence[Sequence[Entry]],
    still_ours: StillOurs = _nobody_else,
) -> list[Added]:
    """Writes each ticket's entries in order and stops a ticket at its first failure."""
    if not isinstance(connector, BulkConnector):
        return [_add_in_order(connector, entries, still_ours) for entries in per_ticket]
    crashpoint("post.before_request")
    added = connector.add_entries(per_ticket)
    crashpoint("post.after_answer")
    return added


def _open_ticket(
    connector: Connector, wanted: NewTicket, still_ours: StillOurs
) -> TicketRef | CrmError:
    try:
        with _only_crm_errors(connector):
            if wanted.doubtful:
                if found := connector.find_ticket(wanted.marker):
                    return found
                still_ours()
            crashpoint("post.before_request")
            ticket = connector.create_ticket(wanted)
            crashpoint("post.after_answer")
            return ticket
    except CrmError as error:
        return error


def _add_in_order(connector: Connector, entries: Sequence[Entry], still_ours: StillOurs) -> Added:
    for done, entry in enumerate(entries):
        try:
            with _only_crm_errors(connector):
                _add(connector, entry, still_ours)
        except CrmError as error:
            return Added(done, error)
    return Added(len(entries))


def _add(connector: Connector, entry: Entry, still_ours: StillOurs) -> None:
    if not (entry.doubtful and _is_there(connector, entry, still_ours)):
        crashpoint("post.before_request")
        _write(connector, entry)
        crashpoint("post.after_answer")
    if entry.replaces:
        _remove(connector, entry)


def _write(connector: Connector, entry: Entry) -> None:
    if entry.file:
        _attach(connector, entry, entry.file)
    else:
        connector.add_comment(entry)


def _attach(connector: Connector, entry: Entry, file: File) -> None:
    if file.size > connector.most.file:
        facts = {"name": entry.text, "mb": connector.most.file // 2**20}
        words = _("%(name)s is larger than the CRM takes (%(mb)s MB).")
        raise CrmError(words, facts, code="too-big", permanent=True)
    connector.attach_file(entry, file.read())


def _remove(connector: Connector, entry: Entry) -> None:
    """The newer file is there: one too many is no reason to say that it is not."""
    try:
        with _only_crm_errors(connector):
            connector.remove_file(entry.ticket, entry.replaces)
    except CrmError as error:
        log.warning("an older file stays in the CRM", extra={"code": error.code})


def _is_there(connector: Connector, entry: Entry, still_ours: StillOurs) -> bool:
    found = connector.find_file(entry) if entry.file else connector.find_comment(entry)
    if not found:
        still_ours()
    return found


@contextmanager
def _only_crm_errors(connector: Connector) -> Iterator[None]:
    """The rim of a worker: what a connector did not foresee stops one thread, not all of them."""
    try:
        yield
    except CrmError:
        raise
    except Exception as error:
        log.exception("a connector failed in a way of its own", extra={"crm": connector.kind})
        words = _("The connector failed: %(kind)s.")
        raise CrmError(words, {"kind": type(error).__name__}) from error

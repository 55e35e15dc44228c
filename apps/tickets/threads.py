"""A conversation's rows: the thread, its mailboxes, who takes part. `joining.py` finds them."""

from collections.abc import Iterable

from apps.channels.models import Mailbox
from apps.tickets.models import Participant, Thread
from apps.tickets.subjects import base_subject


def open_thread(subject: str, mailbox: Mailbox, participants: Iterable[str]) -> Thread:
    """A new conversation; call it inside a transaction."""
    thread = Thread.objects.create(subject=base_subject(subject))
    thread.mailboxes.add(mailbox)
    add_participants(thread, participants)
    return thread


def lock(thread_ids: Iterable[int]) -> None:
    """Until the transaction ends nobody lets a mail in, or puts one of theirs elsewhere. Before
    messages and sessions, in one order, so that nobody waits in a circle."""
    rows = Thread.objects.filter(pk__in=set(thread_ids)).select_for_update(no_key=True)
    list(rows.order_by("pk").values_list("pk", flat=True))


def add_participants(thread: Thread, addresses: Iterable[str]) -> None:
    known = {address.lower() for address in addresses if address}
    Participant.objects.bulk_create(
        [Participant(thread=thread, address=address) for address in sorted(known)],
        ignore_conflicts=True,
    )

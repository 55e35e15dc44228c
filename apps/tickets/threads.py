"""A conversation's rows: the thread, its mailboxes, who takes part. `joining.py` finds them."""

from collections.abc import Iterable, Sequence

from apps.channels.models import Mailbox
from apps.tickets.models import Participant, Thread
from apps.tickets.subjects import base_subject


def open_thread(subject: str, mailbox: Mailbox, participants: Iterable[str]) -> Thread:
    """A new conversation; call it inside a transaction."""
    thread = Thread.objects.create(subject=base_subject(subject))
    widen([(thread, mailbox, participants)])
    return thread


def lock(thread_ids: Iterable[int]) -> None:
    """Until the transaction ends nobody lets a mail in, or puts one of theirs elsewhere. Before
    messages and sessions, in one order, so that nobody waits in a circle."""
    rows = Thread.objects.filter(pk__in=set(thread_ids)).select_for_update(no_key=True)
    list(rows.order_by("pk").values_list("pk", flat=True))


def widen(uses: Sequence[tuple[Thread, Mailbox, Iterable[str]]]) -> None:
    """Threads use a mailbox, and these take part; two statements for all of them."""
    used = Thread.mailboxes.through
    boxes = [used(thread_id=thread.pk, mailbox_id=mailbox.pk) for thread, mailbox, _people in uses]
    used.objects.bulk_create(boxes, ignore_conflicts=True)
    _save_people(_people_of(thread, addresses) for thread, _mailbox, addresses in uses)


def add_participants(thread: Thread, addresses: Iterable[str]) -> None:
    _save_people([_people_of(thread, addresses)])


def _people_of(thread: Thread, addresses: Iterable[str]) -> list[Participant]:
    known = {address.lower() for address in addresses if address}
    return [Participant(thread=thread, address=address) for address in sorted(known)]


def _save_people(people: Iterable[list[Participant]]) -> None:
    rows = [one for some in people for one in some]
    Participant.objects.bulk_create(rows, ignore_conflicts=True)

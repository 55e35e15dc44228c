"""What the CRM hears when mails change their thread (SPEC 1.3 a, d, e).

A ticket is a record: what it has got stays. What it has yet to get of a mail that left is left
out, and the ticket of the mail's new thread gets it, as of any new mail. A ticket whose thread is
empty hears at last where the conversation goes on.
"""

from collections.abc import Iterable, Sequence

from django.db.models import Q

from apps.crm import updates
from apps.crm.models import TicketLink, TicketUpdate
from apps.tickets import assignment, comments, thread_pdf
from apps.tickets.comments import NEEDED, Telling
from apps.tickets.models import Message, MessageFile, Session, Thread
from apps.tickets.ticket_files import planned_files

Kind = TicketUpdate.Kind


def tell(message_ids: Sequence[int], left: Thread, session: Session) -> None:
    """They lay in LEFT and lie in SESSION now, or in others of its thread.

    In the transaction of the change, after the sessions have changed.
    """
    telling = Telling.now()
    messages = Message.objects.filter(pk__in=message_ids).select_related(*NEEDED).order_by("pk")
    told = list(messages.told().defer("html"))
    about = _about(message_ids)
    updates.leave_out_moved(left.key, about)
    updates.take_up_moved(session.thread.key, about | Q(kind=Kind.STANDARD))
    if told:
        comments.plan_for(told, undecided=assignment.undecided(session))
        _plan_files(told, telling)
        _end_or_begin_anew(left, told[-1], telling)


def show(changed: Iterable[Session]) -> None:
    """One session of each thread whose mails are others now: its PDF is made anew."""
    for session in changed:
        thread_pdf.plan_regrouped(session)


def _about(message_ids: Sequence[int]) -> Q:
    """By message or by file: the keys of what is told of one mail."""
    files = MessageFile.objects.filter(message__in=message_ids).values_list("pk", flat=True)
    one_mail = Q(kind__in=(Kind.LINK, Kind.COPY), key__in=[str(pk) for pk in message_ids])
    return one_mail | Q(kind=Kind.FILE, key__in=[str(pk) for pk in files])


def _plan_files(messages: Sequence[Message], telling: Telling) -> None:
    """Those that came in are clean already, or are planned with their verdict."""
    received = [one.pk for one in messages if one.direction == Message.Direction.IN]
    if telling.settings.attach_files and received:
        files = planned_files(Q(message__in=received), telling.words, telling.house)
        updates.plan(list(files))


def _end_or_begin_anew(left: Thread, moved: Message, telling: Telling) -> None:
    """A ticket of an empty thread that was never opened is not opened now."""
    still = Message.objects.filter(thread=left).order_by("pk")
    if still.told().exists():
        updates.leave_out_moved(left.key, Q(kind=Kind.LINK, key__startswith=comments.GOES_ON))
        if first := still.commented().select_related(*NEEDED).first():
            comments.begin_anew(first, telling)
    elif TicketLink.objects.filter(thread_key=left.key).exists():
        last = comments.goes_on(left.key, moved, telling)
        updates.take_up_moved(left.key, Q(kind=last.kind, key=last.key))
        updates.plan([last])
    else:
        updates.leave_out_moved(left.key, Q())

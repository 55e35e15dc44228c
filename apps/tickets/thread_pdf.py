"""When a thread's PDF is asked for: in the transaction of what changed, as a row that waits.

A thread has one row that waits at most. Whoever asks again moves its time: a minute after the
newest mail, but never more than ten after the first one. thread_pdf_render.py does the rest.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.db.models import DateTimeField, ExpressionWrapper, F, Max
from django.db.models.expressions import Combinable
from django.db.models.functions import Least, Now

from apps.core.announce import announce
from apps.core.leases import in_seconds
from apps.crm.models import CrmSettings
from apps.tickets.models import Message, Session, ThreadPdf
from apps.tickets.signals import pdf_asked

AFTER_MESSAGE = 60  # seconds
LONGEST_WAIT = timedelta(minutes=10)
FINISHED = (Session.Status.RESOLVED, Session.Status.CLOSED)

When, Status = CrmSettings.Pdf, ThreadPdf.Status


def plan_after(messages: Sequence[Message], settings: CrmSettings) -> None:
    """Of mails that the CRM hears of just now; they come with their sessions."""
    if settings.thread_pdf == When.EACH:
        _ask({one.thread_id: one.session_id for one in messages}, AFTER_MESSAGE)
    elif settings.thread_pdf == When.CLOSED:
        # An answer that resolved its session leaves after that; a receipt may come later still.
        finished = [one for one in messages if one.session.status in FINISHED]
        _ask({one.thread_id: one.session_id for one in finished}, 0)


def plan_regrouped(session: Session) -> None:
    """Mails left the session's thread: a PDF that shows them still is replaced."""
    settings = CrmSettings.load()
    told = Message.objects.commented().filter(thread=session.thread_id)
    was_made = ThreadPdf.objects.filter(thread=session.thread_id).exists()
    if settings.thread_pdf != When.OFF and was_made and told.exists():
        _ask({session.thread_id: session.pk}, AFTER_MESSAGE)


def plan_finished(session: Session) -> None:
    """The session has just been resolved or closed."""
    if CrmSettings.load().thread_pdf != When.CLOSED:
        return
    messages = Message.objects.filter(thread=session.thread_id)
    told = messages.told().count()
    if not messages.commented().exists() or told == _shown_in_newest(session.thread_id):
        return
    # What is about to leave asks again once it has gone.
    leaving = [Message.Status.QUEUED, Message.Status.SENDING]
    waits = messages.filter(status__in=leaving).exists()
    _ask({session.thread_id: session.pk}, AFTER_MESSAGE if waits else 0)


def ask_again(pdf: ThreadPdf) -> None:
    """Somebody asked while PDF was being rendered: it has not been in vain, and comes next."""
    _add({pdf.thread_id: pdf.session_id}, AFTER_MESSAGE)


def _shown_in_newest(thread_id: int) -> int:
    """How many messages the newest PDF has, so that closing what was resolved repeats nothing."""
    newest = ThreadPdf.objects.filter(thread=thread_id).order_by("-number").first()
    return newest.messages if newest and newest.status == Status.RENDERED else 0


def _ask(sessions: Mapping[int, int], seconds: int) -> None:
    """By thread, the session whose id the name bears; no number of threads costs more queries."""
    if not sessions:
        return
    waiting = ThreadPdf.objects.filter(thread__in=sessions, status=Status.WAITING)
    latest = ExpressionWrapper(F("asked_at") + LONGEST_WAIT, output_field=DateTimeField())
    waiting.update(due_at=Least(latest, _from_now(seconds)))
    there = set(waiting.values_list("thread_id", flat=True))
    _add({thread: pk for thread, pk in sessions.items() if thread not in there}, seconds)
    if not seconds:
        announce(pdf_asked)


def _add(sessions: Mapping[int, int], seconds: int) -> None:
    if not sessions:
        return
    before = ThreadPdf.objects.filter(thread__in=sessions).order_by().values_list("thread")
    numbers = dict(before.annotate(newest=Max("number")))
    ThreadPdf.objects.bulk_create(
        [
            ThreadPdf(
                thread_id=thread,
                session_id=session,
                number=numbers.get(thread, 0) + 1,
                asked_at=Now(),
                due_at=_from_now(seconds),
            )
            for thread, session in sessions.items()
        ],
        ignore_conflicts=True,  # somebody else has just asked
    )


def _from_now(seconds: int) -> Combinable:
    """Now() itself, since SQLite writes a moment that it has computed a little later."""
    return in_seconds(seconds) if seconds else Now()

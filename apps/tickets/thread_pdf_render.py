"""The story of a thread's PDF: claim the row, read the thread, render, keep, plan for the ticket.

The rendering runs in no transaction, in limited children (pdf/render.py). What fails is tried
three times, with a pause that grows, and stays as a row that says why.
"""

import logging
import threading
import time
import uuid

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.core import blobs
from apps.core.announce import announce
from apps.core.blobs import Written
from apps.core.child import ChildFailed
from apps.core.leases import expired, in_seconds
from apps.core.models import Blob
from apps.crm import updates
from apps.crm.models import TicketUpdate
from apps.crm.updates import Planned
from apps.tickets import storing_outside, thread_pdf
from apps.tickets.models import ThreadPdf
from apps.tickets.pdf.document import PdfDocument, Rendered
from apps.tickets.pdf.render import render_pdf
from apps.tickets.sessions import say_changed
from apps.tickets.signals import pdf_asked
from apps.tickets.thread_pdf_document import document_of

log = logging.getLogger(__name__)

RENDERED_FOR = 30  # seconds, then whoever waits for this worker gets it
LEASE = 900  # seconds: a thread of thousands of mails takes minutes
MAX_TRIES = 3
AT_ONCE = 20
FIRST_PAUSE, PAUSES_GROW = 60, 5  # seconds, times

Status = ThreadPdf.Status

_one_at_a_time = threading.Lock()  # in each process: it takes a whole core


def render_due() -> None:
    """What is due, oldest first; what is left when the time is over, the sweep wakes again."""
    if not _one_at_a_time.acquire(blocking=False):
        return
    try:
        until = time.monotonic() + RENDERED_FOR
        while time.monotonic() < until and (pdf := _claim_next()):
            render(pdf)
    finally:
        _one_at_a_time.release()


def is_due() -> bool:
    return _due().exists()


def render(pdf: ThreadPdf) -> None:
    """A row that this worker has claimed."""
    try:
        document = document_of(pdf)
        rendered = render_pdf(document)
        written = blobs.write([rendered.pdf])[0]
    except (ChildFailed, OSError) as error:
        _keep_reason(pdf, str(error), type(error).__name__)
    except Exception as error:  # the rim: no thread may stop the PDFs of the others
        log.exception("a thread's PDF failed", extra={"thread_pdf": pdf.pk})
        _keep_reason(pdf, type(error).__name__, type(error).__name__)
    else:
        _record(pdf, document, rendered, written)


# ---- the row ----------------------------------------------------------------------------------


def _due() -> QuerySet[ThreadPdf]:
    free = ThreadPdf.objects.filter(expired("claimed_until"), status=Status.WAITING)
    return free.filter(due_at__lte=Now())


def _claim_next() -> ThreadPdf | None:
    oldest = _due().order_by("due_at", "pk").values_list("pk", flat=True)
    for pk in list(oldest[:AT_ONCE]):
        pdf = _claim(pk)
        if pdf is not None and pdf.tries <= MAX_TRIES:
            return pdf
        if pdf is not None:
            _keep_reason(pdf, _("The worker stopped while it was rendered."), "killed")
    return None


def _claim(pk: int) -> ThreadPdf | None:
    """One row or too late."""
    claimed = (
        _due()
        .filter(pk=pk)
        .update(claim=uuid.uuid4().hex, claimed_until=in_seconds(LEASE), tries=F("tries") + 1)
    )
    if not claimed:
        return None
    return ThreadPdf.objects.select_related("thread", "session__queue").get(pk=pk)


def _mine(pdf: ThreadPdf) -> QuerySet[ThreadPdf]:
    """The row, as long as nobody has taken this worker for dead."""
    return ThreadPdf.objects.filter(pk=pdf.pk, claim=pdf.claim, status=Status.WAITING)


def _record(pdf: ThreadPdf, document: PdfDocument, rendered: Rendered, written: Written) -> None:
    with transaction.atomic():
        blob = blobs.record([written])[0]
        kept = _mine(pdf).update(
            status=Status.RENDERED,
            blob=blob,
            size=blob.size,
            pages=rendered.pages,
            messages=len(document.messages),
            reason=rendered.because,
            rendered_at=Now(),
            claim="",
        )
        if not kept:
            blobs.discard(blob.pk)
            return
        if ThreadPdf.objects.get(pk=pdf.pk).due_at != pdf.due_at:
            thread_pdf.ask_again(pdf)
        updates.plan([_planned(pdf, document, blob)])
        storing_outside.plan_pdf(pdf, blob)
    log.info(
        "a thread's PDF was rendered",
        extra={"thread_pdf": pdf.pk, "mails": len(document.messages), "pages": rendered.pages},
    )


def _planned(pdf: ThreadPdf, document: PdfDocument, blob: Blob) -> Planned:
    return Planned(
        thread_key=pdf.thread.key,
        kind=TicketUpdate.Kind.PDF,
        key=str(pdf.number),
        subject=document.title,
        text=pdf.name,
        blob=blob,
    )


def _keep_reason(pdf: ThreadPdf, reason: str, code: str) -> None:
    given_up = pdf.tries >= MAX_TRIES
    pause = FIRST_PAUSE * PAUSES_GROW ** (pdf.tries - 1)
    with transaction.atomic():
        _mine(pdf).update(
            status=Status.FAILED if given_up else Status.WAITING,
            reason=reason,
            due_at=in_seconds(pause),
            claim="",
            claimed_until=None,
        )
        say_changed([pdf.session])
    log.warning(
        "a thread's PDF was not rendered",
        extra={"thread_pdf": pdf.pk, "tries": pdf.tries, "code": code, "given_up": given_up},
    )


# ---- by hand ----------------------------------------------------------------------------------


def try_again(pdf: ThreadPdf) -> bool:
    """What was given up is tried anew, unless the thread has a later one that waits."""
    with transaction.atomic():
        others = ThreadPdf.objects.filter(thread=pdf.thread_id, status=Status.WAITING)
        if others.exists():
            return False
        failed = ThreadPdf.objects.filter(pk=pdf.pk, status=Status.FAILED)
        asked = failed.update(status=Status.WAITING, tries=0, asked_at=Now(), due_at=Now())
        announce(pdf_asked)
    return bool(asked)

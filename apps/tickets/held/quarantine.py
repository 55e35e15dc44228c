"""What people do with held mail: release, delete, tell its sender; each leaves a row of who and
when. One verb serves the page, its bulk actions and the API.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.channels.models import InboundEmail, QuarantineAction
from apps.channels.signals import mail_received
from apps.core.announce import announce
from apps.core.errors import Conflict, Guarded, Problem
from apps.core.models import User

log = logging.getLogger(__name__)

RAW_KEPT = timedelta(days=30)  # of every mail that is rejected
DELETED = "deleted-by-hand"

Status = InboundEmail.Status
Kind = QuarantineAction.Kind


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one mail of several."""

    mail: InboundEmail
    problem: Problem | None = None


def release(inbound: InboundEmail, *, by: User) -> None:
    """Back to the start of its way, where it is taken in like any other arrival: the same mailbox,
    the same queue.

    Raises Conflict `not-held`, Guarded `no-bytes` for a mail that was never fetched.
    """
    if inbound.raw_id is None:
        sentence = _("Its bytes are not here, so it cannot be released: it is on the mail server.")
        raise Guarded("no-bytes", sentence)
    with transaction.atomic():
        _leave(inbound, status=Status.RECEIVED, tries=0, code="", reason="", released=True)
        record(inbound, Kind.RELEASED, by=by)
        announce(mail_received, account_id=inbound.account_id)
    log.info("released from quarantine", extra={"inbound": inbound.pk, "user": by.pk})


def delete(inbound: InboundEmail, *, by: User) -> None:
    """Out of quarantine for good: *rejected*, as its row says. Raises Conflict `not-held`."""
    reason = _("Deleted from quarantine by %(by)s.") % {"by": by.display_name}
    with transaction.atomic():
        _leave(inbound, status=Status.REJECTED, code=DELETED, reason=reason, settled_at=Now())
        record(inbound, Kind.DELETED, by=by)
    log.info("deleted from quarantine", extra={"inbound": inbound.pk, "user": by.pk})


def each(mails: Iterable[InboundEmail], verb: Callable[[InboundEmail], object]) -> list[Done]:
    """Several at once: one that cannot be done does not stop the others."""
    return [_tried(mail, verb) for mail in mails]


def _tried(mail: InboundEmail, verb: Callable[[InboundEmail], object]) -> Done:
    try:
        verb(mail)
    except Problem as problem:
        return Done(mail, problem)
    return Done(mail)


def record(inbound: InboundEmail, kind: str, *, by: User, **fields: str) -> QuarantineAction:
    return QuarantineAction.objects.create(
        inbound_id=inbound.pk, kind=kind, by=by, by_name=by.display_name[:200], **fields
    )


def _leave(inbound: InboundEmail, **fields: object) -> None:
    """One row or too late."""
    held = InboundEmail.objects.filter(pk=inbound.pk, status=Status.QUARANTINED)
    if not held.update(**{"settled_at": None} | fields):
        raise Conflict("not-held", _("This mail is not in quarantine any more."))

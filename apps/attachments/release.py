"""A person answers for a locked file: the one way from withheld to clean (SPEC 1.5 e)."""

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.attachments.decide import ENCRYPTED
from apps.attachments.models import Attachment, Verdict, VerdictChange
from apps.attachments.signals import attachments_screened
from apps.core.announce import announce
from apps.core.errors import Conflict, Guarded
from apps.core.models import User


def may_be_released(attachment: Attachment) -> bool:
    """Locked with a password, while the scanner read its outer bytes and found nothing."""
    return (
        attachment.verdict == Verdict.WITHHELD
        and attachment.reason == ENCRYPTED
        and bool(attachment.engine)
    )


def release(attachment: Attachment, *, by: User) -> Attachment:
    """The caller has checked that BY may; infected, refused and unscanned files never pass."""
    with transaction.atomic():
        row = Attachment.objects.select_for_update().get(pk=attachment.pk)
        _releasable_or_refuse(row)
        before, before_reason, since = row.verdict, row.reason, row.decided_at
        row.verdict, row.reason = Verdict.CLEAN, f"released:{by.username}"[:200]
        row.decided_at = Now()
        row.save(update_fields=["verdict", "reason", "decided_at"])
        VerdictChange.objects.create(
            attachment=row,
            before=before,
            before_reason=before_reason,
            after=row.verdict,
            reason=row.reason,
            engine=row.engine,
            signature_version=row.signature_version,
            since=since,
            by=by,
        )
        announce(attachments_screened, attachment_ids=[row.pk])
    row.refresh_from_db()
    return row


def _releasable_or_refuse(row: Attachment) -> None:
    if may_be_released(row):
        return
    if row.verdict == Verdict.CLEAN:
        raise Conflict("already-clean", _("This file is clean already."))
    if row.verdict == Verdict.WAITING:
        raise Conflict("file-waiting", _("The file has not been scanned yet; try again later."))
    raise Guarded("not-releasable", _why_never(row))


def _why_never(row: Attachment) -> str:
    if row.verdict == Verdict.INFECTED:
        return _("A virus was found in this file: it is never released.")
    if row.verdict == Verdict.REFUSED:
        return _("Files of this type are refused and never released.")
    return _("The scanner could not read this file, so it is never released.")

"""The story of a file that an agent adds while writing: stored and scanned before anybody sends.

`put` stores it for a draft (draft_files.py says for which), `send_along` hands it to the mail;
what no draft has any more is forgotten after a day.
"""

import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.attachments import screen
from apps.attachments.models import Attachment, Verdict
from apps.core import blobs
from apps.core.announce import announce
from apps.core.errors import Conflict
from apps.core.models import User
from apps.tickets import writers
from apps.tickets.letters import Upload
from apps.tickets.models import Draft, Message, MessageFile, Session, StagedFile
from apps.tickets.signals import files_waiting

KEPT = timedelta(days=1)
MOST_AT_ONCE = 200  # of one person in all forms: nobody fills the disk by choosing files
FORGOTTEN_AT_ONCE = 500
STOPPED = (Verdict.REFUSED, Verdict.INFECTED, Verdict.WITHHELD)


def may_write_or_refuse(session: Session, by: User) -> None:
    writers.channel_is_on_or_refuse()
    writers.own_or_refuse(session, by)
    writers.not_closed_or_refuse(session)


# ---- Send -------------------------------------------------------------------------------------


def stopped_or_pass(rows: Iterable[StagedFile]) -> None:
    for one in rows:
        if one.attachment.verdict in STOPPED:
            told = {
                "name": one.attachment.name,
                "verdict": one.attachment.get_verdict_display(),
            }
            sentence = _("files: “%(name)s” is %(verdict)s. Remove it, then send again.")
            raise Conflict("file-stopped", sentence % told)


def send_along(message: Message, rows: list[StagedFile]) -> None:
    """Inside the transaction that stores MESSAGE; of two that send the same files, one is late."""
    if not rows:
        return
    gone, _by_model = StagedFile.objects.filter(pk__in=[row.pk for row in rows]).delete()
    if gone < len(rows):
        raise Conflict("file-gone", _("files: One of the files was sent or removed meanwhile."))
    MessageFile.objects.bulk_create(
        MessageFile(
            message=message,
            attachment_id=row.attachment_id,
            position=number,
            inline=row.inline,
            content_id=row.content_id,
        )
        for number, row in enumerate(rows)
    )


# ---- rows and bytes ---------------------------------------------------------------------------


def forget_old() -> int:
    """Files of forms that were never sent, but for drafts, which wait; answers how many."""
    drafts = Draft.objects.filter(key=OuterRef("form"))
    old = StagedFile.objects.filter(~Exists(drafts), created_at__lt=Now() - KEPT).order_by("pk")
    return forget(list(old.values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE]))


def room_or_refuse(by: User, more: int = 1) -> None:
    if StagedFile.objects.filter(user=by).count() + more > MOST_AT_ONCE:
        raise Conflict(
            "too-many-staged",
            _("files: You have %(limit)s files in answers that are not sent. Send or remove some.")
            % {"limit": MOST_AT_ONCE},
        )


def put(
    session: Session | None, upload: Upload, written: list[blobs.Written], *, form: str, by: User
) -> StagedFile:
    [blob] = blobs.record(written)
    attachment = screen.plan(blob=blob, names=(upload.name,), declared_type=upload.content_type)
    attachment.save()
    announce(files_waiting, attachment_ids=[attachment.pk])
    return StagedFile.objects.create(
        user=by,
        session=session,
        form=form,
        attachment=attachment,
        inline=upload.inline,
        content_id=upload.content_id or (_new_content_id() if upload.inline else ""),
    )


def _new_content_id() -> str:
    return f"{secrets.token_hex(10)}@picture"


def forget(pks: Iterable[int]) -> int:
    """One row or too late: what Send has taken meanwhile stays."""
    forgotten = 0
    for pk in pks:
        with transaction.atomic():
            row = StagedFile.objects.filter(pk=pk).values("attachment", "attachment__blob").first()
            if row is None or not StagedFile.objects.filter(pk=pk).delete()[0]:
                continue
            Attachment.objects.filter(pk=row["attachment"]).delete()
            blobs.discard(row["attachment__blob"])
            forgotten += 1
    return forgotten

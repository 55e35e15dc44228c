"""The story of a file that an agent adds while writing: stored and scanned before anybody sends.

`stage` puts it into a form, `unstage` takes it out again, `send_along` hands it to the mail;
whatever is never sent is forgotten after a day.
"""

import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.attachments import screen
from apps.attachments.models import Attachment, Verdict
from apps.attachments.names import display_name
from apps.core import blobs
from apps.core.announce import announce
from apps.core.errors import Conflict, Guarded, Invalid, Missing
from apps.core.models import User
from apps.tickets import writers
from apps.tickets.letters import Letter, Upload, newest_inbound, write_files
from apps.tickets.limits import Limits, check, limits_for
from apps.tickets.models import Message, MessageFile, Session, StagedFile
from apps.tickets.signals import files_waiting

KEPT = timedelta(days=1)
MOST_AT_ONCE = 200  # of one person in all forms: nobody fills the disk by choosing files
FORGOTTEN_AT_ONCE = 500
STOPPED = (Verdict.REFUSED, Verdict.INFECTED, Verdict.WITHHELD)


def stage(session: Session, upload: Upload, *, form: str, by: User) -> StagedFile:
    """The same file twice in one form is one file: a browser that lost our answer asks again.

    Raises what `outbound.reply` raises about who may write, Invalid for a limit or an empty file,
    Unavailable when the disk is full.
    """
    may_write_or_refuse(session, by)
    if not upload.content:
        told = {"name": display_name([upload.name])}
        raise Invalid("empty-file", _("files: “%(name)s” is empty (0 bytes).") % told)
    if there := _already_there(session, upload, form=form, by=by):
        return there
    written = write_files([upload])
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=by.pk)  # one after the other
        if there := _already_there(session, upload, form=form, by=by):
            return there
        return _put(session, upload, written, form=form, by=by)


def unstage(session: Session, pk: int, *, by: User) -> str:
    """Removed by its author: the bytes go, too. Answers the key of its form.

    Raises Missing for one that was sent or removed meanwhile, or is somebody else's.
    """
    mine = StagedFile.objects.filter(pk=pk, session=session, user=by).first()
    if mine is None or not _forget([pk]):
        raise Missing("not-found", _("This file is not here any more: it was sent or removed."))
    return mine.form


def staged_in(session: Session, form: str, *, by: User) -> list[StagedFile]:
    """In the order in which they came."""
    return list(_of_form(session, form, by)) if form else []


def limits_of(session: Session, answered: Message | None) -> Limits:
    """Those of an answer to ANSWERED; of the settings alone where no mailbox could send it."""
    try:
        return limits_for(writers.mailbox_of(session, answered))
    except Guarded:
        return limits_for(None)


def may_write_or_refuse(session: Session, by: User) -> None:
    writers.channel_is_on_or_refuse()
    writers.own_or_refuse(session, by)
    writers.not_closed_or_refuse(session)


# ---- Send -------------------------------------------------------------------------------------


def chosen(session: Session, letter: Letter, *, by: User) -> list[StagedFile]:
    """The staged files that the letter names, in its order. Those that still wait may go along:
    the mail waits for them.

    Raises Conflict for one that is gone, or not of this form and author, and for one that was
    stopped: the agent takes it out and sends again.
    """
    wanted = list(dict.fromkeys(letter.staged))
    if not wanted:
        return []
    found = {one.pk: one for one in _of_form(session, letter.form, by)}
    if not found.keys() >= set(wanted):
        raise Conflict(
            "file-gone",
            _("files: One of the files is not here any more. Look at the list and send again."),
        )
    rows = [found[pk] for pk in wanted]
    _stopped_or_pass(rows)
    return rows


def _stopped_or_pass(rows: Iterable[StagedFile]) -> None:
    for one in rows:
        if one.attachment.verdict in STOPPED:
            told = {
                "name": one.attachment.name,
                "verdict": one.attachment.get_verdict_display(),
            }
            sentence = _("files: “%(name)s” is %(verdict)s. Remove it, then send again.")
            raise Conflict("file-stopped", sentence % told)


def send_along(message: Message, rows: list[StagedFile]) -> None:
    """Inside the transaction that stores MESSAGE; of two forms that send the same, one is late."""
    if not rows:
        return
    first = message.files.count()
    gone, _by_model = StagedFile.objects.filter(pk__in=[row.pk for row in rows]).delete()
    if gone < len(rows):
        raise Conflict("file-gone", _("files: One of the files was sent or removed meanwhile."))
    MessageFile.objects.bulk_create(
        MessageFile(
            message=message,
            attachment_id=row.attachment_id,
            position=first + number,
            inline=row.inline,
            content_id=row.content_id,
        )
        for number, row in enumerate(rows)
    )


def clear(session: Session, letter: Letter, *, by: User) -> None:
    """The form was sent; what it did not name was cancelled while it came."""
    if letter.form:
        _forget(list(_of_form(session, letter.form, by).values_list("pk", flat=True)))


# ---- rows and bytes ---------------------------------------------------------------------------


def forget_old() -> int:
    """Files of forms that were never sent; answers how many."""
    old = StagedFile.objects.filter(created_at__lt=Now() - KEPT).order_by("pk")
    return _forget(list(old.values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE]))


def _of_form(session: Session, form: str, by: User) -> QuerySet[StagedFile]:
    mine = StagedFile.objects.filter(session=session, form=form, user=by)
    return mine.select_related("attachment").order_by("pk")


def _already_there(session: Session, upload: Upload, *, form: str, by: User) -> StagedFile | None:
    """The row of these very bytes; Conflict or Invalid where one more file is one too many."""
    rows = list(_of_form(session, form, by))
    same = (upload.sha256, display_name([upload.name]), upload.inline)
    for one in rows:
        if (one.attachment.sha256, one.attachment.name, one.inline) == same:
            return one
    if StagedFile.objects.filter(user=by).count() >= MOST_AT_ONCE:
        raise Conflict(
            "too-many-staged",
            _("files: You have %(limit)s files in answers that are not sent. Send or remove some.")
            % {"limit": MOST_AT_ONCE},
        )
    check([*rows, upload], limits_of(session, newest_inbound(session)))
    return None


def _put(
    session: Session, upload: Upload, written: list[blobs.Written], *, form: str, by: User
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


def _forget(pks: Iterable[int]) -> int:
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

"""The files of a draft: uploaded one by one as in `staging.py`, or taken along from a mail.

A mail that is passed on lends its bytes: a second row for the same blob, with the verdict that the
file has. What is not clean stays behind and is named.
"""

from collections.abc import Iterable
from html import escape

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.attachments.models import Attachment, Verdict
from apps.attachments.names import display_name
from apps.core.errors import Conflict, Invalid, Missing
from apps.core.models import User
from apps.tickets import staging, writers
from apps.tickets.letters import Upload, write_files
from apps.tickets.limits import Limits, check, limits_for
from apps.tickets.models import Draft, Message, MessageFile, StagedFile

_KEPT = (  # of the row that the bytes belong to: what was found out about them
    "name names declared_type detected_type size sha256 blob_id verdict reason engine"
    " signature_version decided_at"
).split()


def files_of(draft: Draft) -> QuerySet[StagedFile]:
    """In the order in which they came."""
    return StagedFile.objects.filter(form=draft.key).select_related("attachment").order_by("pk")


def content_ids(draft: Draft) -> set[str]:
    """Of the pictures that may stand in its text."""
    inline = StagedFile.objects.filter(form=draft.key, inline=True)
    return set(inline.values_list("content_id", flat=True))


def limits_of(draft: Draft) -> Limits:
    """Those of the address that it leaves from; of the settings alone where there is none."""
    return limits_for(draft.mailbox)


def add(draft: Draft, upload: Upload, *, by: User) -> StagedFile:
    """The same file twice is one file: a browser that lost our answer asks again.

    Raises what writing raises, Invalid for a limit or an empty file, Unavailable: the disk is full.
    """
    writable_or_refuse(draft, by)
    if not upload.content:
        told = {"name": display_name([upload.name])}
        raise Invalid("empty-file", _("files: “%(name)s” is empty (0 bytes).") % told)
    if there := _already_there(draft, upload, by):
        return there
    written = write_files([upload])
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=by.pk)  # one after the other
        if there := _already_there(draft, upload, by):
            return there
        if not Draft.objects.unsent().filter(pk=draft.pk, author=by).exists():
            raise Conflict("sent", _("This mail was sent already."))
        return staging.put(draft.session, upload, written, form=draft.key, by=by)


def remove(draft: Draft, pk: int) -> None:
    """Raises Missing for one that was sent or removed meanwhile."""
    there = StagedFile.objects.filter(pk=pk, form=draft.key).exists()
    if not there or not staging.forget([pk]):
        raise Missing("not-found", _("This file is not here any more: it was sent or removed."))


def take_along(draft: Draft, message: Message) -> list[str]:
    """Inside a transaction: the clean files of MESSAGE; answers the names of the others."""
    files = list(message.files.select_related("attachment").order_by("position"))
    clean = [one for one in files if one.attachment.verdict == Verdict.CLEAN]
    staging.room_or_refuse(draft.author, len(clean))
    copies = Attachment.objects.bulk_create(_copy(one.attachment) for one in clean)
    StagedFile.objects.bulk_create(
        StagedFile(
            user=draft.author,
            session=draft.session,
            form=draft.key,
            attachment=copy,
            inline=one.inline,
            content_id=one.content_id,
        )
        for one, copy in zip(clean, copies, strict=True)
    )
    return [one.attachment.name for one in files if one not in clean]


def stage_again(draft: Draft, message: Message) -> None:
    """Inside a transaction: MESSAGE is called back, and its files are the draft's once more."""
    files = list(MessageFile.objects.filter(message=message).order_by("position"))
    MessageFile.objects.filter(message=message).delete()
    StagedFile.objects.bulk_create(
        StagedFile(
            user=draft.author,
            session=draft.session,
            form=draft.key,
            attachment_id=one.attachment_id,
            inline=one.inline,
            content_id=one.content_id,
        )
        for one in files
    )


def standing_in(draft: Draft, html: str) -> list[StagedFile]:
    """The files to send: a picture that was deleted from the text stays behind."""
    files = files_of(draft)
    return [one for one in files if not one.inline or escape(f"cid:{one.content_id}") in html]


def _copy(attachment: Attachment) -> Attachment:
    return Attachment(**{name: getattr(attachment, name) for name in _KEPT})


def writable_or_refuse(draft: Draft, by: User) -> None:
    """Files take room: they are for a mail that may be sent as things stand."""
    if draft.sent_as_id:
        raise Conflict("sent", _("This mail was sent already."))
    if draft.session is None:
        writers.channel_is_on_or_refuse()
    else:
        staging.may_write_or_refuse(draft.session, by)


def _already_there(draft: Draft, upload: Upload, by: User) -> StagedFile | None:
    """The row of these very bytes; Conflict or Invalid where one more file is one too many."""
    rows = list(files_of(draft))
    same = (upload.sha256, display_name([upload.name]), upload.inline)
    for one in rows:
        if (one.attachment.sha256, one.attachment.name, one.inline) == same:
            return one
    staging.room_or_refuse(by)
    check(_with(rows, upload), limits_of(draft))
    return None


def _with(rows: Iterable[StagedFile], upload: Upload) -> list[StagedFile | Upload]:
    return [*rows, upload]

"""The source of a mail for those who may see it: whole when all its files are clean, else without
those that are not; each reading is remembered (SPEC 1.5 f)."""

from django.utils.translation import gettext as _

from apps.attachments.models import Attachment, Verdict
from apps.channels.redact import ENCODED_TEXT, NOT_SCANNED, NotProved, Source, Stopped, source_of
from apps.core import blobs
from apps.core.errors import Conflict, Guarded, Missing
from apps.core.models import User
from apps.tickets.models import Message, SessionEvent


def has_source(message: Message) -> bool:
    return message.inbound is not None and message.inbound.raw_id is not None


def is_waiting(message: Message) -> bool:
    """Then nobody can say yet what of it may leave."""
    return any(file.attachment.verdict == Verdict.WAITING for file in message.files.all())


def read_source(message: Message, *, by: User) -> Source:
    """The caller has checked that BY may."""
    if message.inbound is None or message.inbound.raw is None:
        raise Missing("no-source", _("There is no source of this mail."))
    files = list(Attachment.objects.filter(carrier__message=message).select_related("blob"))
    if any(file.verdict == Verdict.WAITING for file in files):
        raise Conflict("file-waiting", _("A file of this mail has not been scanned yet."))
    source = _source(blobs.read(message.inbound.raw), files)
    _remember(message, source, by=by)
    return source


def _source(raw: bytes, files: list[Attachment]) -> Source:
    stopped = [file for file in files if file.verdict != Verdict.CLEAN]
    try:
        return source_of(
            raw,
            clean={file.sha256 for file in files if file.verdict == Verdict.CLEAN},
            stopped={file.sha256: Stopped(file.name, file.size, file.reason) for file in stopped},
            contents=[blobs.read(file.blob) for file in stopped],
            say=_say,
        )
    except NotProved:
        sentence = _("The source is held back: a file that was stopped cannot be cut out of it.")
        raise Guarded("not-separable", sentence) from None


def _say(stopped: Stopped) -> str:
    words = {
        NOT_SCANNED: _("it was never scanned"),
        ENCODED_TEXT: _("its text contains an encoded file"),
    }
    told = _("Left out here: %(name)s, %(size)d bytes. Reason: %(reason)s.") % {
        "name": stopped.name,
        "size": stopped.size,
        "reason": words.get(stopped.reason, stopped.reason),
    }
    return told + "\n"


def _remember(message: Message, source: Source, *, by: User) -> None:
    facts = {
        "message": message.pk,
        "as_it_came": source.as_it_came,
        "left_out": [
            {"name": one.name, "size": one.size, "reason": one.reason} for one in source.left_out
        ],
    }
    why = _("%(by)s read the source of a mail.") % {"by": by.display_name}
    SessionEvent.objects.create(
        session_id=message.session_id,
        kind=SessionEvent.Kind.RAW_READ,
        by=by,
        why=why,
        facts=facts,
    )

"""What a browser shows of a file: a picture that we have drawn, never the sender's bytes.

Made when first asked for, outside any transaction, and kept; so is the reason why a file cannot
be drawn. Rights and verdict are asked each time, so a file that turns out infected is gone at once.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils import timezone
from django.utils.http import parse_etags
from django.utils.translation import gettext as _

from apps.attachments.download import must_be_clean, sealed
from apps.attachments.models import Attachment, Preview, Verdict
from apps.core import blobs, pictures
from apps.core.errors import Guarded, Invalid, Unavailable
from apps.core.file_names import disposition
from apps.core.models import Blob
from apps.core.pictures import NotDrawn, Picture

log = logging.getLogger(__name__)

THUMBNAIL, WHOLE = 320, 1600
SIZES = (THUMBNAIL, WHOLE)
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/tiff"})
PAGED = frozenset({"application/pdf", "image/tiff"})
DRAWN = PICTURES | PAGED
MOST_PAGES = 100_000

# For an <img> of a page: our sign, rather than the browser's, that there is nothing to see.
NO_PREVIEW = (settings.BASE_DIR / "static" / "no-preview.png").read_bytes()

# The machine may just have been busy.
PASSING = frozenset({"too-slow", "too-heavy"})
PASSES_AFTER = timedelta(hours=1)


def can_be_drawn(attachment: Attachment) -> bool:
    return attachment.verdict == Verdict.CLEAN and attachment.detected_type in DRAWN


def preview_response(
    attachment: Attachment, request: HttpRequest, *, page: int = 1, longest: int = WHOLE
) -> HttpResponse:
    """The caller has checked that the file is the reader's to see."""
    must_be_clean(attachment)
    tag = f'"{attachment.sha256[:32]}-{page}-{longest}"'
    if tag in parse_etags(request.headers.get("If-None-Match", "")):
        return sealed(_kept_privately(HttpResponseNotModified(), tag))
    try:
        preview = preview_of(attachment, page=page, longest=longest)
    except Guarded:
        if longest == THUMBNAIL and request.headers.get("Accept", "").startswith("image/"):
            return sealed(HttpResponse(NO_PREVIEW, content_type="image/png", status=422))
        raise
    must_be_clean(attachment)  # drawing takes its time
    assert preview.blob is not None
    response = HttpResponse(blobs.read(preview.blob), content_type=preview.content_type)
    extension = preview.content_type.partition("/")[2]
    response["Content-Disposition"] = disposition(f"preview.{extension}", saved=False)
    return sealed(_kept_privately(response, tag))


def preview_of(attachment: Attachment, *, page: int, longest: int) -> Preview:
    """The row with a picture; 422 `no-preview` with the reason when there can be none."""
    if longest not in SIZES:
        sentence = _("Ask for a size of %(sizes)s pixels.")
        raise Invalid("invalid", sentence % {"sizes": ", ".join(map(str, SIZES))})
    if attachment.detected_type not in DRAWN:
        raise Guarded("no-preview", _("There is no preview of files of this type."))
    is_paged = attachment.detected_type in PAGED
    if page < 1 or page > (MOST_PAGES if is_paged else 1):
        raise Guarded("no-preview", reason_in_words("no-such-page"))
    kept = _kept(attachment, page, longest) or _make(attachment, page, longest)
    if kept.blob is None:
        raise Guarded("no-preview", reason_in_words(kept.code))
    return kept


def reason_in_words(code: str) -> str:
    return {
        "not-a-picture": _("The file is none of the pictures that can be shown here."),
        "broken": _("The file is damaged and cannot be shown here. You can still download it."),
        "too-large": _("The picture is too large to be shown here. You can still download it."),
        "too-heavy": _("Showing this file takes too much memory. You can still download it."),
        "too-slow": _("Showing this file takes too long. You can still download it."),
        "encrypted": _("The document is locked with a password. You can still download it."),
        "no-such-page": _("The file has no such page."),
    }.get(code, _("The file cannot be shown here. You can still download it."))


def _kept(attachment: Attachment, page: int, longest: int) -> Preview | None:
    rows = Preview.objects.filter(sha256=attachment.sha256, page=page, longest=longest)
    kept = rows.select_related("blob").first()
    if kept and kept.code in PASSING and kept.created_at < timezone.now() - PASSES_AFTER:
        kept.delete()
        return None
    return kept


def _make(attachment: Attachment, page: int, longest: int) -> Preview:
    """Two who make the same at once: the later one's bytes are wasted room and nothing else.

    A disk without room is not the file's fault: nothing is remembered, the next one tries again.
    """
    row = Preview(sha256=attachment.sha256, page=page, longest=longest)
    try:
        drawn = _draw(attachment, page, longest)
    except NotDrawn as reason:
        if reason.code == "busy":
            raise Unavailable("busy", _("Too many pictures at once; try again soon.")) from reason
        row.code = reason.code
    else:
        row.blob = _stored(drawn)
        row.content_type, row.pages = drawn.content_type, drawn.pages
        row.width, row.height = drawn.width, drawn.height
    Preview.objects.bulk_create([row], ignore_conflicts=True)
    return row


def _stored(drawn: Picture) -> Blob:
    try:
        return blobs.store(drawn.content)
    except OSError as error:
        log.error("a preview cannot be written", extra={"errno": error.errno})
        sentence = _("There is no room for previews on the server now. Try again later.")
        raise Unavailable("disk-full", sentence) from error


def _draw(attachment: Attachment, page: int, longest: int) -> Picture:
    if attachment.size > pictures.MOST_BYTES:
        raise NotDrawn("too-large")
    content = blobs.read(attachment.blob)
    if attachment.detected_type in PAGED:
        return pictures.page(content, page, longest=longest)
    return pictures.redraw(content, longest=longest)


def _kept_privately(response: HttpResponse, tag: str) -> HttpResponse:
    """The browser may keep it and must ask each time whether it is still good."""
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    return response

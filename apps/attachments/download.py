"""The only door through which bytes of a file leave: clean ones, saved rather than opened."""

import re

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from apps.attachments.models import Attachment, Verdict
from apps.core import blobs
from apps.core.errors import Conflict, Forbidden

# Pictures without script, which a browser may show in its place in a mail.
SHOWN_INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def content_response(
    attachment: Attachment, request: HttpRequest | None = None, *, inline: bool = False
) -> HttpResponse:
    """The caller has checked that the file is the reader's to see.

    A waiting file is a 409: it may come through later. Every other verdict is a 403: it will not.
    """
    _must_be_clean(attachment)
    content = blobs.read(attachment.blob)
    shown = inline and attachment.detected_type in SHOWN_INLINE
    response = _ranged(content, request.headers.get("Range", "") if request else "")
    response["Content-Type"] = attachment.detected_type if shown else "application/octet-stream"
    response["Content-Disposition"] = (
        content_disposition_header(not shown, attachment.name) or "inline"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


def _must_be_clean(attachment: Attachment) -> None:
    """Asks the row, not the object in hand, which may be older than the verdict."""
    verdict = Attachment.objects.filter(pk=attachment.pk).values_list("verdict", flat=True).first()
    if verdict == Verdict.CLEAN:
        return
    if verdict == Verdict.WAITING:
        raise Conflict("file-waiting", _("The file has not been scanned yet; try again later."))
    raise Forbidden("file-not-clean", _("The file was stopped by a check and is never handed out."))


def _ranged(content: bytes, wanted: str) -> HttpResponse:
    """One range as asked for; anything more involved gets the whole, as RFC 9110 allows."""
    size = len(content)
    match = _ONE_RANGE.fullmatch(wanted.replace(" ", ""))
    if match is None or not _makes_sense(match[1], match[2]):
        response = HttpResponse(content)
    elif (span := _span(match[1], match[2], size)) is None:
        response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    else:
        response = HttpResponse(content[span.start : span.stop], status=206)
        response["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{size}"
    response["Accept-Ranges"] = "bytes"
    response["Content-Length"] = str(len(response.content))
    return response


def _makes_sense(first: str, last: str) -> bool:
    return bool(first or last) and not (first and last and int(last) < int(first))


def _span(first: str, last: str, size: int) -> range | None:
    """`0-9`, `5-` and `-3` (the last three)."""
    if first:
        span = range(int(first), min(int(last), size - 1) + 1 if last else size)
    else:
        span = range(max(0, size - int(last)), size)
    return span if span else None

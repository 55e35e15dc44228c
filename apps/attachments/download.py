"""The only door through which bytes of a file leave: clean ones, saved rather than opened."""

import re
from typing import TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from apps.attachments.models import Attachment, Verdict
from apps.core import blobs
from apps.core.errors import Conflict, Forbidden
from apps.core.file_names import disposition
from apps.core.models import Blob
from apps.core.streams import StreamedResponse

AT_ONCE = 2**20  # larger ones leave piece by piece
_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
Response = TypeVar("Response", bound=HttpResponseBase)


def content_response(
    attachment: Attachment, request: HttpRequest | None = None
) -> HttpResponseBase:
    """The caller has checked that the file is the reader's to see.

    A waiting file is a 409: it may come through later. Every other verdict is a 403: it will not.
    """
    must_be_clean(attachment)
    tag = f'"{attachment.sha256}"'  # bytes never change below a row
    response = _ranged(attachment.blob, request, tag)
    response["ETag"] = tag
    response["Content-Type"] = "application/octet-stream"
    response["Content-Disposition"] = disposition(attachment.name)
    response["Cache-Control"] = "private, no-store"
    return sealed(response)


def sealed(response: Response) -> Response:
    """Nothing guessed, nothing run, nobody else's page around it."""
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Referrer-Policy"] = "no-referrer"
    return response


def must_be_clean(attachment: Attachment) -> None:
    """Asks the row, not the object in hand, which may be older than the verdict."""
    verdict = Attachment.objects.filter(pk=attachment.pk).values_list("verdict", flat=True).first()
    if verdict == Verdict.CLEAN:
        return
    if verdict == Verdict.WAITING:
        raise Conflict("file-waiting", _("The file has not been scanned yet; try again later."))
    raise Forbidden("file-not-clean", _("The file was stopped by a check and is never handed out."))


def _ranged(blob: Blob, request: HttpRequest | None, tag: str) -> HttpResponseBase:
    """One range as asked for; anything more involved gets the whole, as RFC 9110 allows."""
    wanted = _wanted_range(request, tag) if request else ""
    only_head = request is not None and request.method == "HEAD"
    match = _ONE_RANGE.fullmatch(wanted.replace(" ", ""))
    if match is None or not _makes_sense(match[1], match[2]):
        response = _bytes(blob, range(blob.size), 200, only_head)
    elif (span := _span(match[1], match[2], blob.size)) is None:
        response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{blob.size}"})
        response["Content-Length"] = "0"
    else:
        response = _bytes(blob, span, 206, only_head)
        response["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{blob.size}"
    response["Accept-Ranges"] = "bytes"
    return response


def _wanted_range(request: HttpRequest, tag: str) -> str:
    """Of the rest of another file (If-Range), or of no GET, nobody asks for a part."""
    if request.method != "GET" or request.headers.get("If-Range", tag) != tag:
        return ""
    return request.headers.get("Range", "")


def _bytes(blob: Blob, span: range, status: int, only_head: bool) -> HttpResponseBase:
    response: HttpResponseBase
    if only_head:
        response = HttpResponse(status=status)
    elif blob.size <= AT_ONCE:
        response = HttpResponse(blobs.read(blob)[span.start : span.stop], status=status)
    else:
        response = StreamedResponse(blobs.pieces(blob, span), status=status)
    response["Content-Length"] = str(len(span))
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

"""Bytes of a file to a browser: only when clean, and so that no browser runs them."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from apps.attachments.models import Attachment, Verdict
from apps.core import blobs
from apps.core.errors import Conflict

SHOWN_INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


def content_response(attachment: Attachment, *, inline: bool = False) -> HttpResponse:
    """As a download, or inline for raster images only. Conflict `not-clean` for any other verdict:
    the file is there and the caller may see it, but its state forbids it now."""
    if attachment.verdict != Verdict.CLEAN:
        raise Conflict("not-clean", _("This file cannot be downloaded: it is not clean."))
    shown = inline and attachment.detected_type in SHOWN_INLINE
    kind = attachment.detected_type if shown else "application/octet-stream"
    response = HttpResponse(blobs.read(attachment.blob), content_type=kind)
    response["Content-Disposition"] = content_disposition_header(not shown, attachment.name) or ""
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, max-age=3600"
    return response

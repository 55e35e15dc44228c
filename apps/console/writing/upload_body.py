"""A file as a browser sends it: its bytes are the body, its name and size stand in the address.

So a file that is too large is refused before anybody reads it, and the browser's progress is that
of the file.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.console.frame import Visit
from apps.core.errors import Invalid, TooLarge, Unavailable
from apps.tickets.letters import Upload
from apps.tickets.limits import Limits, check

LONGEST_NAME = 4000


@dataclass(frozen=True, slots=True)
class _Declared:
    """A file before it has come."""

    size: int
    inline: bool = False


def not_too_large_or_refuse(request: Visit, limits: Limits) -> None:
    """By what the browser says beforehand; the body is not looked at."""
    length = request.headers.get("Content-Length", "")
    size = max(_number(length), _number(request.GET.get("size", "")))
    try:
        check([_Declared(size, inline=_inline(request))], limits)
    except Invalid as limit:
        raise TooLarge(limit.code, limit.sentence) from None


def upload_in(request: Visit, *, most: int) -> Upload:
    """The file as it came, if it came whole; of what is larger than was said, no more than MOST."""
    try:
        content = request.read(most + 1)
    except OSError:
        raise Unavailable("broken", _("files: The connection broke. Try again.")) from None
    if "size" in request.GET and len(content) != _number(request.GET["size"]):
        raise Invalid(
            "changed", _("files: It did not come whole, or it changed meanwhile. Choose it again.")
        )
    return Upload(
        name=request.GET.get("name", "")[:LONGEST_NAME] or "file",
        content_type=request.GET.get("type", "")[:255] or "application/octet-stream",
        content=content,
        inline=_inline(request),
    )


def _inline(request: Visit) -> bool:
    return request.GET.get("inline") == "1"


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else 0

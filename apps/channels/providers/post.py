"""What a provider posted, as bytes: JSON, or a form whose fields nobody has decoded yet.

Django reads a form's fields as text and passes over files without a name; a mail is bytes, and
nothing of it may be lost.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _

from apps.core.errors import Invalid

MOST_FIELDS = 1000
MOST_HEAD = 8 * 1024  # bytes of one field's own headers


@dataclass(frozen=True, slots=True)
class Field:
    content: bytes
    filename: str | None = None
    content_type: str = ""

    def text(self, charset: str = "utf-8") -> str:
        """Never fails: what the charset does not know is replaced."""
        try:
            return self.content.decode(charset, "replace")
        except LookupError:
            return self.content.decode("utf-8", "replace")


Form = dict[str, Field]


@dataclass(frozen=True, slots=True)
class Post:
    """A request after its password was right; `meta` is as in WSGI."""

    content_type: str
    body: bytes
    meta: dict[str, Any]

    def json(self) -> dict[str, Any]:
        if _kind(self.content_type)[0] not in ("application/json", "text/plain"):
            raise _wrong_kind("application/json")
        return json_object(self.body)

    def form(self) -> Form:
        kind, parameters = _kind(self.content_type)
        if kind == "application/x-www-form-urlencoded":
            return _urlencoded(self.body)
        if kind == "multipart/form-data" and (boundary := parameters.get("boundary")):
            return dict(_multipart(self.body, boundary.encode("latin-1", "replace")))
        raise _wrong_kind("multipart/form-data")


def json_object(text: bytes | str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise Invalid("malformed", _("This is no JSON object; the provider has to post one."))
    return told


def _kind(header: str) -> tuple[str, dict[str, str]]:
    """Of Content-Type or Content-Disposition: the word, and what follows by name."""
    try:
        word, parameters = parse_header_parameters(header[:2000])
    except ValueError:
        raise _malformed() from None
    return word, {name.lower(): value for name, value in parameters.items()}


def _wrong_kind(wanted: str) -> Invalid:
    sentence = _(
        "The content type is not %(wanted)s: check that the address was pasted for the same"
        " provider and for incoming mail."
    )
    return Invalid("content-type", sentence % {"wanted": wanted})


def _malformed() -> Invalid:
    return Invalid("malformed", _("The form is malformed or cut off; send it again, whole."))


def _urlencoded(body: bytes) -> Form:
    """Latin-1 is one byte a letter: what the percent signs stand for comes out as it was."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            encoding="latin-1",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise _malformed() from None
    return {name: Field(value.encode("latin-1")) for name, value in pairs}


def _multipart(body: bytes, boundary: bytes) -> Iterator[tuple[str, Field]]:
    """RFC 7578: fields between lines of the boundary, each with a few headers of its own."""
    for number, (start, end) in enumerate(_between(body, b"--" + boundary)):
        head_end = body.find(b"\r\n\r\n", start - 2, start + MOST_HEAD)
        if head_end < 0 or head_end > end or number >= MOST_FIELDS:
            raise _malformed()
        name, filename, content_type = _head(body[start:head_end])
        yield name, Field(body[head_end + 4 : end], filename, content_type)


def _between(body: bytes, line: bytes) -> Iterator[tuple[int, int]]:
    """Raises Invalid where the last line is missing: then something may be cut off."""
    at = 0 if body.startswith(line) else body.find(b"\r\n" + line) + 2
    if at == 1:
        raise _malformed()
    while body[at + len(line) : at + len(line) + 2] != b"--":
        start = body.find(b"\r\n", at + len(line)) + 2
        end = body.find(b"\r\n" + line, start - 2)
        if start == 1 or end < 0:
            raise _malformed()
        yield start, end
        at = end + 2


def _head(head: bytes) -> tuple[str, str | None, str]:
    """Name, name of the file if it is one, content type."""
    lines = re.split(r"\r\n(?![ \t])", head.decode("utf-8", "replace"))
    pairs = (line.partition(":") for line in lines)
    told = {key.strip().lower(): value.strip() for key, _colon, value in pairs}
    _word, named = _kind(told.get("content-disposition", ""))
    if "name" not in named:
        raise _malformed()
    return named["name"], named.get("filename"), told.get("content-type", "")

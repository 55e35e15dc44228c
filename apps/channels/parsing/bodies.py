"""Which parts of a mail are its text and its HTML, as mail readers decide it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape

from apps.channels.parsed import ParsedFile
from apps.channels.parsing.names import ENDINGS
from apps.channels.parsing.packed_text import unpack
from apps.core.mime.charset_names import codec_of
from apps.core.mime.charsets import clean_text, decode
from apps.core.mime.enriched import words_of_enriched, words_of_richtext
from apps.core.mime.flowed import unflowed
from apps.core.mime.headers import loose_values
from apps.core.mime.structure import Part, content_of, file_names, read_structure
from apps.core.mime.transfer import text_from_base64

LONGEST_BODY = 5_000_000  # characters; a longer one is cut, and kept whole as a file
MOST_ROUNDS = 25  # into a mail that is too deep, for the sake of its text
HTML_HEAD = 4096

_META = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?([\w.:-]+)""", re.I
)
_WORD_CHARSET = re.compile(r"=\?([^?\s*]{1,60})")
_DELIMITERS = re.compile(rb"(?m)^--[^\n]*\n?")
_HEADERS = re.compile(rb"\n\r?\n")
_SHOWN = ("text/plain", "text/html")
_ROWS = ("multipart/mixed", "multipart/signed", "multipart/parallel")
_RESOURCES = ("multipart/related", "multipart/appledouble")
_SAME_AGAIN = frozenset(
    {"text/enriched", "text/richtext", "text/x-amp-html", "text/watch-html", "text/rtf"}
)


@dataclass(slots=True)
class Bodies:
    text: str | None = None
    html: str | None = None
    taken: set[int] = field(default_factory=set)  # ids of parts that are no files
    last_html: Part | None = None
    is_cut: bool = False
    packed: list[ParsedFile] = field(default_factory=list)  # that stood within the text


def read_bodies(raw: bytes, parts: list[Part], hint: str) -> Bodies:
    """The first text and the first HTML, and what a reader shows below them as one text.

    HINT as `likely_charset` gives it.
    """
    bodies = Bodies()
    leaves = [part for part in parts if not part.is_container]
    for part in leaves:
        if not _is_body(part, leaves):
            continue
        if part.content_type == "text/html":
            _take_html(raw, part, bodies, hint)
        else:
            _take_text(raw, part, bodies, hint)
    if bodies.text is None and bodies.html is None:
        _take_other_text(raw, leaves, bodies)
    else:
        bodies.taken.update(id(part) for part in leaves if _is_same_again(part))
    if bodies.text is None and bodies.html is None:
        bodies.text = _deep_text(raw, parts)
    return bodies


def likely_charset(raw: bytes, parts: list[Part]) -> str:
    """Of raw bytes that nobody explains: as another part of the mail says, or an encoded word."""
    if raw.isascii():
        return ""
    for part in parts:
        if part.headers.hint and codec_of(part.headers.hint) not in ("", "ascii", "utf-8"):
            return part.headers.hint
    headers = parts[0].headers
    for name in ("subject", "from", "to"):
        if found := _WORD_CHARSET.search(headers.first(name)):
            return found[1]
    return ""


# ---- which part -----------------------------------------------------------------------------


def _is_body(part: Part, leaves: list[Part]) -> bool:
    if not _is_shown(part):
        return False
    parent = part.parent.content_type if part.parent else ""
    if parent in _RESOURCES and not _is_root(part, leaves):
        return False
    if _is_alternative(part) or not file_names(part):
        return True
    others = (one for one in leaves if one is not part and _is_shown(one))
    return part is leaves[0] and all(map(file_names, others))


def _is_shown(part: Part) -> bool:
    is_text = part.content_type in _SHOWN and not part.unread
    return is_text and part.disposition != "attachment"


def _is_root(part: Part, leaves: list[Part]) -> bool:
    """Of a related: the one that `start` names, else the first (RFC 2387); or an unnamed text."""
    parent = part.parent
    if parent is None or parent.content_type != "multipart/related":
        return False
    beside = [one for one in leaves if one.parent is parent and _is_shown(one)]
    start = parent.parameter("start").strip("<> ")
    if named := [one for one in beside if start and _content_id(one) == start]:
        return part is named[0]
    if not _content_id(part) or part is not beside[0]:
        return not _content_id(part)
    return not any(one.parent is not parent and _is_within(one, parent) for one in leaves)


def _is_within(part: Part, container: Part) -> bool:
    return any(one is container for one in _around(part))


def _content_id(part: Part) -> str:
    return part.headers.first("content-id").strip("<> ")


def _is_alternative(part: Part) -> bool:
    return part.parent is not None and part.parent.content_type == "multipart/alternative"


def _is_same_again(part: Part) -> bool:
    """The text once more, for programs that show its like."""
    return _is_alternative(part) and part.content_type in _SAME_AGAIN and not file_names(part)


def _take_other_text(raw: bytes, leaves: list[Part], bodies: Bodies) -> None:
    """A mail that is one text of another kind, such as text/enriched, is better read than saved."""
    only = leaves[0]
    if len(leaves) > 1 or only.unread or only.disposition == "attachment" or file_names(only):
        return
    if only.content_type.startswith("text/") and only.content_type not in ENDINGS:
        bodies.text = _other_words(raw, only)[:LONGEST_BODY]
        bodies.taken.add(id(only))


def _other_words(raw: bytes, part: Part) -> str:
    text = body_text(raw, part)
    if part.content_type == "text/enriched":
        return words_of_enriched(text)
    return words_of_richtext(text) if part.content_type == "text/richtext" else text


# ---- one below the other --------------------------------------------------------------------


def _take_text(raw: bytes, part: Part, bodies: Bodies, hint: str) -> None:
    """Readers show texts that stand side by side one below the other, but not alternatives."""
    below_html = bodies.html is not None and _is_below(part, bodies.last_html)
    if bodies.text is not None and not below_html and not _is_below_text(part, bodies):
        return
    found = unpack(_content(raw, part))
    shown = _words(found.words, part, hint)
    bodies.packed += found.files
    if (
        below_html and shown.strip() and not _is_alternative(part)
    ):  # who reads the HTML reads this too
        bodies.html = _together(bodies.html or "", _as_html(shown))
    bodies.text = _together(bodies.text, _counted(shown, part, bodies))


def _as_html(text: str) -> str:
    return f'<div style="white-space: pre-wrap">{escape(text.strip(), quote=False)}</div>'


def stands_below(text: str, html: str) -> bool:
    """The text is but a footer below the HTML, which says it too."""
    return html.endswith(_as_html(text))


def _is_below_text(part: Part, bodies: Bodies) -> bool:
    return bodies.html is None and all(map(_is_row, _around(part)))


def _take_html(raw: bytes, part: Part, bodies: Bodies, hint: str) -> None:
    if bodies.html is not None and not _is_below(part, bodies.last_html):
        return
    shown = _counted(body_text(raw, part, hint), part, bodies)
    bodies.html = _together(bodies.html, shown)
    bodies.last_html = part


def _counted(shown: str, part: Part, bodies: Bodies) -> str:
    """A part that is too long to show whole is a file as well."""
    if len(shown) > LONGEST_BODY:
        bodies.is_cut = True
    else:
        bodies.taken.add(id(part))
    return shown[:LONGEST_BODY]


def _together(before: str | None, shown: str) -> str:
    if before is None or not before.strip():
        return shown
    return f"{before.rstrip()}\n\n{shown}"[:LONGEST_BODY]


def _is_below(part: Part, above: Part | None) -> bool:
    """In one row with it, as Apple's mailer and lists write; not an alternative to it."""
    around = {id(one) for one in _around(above)}
    common = next((one for one in _around(part) if id(one) in around), None)
    return common is not None and _is_row(common)


def _is_row(container: Part) -> bool:
    return container.content_type in _ROWS


def _around(part: Part | None) -> Iterator[Part]:
    """What contains it, from the inside."""
    while part is not None and part.parent is not None:
        part = part.parent
        yield part


# ---- its words ------------------------------------------------------------------------------


def body_text(raw: bytes, part: Part, hint: str = "") -> str:
    """The words of a part, decoded; HTML may say its charset itself."""
    return _words(_content(raw, part), part, hint)


def _content(raw: bytes, part: Part) -> bytes:
    encoding = part.headers.first("content-transfer-encoding").lower()
    if "base64" in encoding and not part.unread:
        return text_from_base64(raw[part.start : part.end])
    return content_of(raw, part)


def _words(content: bytes, part: Part, hint: str) -> str:
    charset = _charset_of(part)
    if part.content_type == "text/html" and (meta := _META.search(content[:HTML_HEAD])):
        hint = meta[1].decode("ascii", "replace")
        charset = charset or hint
    text = clean_text(decode(content, charset, hint))
    if part.content_type == "text/plain" and part.parameter("delsp").lower() == "yes":
        return unflowed(text, delsp=True, quotes=False)
    return text


def _charset_of(part: Part) -> str:
    if declared := part.parameter("charset"):
        return declared
    field = part.headers.first("content-type")
    if "charset" not in field.lower():
        return ""
    return next(filter(None, loose_values(field.replace(":", "="), "charset")), "")


# ---- too deep -------------------------------------------------------------------------------


def _deep_text(raw: bytes, parts: list[Part]) -> str | None:
    """Of a mail that nests deeper than it is read: the text may lie at the very bottom."""
    for _round in range(MOST_ROUNDS):
        deeper = next((part for part in parts if part.unread), None)
        if deeper is None:
            return None
        raw = content_of(raw, deeper)
        parts = read_structure(raw)
        for part in parts:
            if _is_shown(part) and not part.is_container and not file_names(part):
                return body_text(raw, part)[:LONGEST_BODY]
    return _last_words(raw)


def _last_words(raw: bytes) -> str:
    """Behind the last headers, without the delimiters that close what is around them."""
    tail = _DELIMITERS.sub(b"", raw[-LONGEST_BODY:])
    return clean_text(decode(_HEADERS.split(tail.rstrip())[-1]))

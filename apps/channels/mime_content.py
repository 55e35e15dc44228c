"""Which parts of a mail are its text, its HTML and its files, as mail readers decide it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import unquote

from apps.channels.lookalikes import without_turns
from apps.channels.parsed import ParsedFile
from apps.core.mime.charsets import clean_line, clean_text, decode
from apps.core.mime.headers import read_headers
from apps.core.mime.structure import Part, content_of, file_names, read_structure
from apps.core.mime.transfer import from_uuencode

LONGEST_BODY = 5_000_000  # characters; a longer one is cut, and kept whole as a file
LONGEST_NAME = 255
LONGEST_TYPE = 255
MOST_ROUNDS = 25  # into a mail that is too deep, for the sake of its text
MOST_BLOCKS = 20  # uuencoded files of one text

_META = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?([\w.:-]+)""", re.I
)
_CID = re.compile(r"""cid:([^"'\s<>)]+)""", re.I)
_UU = re.compile(r"(?m)^begin [0-7]{3,6} (.{1,250})\n(?=[!-`][ -`]{4,}$)")
_DELIMITERS = re.compile(rb"(?m)^--[^\n]*\n?")
_HEADERS = re.compile(rb"\n\r?\n")
_FORBIDDEN = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069/\\\\]")
_ENDINGS = {
    "application/ics": ".ics",
    "application/pdf": ".pdf",
    "application/pgp-encrypted": ".pgp",
    "application/pgp-signature": ".asc",
    "application/pkcs7-mime": ".p7m",
    "application/pkcs7-signature": ".p7s",
    "application/ms-tnef": ".tnef",
    "audio/mpeg": ".mp3",
    "image/gif": ".gif",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/tiff": ".tif",
    "image/webp": ".webp",
    "message/rfc822": ".eml",
    "message/global": ".eml",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/vcard": ".vcf",
    "video/mp4": ".mp4",
}


@dataclass(slots=True)
class Bodies:
    text: str | None = None
    html: str | None = None
    taken: set[int] = field(default_factory=set)  # ids of parts that are no files
    last_html: Part | None = None
    is_cut: bool = False


def read_bodies(raw: bytes, parts: list[Part]) -> Bodies:
    """The first text and the first HTML, and what a reader shows below them as one text."""
    bodies = Bodies()
    leaves = [part for part in parts if not part.is_container]
    for number, part in enumerate(leaves):
        if not _is_readable(part, first=number == 0):
            continue
        kind = "html" if part.content_type == "text/html" else "text"
        before: str | None = getattr(bodies, kind)
        if before is not None and not _continues(part, bodies):
            continue
        shown = _text_of(raw, part)
        if len(shown) > LONGEST_BODY:
            shown, bodies.is_cut = shown[:LONGEST_BODY], True
        else:
            bodies.taken.add(id(part))
        setattr(bodies, kind, shown if before is None else _together(before, shown))
        if kind == "html":
            bodies.last_html = part
    if bodies.text is None and bodies.html is None:
        _take_other_text(raw, leaves, bodies)
    if bodies.text is None and bodies.html is None:
        bodies.text = _deep_text(raw, parts)
    return bodies


def _deep_text(raw: bytes, parts: list[Part]) -> str | None:
    """Of a mail that nests deeper than it is read: the text may lie at the very bottom."""
    for _round in range(MOST_ROUNDS):
        deeper = next((part for part in parts if part.unread), None)
        if deeper is None:
            return None
        raw = content_of(raw, deeper)
        parts = read_structure(raw)
        for part in parts:
            if not part.is_container and _is_readable(part, first=False):
                return _text_of(raw, part)[:LONGEST_BODY]
    return _last_words(raw)


def _last_words(raw: bytes) -> str:
    """Behind the last headers, without the delimiters that close what is around them."""
    tail = _DELIMITERS.sub(b"", raw[-LONGEST_BODY:])
    return clean_text(decode(_HEADERS.split(tail.rstrip())[-1]))


def _together(before: str, shown: str) -> str:
    return f"{before.rstrip()}\n\n{shown}"[:LONGEST_BODY] if before.strip() else shown


def _take_other_text(raw: bytes, leaves: list[Part], bodies: Bodies) -> None:
    """A mail that is one text of another kind, such as text/enriched, is better read than saved."""
    only = leaves[0]
    if len(leaves) > 1 or only.unread or only.disposition == "attachment" or file_names(only):
        return
    if only.content_type.startswith("text/") and only.content_type not in _ENDINGS:
        bodies.text = _text_of(raw, only)[:LONGEST_BODY]
        bodies.taken.add(id(only))


def _is_readable(part: Part, *, first: bool) -> bool:
    if part.content_type not in ("text/plain", "text/html") or part.unread:
        return False
    if part.disposition == "attachment":
        return False
    return first or not file_names(part)


def _continues(part: Part, bodies: Bodies) -> bool:
    """Readers show texts that stand side by side one below the other, but not alternatives.

    A text below HTML would be lost on a reader of the HTML: it stays a file.
    """
    if part.content_type != "text/html":
        return not bodies.html and all(map(_is_row, _around(part)))
    above = {id(one) for one in _around(bodies.last_html)}
    common = next((one for one in _around(part) if id(one) in above), None)
    return common is not None and _is_row(common)


def _is_row(container: Part) -> bool:
    return container.content_type in ("multipart/mixed", "multipart/signed")


def _around(part: Part | None) -> Iterator[Part]:
    """What contains it, from the inside."""
    while part is not None and part.parent is not None:
        part = part.parent
        yield part


def _text_of(raw: bytes, part: Part) -> str:
    content = content_of(raw, part)
    charset = part.parameter("charset")
    if not charset and part.content_type == "text/html" and (meta := _META.search(content[:2048])):
        charset = meta[1].decode("ascii", "replace")
    return clean_text(decode(content, charset))


def read_files(raw: bytes, parts: list[Part], bodies: Bodies) -> tuple[ParsedFile, ...]:
    """Every part that is not a body, decoded."""
    shown = set(map(unquote, _CID.findall(bodies.html or "")))
    files: list[ParsedFile] = []
    for part in parts:
        if part.is_container or id(part) in bodies.taken:
            continue
        content = content_of(raw, part)
        if content or file_names(part):
            files.append(_file(part, content, len(files) + 1, shown))
    return (*files, *_uuencoded(bodies.text or ""))


def _uuencoded(text: str) -> Iterator[ParsedFile]:
    """Files that old mailers write within the text, where some readers still find them."""
    if "begin " not in text:
        return
    begins = list(islice(_UU.finditer(text), MOST_BLOCKS + 1))
    ends = [one.start() for one in begins[1:]] + [len(text)]
    for begin, limit in zip(begins[:MOST_BLOCKS], ends, strict=False):
        end = text.find("\nend", begin.end(), limit)
        block = text[begin.start() : end + 4 if end >= 0 else limit]
        content = from_uuencode(block.encode("ascii", "replace"))
        names = (clean_line(begin[1]),)
        yield ParsedFile(_shown_name(names), names, "application/octet-stream", content)


def _file(part: Part, content: bytes, number: int, shown: set[str]) -> ParsedFile:
    names = file_names(part)
    content_id = without_turns(clean_line(part.headers.first("content-id")))
    content_id = content_id.strip("<> ")[:LONGEST_NAME]
    kind = "message/rfc822" if part.unread else part.content_type[:LONGEST_TYPE]
    return ParsedFile(
        name=(not part.unread and _shown_name(names)) or _invented_name(kind, content, number),
        names=names,
        content_type=kind,
        content=content,
        content_id=content_id,
        inline=_is_inline(part, content_id, shown),
    )


def _is_inline(part: Part, content_id: str, shown: set[str]) -> bool:
    """A picture within the text; anything else that says "inline" is a file to a reader."""
    if content_id and content_id in shown:
        return True
    if not part.content_type.startswith("image/") or part.disposition == "attachment":
        return False
    return part.disposition == "inline" or bool(content_id)


def _shown_name(names: tuple[str, ...]) -> str:
    """Without folders, invisible characters and turned reading direction."""
    if not names:
        return ""
    last = re.split(r"[/\\]", names[0].rstrip("/\\ "))[-1]
    return _shortened(_FORBIDDEN.sub("", last).strip(" ."))


def _shortened(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    if dot and len(ending) <= 10:
        return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"
    return name[:LONGEST_NAME]


def _invented_name(content_type: str, content: bytes, number: int) -> str:
    if content_type in ("message/rfc822", "message/global"):
        headers, _body = read_headers(content, 0, len(content))
        words = re.sub(r"[^\w .,()+-]", " ", headers.text("subject")[:200]).split()
        subject = " ".join(words)[:80].strip(" .")
        return f"{subject or f'message-{number}'}.eml"
    if content_type.startswith("message/"):
        return f"{content_type.partition('/')[2]}.txt"
    ending = _ENDINGS.get(content_type, ".txt" if content_type.startswith("text/") else ".dat")
    return f"attachment-{number}{ending}"

"""Which parts of a mail are its files, and what they are called."""

from collections.abc import Iterator
from dataclasses import replace

from apps.channels.lookalikes import without_turns
from apps.channels.parsed import ParsedFile
from apps.channels.parsing.bodies import Bodies, body_text
from apps.channels.parsing.names import LONGEST_NAME, invented_name, shown_name
from apps.channels.parsing.pictures import image_numbers
from apps.core.mime.charsets import clean_line
from apps.core.mime.structure import Part, content_of, file_names

LONGEST_TYPE = 255


def read_files(raw: bytes, parts: list[Part], bodies: Bodies) -> tuple[ParsedFile, ...]:
    """Every part that is not a body, decoded."""
    files: list[tuple[Part, ParsedFile]] = []
    for part in parts:
        if part.is_container or id(part) in bodies.taken:
            continue
        content = content_of(raw, part)
        if content or file_names(part):
            files.append((part, _file(part, content, len(files) + 1)))
    return (*_with_images(raw, parts, bodies, files), *bodies.packed)


def _with_images(
    raw: bytes, parts: list[Part], bodies: Bodies, files: list[tuple[Part, ParsedFile]]
) -> Iterator[ParsedFile]:
    """Each knows as which images of the HTML it is shown."""
    carried = [(part, file.content_id) for part, file in files]
    numbers = image_numbers(_htmls(raw, parts, bodies), carried) if bodies.html and files else {}
    for part, file in files:
        shows = tuple(numbers.get(id(part), ()))
        yield replace(file, shows=shows, inline=True) if shows else file


def _htmls(raw: bytes, parts: list[Part], bodies: Bodies) -> list[tuple[Part, str]]:
    """The parts that the HTML was put together from, in its order."""
    found = [
        part
        for part in parts
        if part.content_type == "text/html"
        and (id(part) in bodies.taken or part is bodies.last_html)
    ]
    if len(found) == 1:
        return [(found[0], bodies.html or "")]
    return [(part, body_text(raw, part)) for part in found]


def _file(part: Part, content: bytes, number: int) -> ParsedFile:
    names = file_names(part)
    content_id = without_turns(clean_line(part.headers.first("content-id")))
    content_id = content_id.strip("<> ")[:LONGEST_NAME]
    kind = "message/rfc822" if part.unread else part.content_type[:LONGEST_TYPE]
    return ParsedFile(
        name=(not part.unread and shown_name(names)) or invented_name(kind, content, number),
        names=names,
        content_type=kind,
        content=content,
        content_id=content_id,
        inline=_is_inline(part, content_id),
    )


def _is_inline(part: Part, content_id: str) -> bool:
    """As its writer meant it; whether a reader sees it in the text, the HTML decides."""
    if part.disposition:
        return part.disposition == "inline"
    return part.content_type.startswith("image/") and bool(content_id)

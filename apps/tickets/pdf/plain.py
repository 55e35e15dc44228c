"""A PDF of plain lines that needs no library, no font and no child: for when all else fails.

It has the letters that every PDF reader brings along (WinAnsi); any other character is written as
its number, so that nothing is lost without a trace.
"""

from collections.abc import Iterator
from unicodedata import normalize
from zlib import compress

from apps.tickets.pdf.document import PdfDocument, PdfMessage

LETTERS, LINES = 92, 58  # of a line, of a page
MOST_CHARACTERS = 2_000_000
_KEPT = "\t\n"


def plain_pdf(document: PdfDocument, text_of: "dict[int, str]") -> tuple[bytes, int]:
    """TEXT_OF gives the words of a message by its place; the pages are numbered."""
    lines = list(_lines(document, text_of))
    pages = [lines[start : start + LINES] for start in range(0, len(lines), LINES)] or [[]]
    return _written(pages), len(pages)


def _lines(document: PdfDocument, text_of: "dict[int, str]") -> Iterator[str]:
    words = document.words
    yield from _wrapped(document.title or words.no_subject)
    yield from _wrapped(f"{words.session}: {document.session_id}")
    room = MOST_CHARACTERS
    for place, message in enumerate(document.messages):
        text = text_of.get(place, message.text)
        yield "-" * LETTERS
        for line in _head(message, document):
            yield from _wrapped(line)
        yield ""
        for line in text[: max(room, 0)].splitlines():
            yield from _wrapped(line)
        if len(text) > room:
            yield from _wrapped(words.cut)
        room -= len(text)
        for file in message.files:
            yield from _wrapped(
                f"{words.files}: {file.name} {file.size_words} {file.verdict_words}"
            )


def _head(message: PdfMessage, document: PdfDocument) -> list[str]:
    words = document.words
    fields = [
        (words.sender, message.from_words),
        (words.to, message.to_words),
        (words.cc, message.cc_words),
    ]
    return [
        f"{message.number} {message.direction_words} {message.at_words} {message.link}",
        *(f"{label}: {value}" for label, value in fields if value),
        message.subject or words.no_subject,
    ]


def _wrapped(line: str) -> Iterator[str]:
    rest = _drawable(line)
    while len(rest) > LETTERS:
        place = rest.rfind(" ", 1, LETTERS) + 1 or LETTERS
        yield rest[:place]
        rest = rest[place:]
    yield rest


def _drawable(line: str) -> str:
    characters = normalize("NFC", line.expandtabs(8))
    return "".join(_letter(one) for one in characters if one.isprintable() or one.isspace())


def _letter(character: str) -> str:
    if character.isspace():
        return " "
    try:
        character.encode("cp1252")
    except UnicodeEncodeError:
        return f"[U+{ord(character):04X}]"
    return character


def _written(pages: list[list[str]]) -> bytes:
    """Objects 1 catalog, 2 pages, 3 font; then a page and its content each."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>".encode(),
        font,
    ]
    for number, lines in enumerate(pages):
        page = (
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]"
            f"/Resources<</Font<</F 3 0 R>>>>/Contents {5 + 2 * number} 0 R>>"
        )
        objects += [page.encode(), _content([*lines, "", f"{number + 1} / {len(pages)}"])]
    return _file(objects)


def _content(lines: list[str]) -> bytes:
    shown = [b"(" + _escaped(line) + b") '" for line in lines]
    drawn = compress(b"\n".join([b"BT /F 8.5 Tf 12.5 TL 57 800 Td", *shown, b"ET"]))
    head = f"<</Length {len(drawn)}/Filter/FlateDecode>>stream\n".encode()
    return head + drawn + b"\nendstream"


def _escaped(line: str) -> bytes:
    encoded = line.encode("cp1252", "replace")
    return encoded.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _file(objects: list[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + one + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    trailer = f"trailer<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
    return bytes(out + trailer.encode())

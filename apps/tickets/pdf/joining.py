"""Parts joined into one document, with what stands on every page: title, session, page n of m."""

from dataclasses import dataclass
from io import BytesIO

from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    StreamObject,
    TextStringObject,
)
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from apps.tickets.pdf.lines import (
    BOTTOM,
    GREY,
    HEIGHT,
    SIDE,
    TOP,
    WIDTH,
    draw_line,
    fitting,
    glyphs,
)
from apps.tickets.pdf.runs import plain

SMALL = 7.5
_STAMP = NameObject("/CarteriaStamp")


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page says."""

    title: str
    session_words: str
    page_words: str  # with %(page)s and %(pages)s
    language: str


def joined(parts: tuple[bytes, ...], frame: Frame) -> tuple[bytes, int]:
    writer = PdfWriter()
    for part in parts:
        writer.append(BytesIO(part))
    pages = list(writer.pages)
    stamps = PdfReader(BytesIO(_stamps(len(pages), frame)))
    opening = writer._add_object(_stream(b"q\n"))
    closing = writer._add_object(_stream(f"Q q {_STAMP} Do Q\n".encode()))
    for page, stamp in zip(pages, stamps.pages, strict=True):
        _put(writer, page, stamp)
        contents = page.get("/Contents")
        raw = page.raw_get("/Contents") if contents is not None else None
        inner = list(contents) if isinstance(contents, ArrayObject) else [raw] * (raw is not None)
        page[NameObject("/Contents")] = ArrayObject([opening, *inner, closing])
    _say(writer, frame)
    out = BytesIO()
    writer.write(out)
    return out.getvalue(), len(pages)


def _stamps(count: int, frame: Frame) -> bytes:
    """One page with head and foot for each."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=A4)
    session = glyphs(plain(frame.session_words))
    title = fitting(frame.title, WIDTH - 2 * SIDE - 180, SMALL)
    for number in range(1, count + 1):
        canvas.setFillColorRGB(*GREY)
        canvas.setStrokeColorRGB(0.77, 0.79, 0.82)
        if number > 1:  # the first begins with the title itself
            top = HEIGHT - TOP + 18
            draw_line(canvas, SIDE, top, title, SMALL)
            draw_line(canvas, WIDTH - SIDE, top, session, SMALL, right=True)
            canvas.line(SIDE, top - 5, WIDTH - SIDE, top - 5)
        words = _filled(frame.page_words, number, count)
        draw_line(canvas, WIDTH - SIDE, BOTTOM - 24, glyphs(words), SMALL, right=True)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _filled(words: str, page: int, pages: int) -> str:
    """A translation may have lost a name."""
    try:
        return plain(words % {"page": page, "pages": pages})
    except (KeyError, ValueError, TypeError):
        return f"{page} / {pages}"


def _put(writer: PdfWriter, page: PageObject, stamp: PageObject) -> None:
    form = _stream(stamp.get_contents().get_data()).flate_encode()  # type: ignore[union-attr]
    form.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Form"),
            NameObject("/BBox"): ArrayObject(map(FloatObject, (0, 0, WIDTH, HEIGHT))),
            NameObject("/Resources"): stamp["/Resources"].clone(writer),
        }
    )
    resources = page.setdefault(NameObject("/Resources"), DictionaryObject()).get_object()
    objects = resources.setdefault(NameObject("/XObject"), DictionaryObject()).get_object()
    objects[_STAMP] = writer._add_object(form)


def _stream(content: bytes) -> StreamObject:
    stream = StreamObject()
    stream.set_data(content)
    return stream


def _say(writer: PdfWriter, frame: Frame) -> None:
    title = plain(frame.title)
    writer.metadata = {"/Title": title, "/Producer": "Carteria"}
    writer.root_object[NameObject("/Lang")] = TextStringObject(frame.language or "en")

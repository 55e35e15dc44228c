"""How a thread looks on paper: the head of the document, heads of messages, files, styles."""

from io import BytesIO

from xhtml2pdf import pisa, util
from xhtml2pdf.config.resources import ResourceAccessPolicy

from apps.tickets.pdf import breaking
from apps.tickets.pdf.document import PdfDocument, PdfFile, PdfMessage, PdfWords
from apps.tickets.pdf.fonts import FAMILIES, TEXT, load
from apps.tickets.pdf.images import Pictures
from apps.tickets.pdf.lines import document_facts, message_facts, text_of
from apps.tickets.pdf.paragraphs import Place, Room, Style, Writer
from apps.tickets.pdf.runs import plain
from apps.tickets.pdf.walk import written, written_text

MOST_FIELD = 20_000  # characters of addresses, a subject, a file's name
LONG_FIELD = 800  # what is longer need not stand on one page with what comes next
MOST_FILES = 200
MOST_HTML = 5 * 2**20

_FAMILIES = "".join(f".{family}{{font-family:{family}}}" for family in FAMILIES)
_QUOTES = "".join(
    f".q{level}{{margin-left:{7 * (level - 1)}pt;padding-left:7pt;"
    "border-left:1.5pt solid #c4c9d1;color:#4a5160}"
    for level in range(1, 6)
)
_LISTS = "".join(
    f".l{level}{{padding-left:{13 * level}pt}}.l{level}.li{{text-indent:-10pt}}"
    for level in range(1, 6)
)
STYLES = f"""
@page {{ size: a4; margin: 21mm 20mm 20mm 20mm }}
html, body {{ font-family: {TEXT}; font-size: 9.5pt; line-height: 1.4; color: #1c2026 }}
p {{ margin: 0; overflow-wrap: anywhere }}
td {{ overflow-wrap: anywhere }}
a {{ color: #1f4fa3; text-decoration: underline }}
{_FAMILIES}
.mono {{ font-size: 8.5pt }}
.cjk {{ -pdf-word-wrap: CJK }}
{_QUOTES}
{_LISTS}
.gap {{ padding-top: 5pt }}
p.h1 {{ font-size: 12.5pt }}
p.h2 {{ font-size: 11pt }}
p.title {{ font-size: 17pt; line-height: 1.25; font-weight: bold; padding-bottom: 4pt }}
p.about {{ font-size: 9pt; color: #4a5160 }}
p.head {{ background-color: #eef0f4; padding: 4pt 7pt 1pt 7pt; font-size: 9.5pt;
  border-top: 1pt solid #8b93a1; -pdf-keep-with-next: true }}
p.field, p.fields {{ background-color: #eef0f4; padding: 0.5pt 7pt 0.5pt 7pt; font-size: 9pt }}
p.field {{ -pdf-keep-with-next: true }}
p.last {{ padding-bottom: 4pt }}
p.files {{ padding-top: 7pt; font-size: 9pt; color: #4a5160; font-weight: bold;
  -pdf-keep-with-next: true }}
p.file {{ font-size: 9pt; padding-left: 10pt }}
p.note {{ font-size: 9pt; color: #4a5160; font-style: italic; padding-top: 5pt }}
.faint {{ color: #5b6372 }}
hr.inner {{ color: #c4c9d1; margin: 5pt 0 5pt 0 }}
table.grid {{ margin: 5pt 0 5pt 0 }}
table.grid td {{ border: 0.5pt solid #c4c9d1; padding: 2pt 4pt 2pt 4pt; vertical-align: top;
  font-size: 9pt }}
p.cell {{ font-size: 9pt }}
p.picture {{ line-height: 1 }}
p.space {{ font-size: 5pt; -pdf-keep-with-next: true }}
p.wide {{ font-size: 9pt }}
"""


def laid_out(document: PdfDocument, *, count: int) -> bytes:
    """The messages of DOCUMENT as pages without numbers; raises what the renderer raises.

    COUNT is how many messages the whole thread has; 0 for a later part, which has no title.
    """
    body = "".join(message_html(one, document.words) for one in document.messages)
    head = document_head(document, count) if count else ""
    for family in FAMILIES:
        if f'class="{family}' in body + head or family == TEXT:
            load(family)
    html = f"<html><head><style>{STYLES}</style></head><body>{head}{body}</body></html>"
    out = BytesIO()
    policy = ResourceAccessPolicy.server(
        allow_remote=False,
        max_render_seconds=None,  # the child's own walls say when it is too long
        max_document_bytes=None,
        max_local_bytes=None,
    )
    assert breaking  # where lines of Chinese end
    util._font_coverage.clear()  # glyphs have been added since it was noted
    in_memory = -1  # a child has no place for temporary files
    pisa.CreatePDF(html, dest=out, encoding="utf-8", capacity=in_memory, resource_policy=policy)
    return out.getvalue()


def document_head(document: PdfDocument, count: int) -> str:
    about = "".join(
        _line("about", label, value) for label, value in document_facts(document, count)
    )
    return f"{_line('title', '', plain(document.title) or document.words.no_subject)}{about}{WIDE}"


SPACE, WIDE = '<p class="space">&#160;</p>', '<p class="wide">&#160;</p>'


def message_html(message: PdfMessage, words: PdfWords) -> str:
    pictures = Pictures(message, words.picture)
    body, is_cut = _body(message, pictures)
    notes = _note(words.cut, message.link) if is_cut else ""
    if not body:
        notes = _note(words.no_text, "") + notes
    shown = pictures.rest()
    files = _files(message.files, words)
    return f"{message_head(message, words)}{SPACE}{body}{notes}{shown}{files}{WIDE}"


def _body(message: PdfMessage, pictures: Pictures) -> tuple[str, bool]:
    if message.html.strip() and len(message.html) <= MOST_HTML:
        body, is_cut = written(message.html, pictures.draw)
        if body:
            return body, is_cut
    return written_text(text_of(message))


def message_head(message: PdfMessage, words: PdfWords) -> str:
    lines = [
        _line("field" if len(value) < LONG_FIELD else "fields", label, value)
        for label, value in message_facts(message, words)
    ]
    subject = plain(message.subject) or words.no_subject
    lines.append(_line("field last", "", subject, Style(bold=True)))
    return _first_line(message, words) + "".join(lines)


def _first_line(message: PdfMessage, words: PdfWords) -> str:
    writer = Writer(Room(MOST_FIELD), Place(kind="head"))
    writer.write(f"{message.number} · {message.direction_words}", Style(bold=True))
    writer.write(f" · {message.at_words}", Style())
    if message.link:
        writer.write(" · ", Style())
        writer.write(words.open, Style(link=message.link))
    writer.close()
    return "".join(writer.out)


def _line(kind: str, label: str, value: str, style: Style = Style()) -> str:  # noqa: B008
    """One paragraph, however long the value."""
    writer = Writer(Room(MOST_FIELD), Place(kind=kind))
    if label:
        writer.write(f"{label}: ", Style(faint=True))
    writer.write(plain(value), style)
    if writer.room.is_cut:
        writer.room.characters = 1
        writer.write("…", style)
    writer.close()
    return "".join(writer.out)


def _note(sentence: str, link: str) -> str:
    writer = Writer(Room(MOST_FIELD), Place(kind="note"))
    writer.write(sentence, Style(link=link))
    writer.close()
    return "".join(writer.out)


def _files(files: tuple[PdfFile, ...], words: PdfWords) -> str:
    if not files:
        return ""
    lines = [_line("files", "", words.files)]
    for file in files[:MOST_FILES]:
        facts = [file.name, file.size_words, file.verdict_words]
        lines.append(_line("file", "", " · ".join(fact for fact in facts if fact)))
    if len(files) > MOST_FILES:
        lines.append(_line("file", "", f"+ {len(files) - MOST_FILES}"))
    return "".join(lines)

"""The files that customers send, made when they are needed: one of every verdict.

Clean ones, one that the test signature calls infected, a program (refused), and a document behind
a password (withheld). While there is no scanner, they wait.
"""

import io
import mimetypes
import zipfile
from collections.abc import Callable

from PIL import Image, ImageDraw

_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_ODT = "application/vnd.oasis.opendocument.text"
ROWS = [("Room", "Thing", "Pieces"), ("Studio", "desk Vela", "6"), ("Studio", "chair Sora", "6")]


def content_of(name: str) -> bytes:
    return MAKERS[name]()


def type_of(name: str) -> tuple[str, str]:
    guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
    main, _slash, sub = guessed.partition("/")
    return main, sub


def _picture(words: str) -> bytes:
    picture = Image.new("RGB", (640, 400), "#efe7da")
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((60, 50, 580, 300), 24, fill="#b98f63", outline="#7d5a38", width=4)
    for line in range(90, 290, 24):
        draw.line((76, line, 564, line - 8), fill="#ad8355", width=3)
    draw.text((60, 340), words, fill="#443322", font_size=28)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _pdf() -> bytes:
    """One page with four lines, and the table of where its objects lie."""
    lines = ["Almena", "Invoice 2291", "For: Nair & Shah", "Table Roble, oak      1,240.00"]
    shown = " ".join(f"({line}) Tj 0 -28 Td" for line in lines)
    words = f"BT /F 20 Tf 72 720 Td {shown} ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
        b" >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(words), words),
    ]
    made, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    made_table = b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
    end = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, len(made))
    return made + made_table + end


def _xlsx() -> bytes:
    cells = (
        "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) for row in ROWS
    )
    rows = "".join(f"<row>{row}</row>" for row in cells)
    relation = '<Relationship Id="r1" Type="{}" Target="{}"/>'
    relations = '<Relationships xmlns="{}/relationships">{}</Relationships>'
    return _zip(
        {
            "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels"'
            ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
            f'<Override PartName="/xl/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/></Types>',
            "_rels/.rels": relations.format(
                _PACKAGE, relation.format(f"{_OFFICE}/officeDocument", "xl/workbook.xml")
            ),
            "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>'
            '<sheet name="Office" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": relations.format(
                _PACKAGE, relation.format(f"{_OFFICE}/worksheet", "sheet1.xml")
            ),
            "xl/sheet1.xml": f'<worksheet xmlns="{_SHEET}"><sheetData>{rows}</sheetData>'
            "</worksheet>",
        }
    )


def _locked_odt() -> bytes:
    """Its content is noise: the manifest says that a password opens it."""
    entry = '<m:file-entry m:full-path="{}" m:media-type="{}">{}</m:file-entry>'
    entries = entry.format("/", _ODT, "") + entry.format(
        "content.xml", "text/xml", "<m:encryption-data/>"
    )
    namespace = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    manifest = f'<m:manifest xmlns:m="{namespace}">{entries}</m:manifest>'
    return _zip(
        {"mimetype": _ODT, "content.xml": "~" * 400, "META-INF/manifest.xml": manifest},
    )


def _zip(members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def _csv() -> bytes:
    return "".join(",".join(row) + "\r\n" for row in ROWS).encode()


def _test_virus() -> bytes:
    """Harmless, and put together here, so that no scanner finds this source."""
    text = "X5O!P%@AP[4" + chr(92) + "PZX54(P^)7CC)7}$" + "EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!"
    return (text + "$H+H*").encode()


def _program() -> bytes:
    return b"MZ" + b"\0" * 62 + b"This is no program, it only begins like one."


MAKERS: dict[str, Callable[[], bytes]] = {
    "chair.png": lambda: _picture("The back of the chair"),
    "contract.odt": _locked_odt,
    "desk-setup.exe": _program,
    "invoice.pdf": _pdf,
    "label.txt": _test_virus,
    "lamp.png": lambda: _picture("OLA  230 V  9 W  dimmable"),
    "order.xlsx": _xlsx,
    "parts.png": lambda: _picture("C: one is missing"),
    "rooms.csv": _csv,
}

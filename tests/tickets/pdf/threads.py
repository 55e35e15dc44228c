"""Threads to draw, and what can be read out of a PDF again."""

import subprocess
import unicodedata
from io import BytesIO
from typing import Any

from PIL import Image
from pypdf import PageObject, PdfReader
from pypdf.generic import ContentStream, DictionaryObject

from apps.tickets.pdf.document import PdfDocument, PdfMessage

SCRIPTS = {
    "Latin": "Zwölf Boxkämpfer jagen naïve façades quer über den großen Sylter Deich",
    "Vietnamese": "Tôi có thể ăn thủy tinh mà không hại gì",
    "Cyrillic": "Съешь же ещё этих мягких французских булок да выпей чаю",
    "Greek": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία",
    "Arabic": "السلام عليكم ورحمة الله وبركاته رقم الطلب لا ينتهي",
    "Persian": "سفارش من پچگ هنوز نرسیده است",
    "Hebrew": "דג סקרן שט בים מאוכזב ולפתע מצא חברה",
    "Han": "請問這個訂單什麼時候可以送到 我能吞下玻璃而不伤身体",
    "Kana": "いろはにほへと ちりぬるを カタカナ",
    "Hangul": "다람쥐 헌 쳇바퀴에 타고파 주문 확인",
    "Thai": "เป็นมนุษย์สุดประเสริฐ น้ำ ที่นี่",
    "Devanagari": "कृपया मेरे आदेश की स्थिति बताइए प्रार्थना शक्ति",
    "Bengali": "আমি কাঁচ খেতে পারি",
    "Tamil": "நான் கண்ணாடி சாப்பிடுவேன்",
    "Telugu": "నేను గాజు తినగలను",
    "Gujarati": "હું કાચ ખાઈ શકું છું",
    "Gurmukhi": "ਮੈਂ ਗਲਾਸ ਖਾ ਸਕਦਾ ਹਾਂ",
    "Kannada": "ನನಗೆ ಹಾನಿ ಆಗದೆ",
    "Malayalam": "എനിക്ക് ഗ്ലാസ് തിന്നാം",
    "Sinhala": "මට වීදුරු කෑමට",
    "Ethiopic": "ብርጭቆ መብላት እችላለሁ",
    "Georgian": "მინას ვჭამ",
    "Armenian": "Կրնամ ապակի ուտել",
}


def message(html: str = "", **more: Any) -> PdfMessage:
    given: dict[str, Any] = {
        "number": 1,
        "direction_words": "Received",
        "from_words": "Ana Ruiz <ana@customer.test>",
        "to_words": "Support <support@x.test>",
        "cc_words": "",
        "at_words": "26 November 2026, 10:02",
        "subject": "Order 12345",
        "text": "",
        **more,
    }
    return PdfMessage(html=html, **given)


def thread(*messages: PdfMessage, **more: Any) -> PdfDocument:
    given: dict[str, Any] = {
        "title": "Order 12345",
        "session_id": "E7K2M9QZ1XW4A",
        "ticket_words": "#1042",
        "created_words": "26 November 2026, 12:01",
        "language": "en",
        **more,
    }
    return PdfDocument(messages=messages, **given)


def picture(width: int, height: int, kind: str = "PNG", colour: str = "navy") -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), colour).save(out, kind)
    return out.getvalue()


def text_of(pdf: bytes) -> str:
    """What pdftotext finds, without marks that cannot be seen."""
    command = ["pdftotext", "-enc", "UTF-8", "-", "-"]
    found = subprocess.run(command, input=pdf, capture_output=True, check=True, timeout=60)
    return seen(found.stdout.decode())


def seen(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text)
    return "".join(one for one in plain if unicodedata.category(one) != "Cf")


def words(text: str) -> set[str]:
    parted = (" " if unicodedata.category(one)[0] in "PZC" else one for one in seen(text))
    return set("".join(parted).split())


def links(pdf: bytes) -> list[str]:
    pages = PdfReader(BytesIO(pdf)).pages
    annotations = [one.get_object() for page in pages for one in page.get("/Annots", [])]
    return [one["/A"]["/URI"] for one in annotations]


def pictures(pdf: bytes) -> int:
    return sum(len(page.images) for page in PdfReader(BytesIO(pdf)).pages)


def blank_glyphs(pdf: bytes) -> int:
    """How often the glyph of nothing is drawn: code 0 of a font's first subset.

    A font that is not embedded, as one of a reader's own would be, is an error.
    """
    reader = PdfReader(BytesIO(pdf))
    return sum(_blank(page, page["/Resources"], reader) for page in reader.pages)


def _blank(drawn: Any, resources: Any, reader: PdfReader) -> int:
    contents = drawn.get_contents() if isinstance(drawn, PageObject) else drawn
    font, count = "", 0
    for operands, operator in ContentStream(contents, reader).operations:
        if operator == b"Tf":
            font = operands[0]
        elif operator in (b"Tj", b"TJ", b"'"):
            pieces = operands[0] if operator == b"TJ" else operands
            shown = b"".join(getattr(piece, "original_bytes", b"") for piece in pieces)
            assert not shown.strip() or _is_embedded(resources["/Font"][font].get_object()), font
            count += shown.count(b"\0") if font.endswith("+0") else 0
    forms = resources.get("/XObject", {}).values()
    inner = [form.get_object() for form in forms]
    return count + sum(
        _blank(one, one["/Resources"], reader) for one in inner if one["/Subtype"] == "/Form"
    )


def _is_embedded(font: DictionaryObject) -> bool:
    return font["/Subtype"] == "/TrueType" and "/FontFile2" in font["/FontDescriptor"]

"""Every word of a thread can be found in its PDF, and every letter is drawn by a font."""

from io import BytesIO

import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from apps.tickets.pdf.fonts import FAMILIES, FOLDER, covered, load
from apps.tickets.pdf.lines import text_pages
from apps.tickets.pdf.pages import laid_out
from apps.tickets.pdf.render import render_pdf
from apps.tickets.pdf.runs import runs
from tests.tickets.pdf.threads import SCRIPTS, blank_glyphs, message, text_of, thread, words

TEN = "".join(f"<p><b>{name}</b>: {sentence}</p>" for name, sentence in SCRIPTS.items())


@pytest.mark.contract("1.3.g")
@pytest.mark.servers("poppler")
def test_every_word_of_a_thread_in_many_scripts_is_found_again() -> None:
    subject, people = " ".join(SCRIPTS.values()), " ".join(f"{one} <a@x.test>" for one in SCRIPTS)
    document = thread(message(TEN, subject=subject, from_words=people), title=SCRIPTS["Arabic"])
    rendered = render_pdf(document)
    assert not rendered.is_text_only, rendered.because
    written = " ".join(
        [*SCRIPTS, *SCRIPTS.values(), "<a@x.test> E7K2M9QZ1XW4A Session ID Ticket 1042"]
    )
    assert words(written) <= words(text_of(rendered.pdf))
    assert blank_glyphs(rendered.pdf) == 0


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.servers("poppler")
def test_a_script_is_whole_in_regular_bold_slanted_and_plain_text(name: str) -> None:
    sentence = SCRIPTS[name]
    html = f"<p>{sentence}</p><p><b>{sentence}</b></p><p><i>{sentence}</i></p><pre>{sentence}</pre>"
    document = thread(message(html, text=sentence), title=sentence)
    for pdf in (laid_out(document, count=1), text_pages(document, count=1)):
        assert words(sentence) <= words(text_of(pdf))
        assert blank_glyphs(pdf) == 0


def test_the_count_of_blank_glyphs_can_fail() -> None:
    load("thai")
    out = BytesIO()
    canvas = Canvas(out)
    canvas.setFont("NotoSansThai-Regular", 12)
    canvas.drawString(50, 50, "ไทย Ω")
    canvas.save()
    assert blank_glyphs(out.getvalue()) == 1


@pytest.mark.servers("poppler")
def test_emoji_are_glyphs_and_what_no_font_has_is_named() -> None:
    html = "<p>party \U0001f389 thumbs \U0001f44d\U0001f3fd family \U0001f468\u200d\U0001f469</p>"
    html += "<p>bird \U00013140 chip \U0001fbc5 math \U0001d407\U0001d422 private \ue123</p>"
    pdf = laid_out(thread(message(html)), count=1)
    text = text_of(pdf)
    assert "party \U0001f389" in text
    assert "thumbs \U0001f44d family" in text
    assert "[U+13140]" in text and "[U+E123]" in text and "math Hi" in text
    assert "[STICK FIGURE]" in text
    assert blank_glyphs(pdf) == 0


@pytest.mark.servers("poppler")
def test_what_cannot_be_seen_is_not_drawn() -> None:
    html = "<p>a\x00b c\u200bd e\u00adf g\ud800h \u202ei\u202c \u2066j\u2069 k\ufe0f l\ufeffm</p>"
    pdf = laid_out(thread(message(html)), count=1)
    assert {"ab", "cd", "ef", "gh", "i", "j", "k", "lm"} <= words(text_of(pdf))
    assert blank_glyphs(pdf) == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_a_familys_styles_have_the_same_letters_and_outlines_that_can_be_embedded(
    family: str,
) -> None:
    for file in set(FAMILIES[family].files().values()):
        assert (FOLDER / file).read_bytes()[:4] == b"\x00\x01\x00\x00"
        assert file.split("-")[0] in (FOLDER / "README.md").read_text() or file.startswith("NotoS")
    regular = {
        one for one in pdfmetrics.getFont(load(family)[0, 0]).face.charToGlyph if one < 0xF0000
    }
    assert len(regular - covered(family)) < 5


def test_fonts_stay_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.glob("*.ttf")) < 12.5 * 10**6


@pytest.mark.parametrize("family", [one for one in FAMILIES if one != "emoji"])
def test_every_letter_that_a_run_holds_is_in_its_font(family: str) -> None:
    letters = "".join(map(chr, sorted(covered(family) - {0x0D, 0x00})[:3000]))
    for run in runs(f"x {letters} y"):
        face = pdfmetrics.getFont(load(run.family)[0, 0]).face
        assert all(ord(one) in face.charToGlyph for one in run.text if one not in "\t\n")

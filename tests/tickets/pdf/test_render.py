"""A whole thread: batches, page numbers, links, and what happens when a layout is too much."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from apps.core.child import ChildFailed
from apps.tickets.pdf import render
from apps.tickets.pdf.document import PdfFile, PdfWords
from apps.tickets.pdf.render import batches, render_pdf
from tests.tickets.pdf.threads import blank_glyphs, links, message, text_of, thread, words

BEYOND = 10 * 2**20


def many(count: int) -> list[render.PdfMessage]:
    return [message(f"<p>word{number}</p>", number=number + 1) for number in range(count)]


@pytest.mark.contract("1.3.g")
@pytest.mark.servers("poppler")
def test_a_page_says_whose_it_is_and_how_many_there_are() -> None:
    rendered = render_pdf(thread(message("<p>word</p>" * 200)))
    pages = text_of(rendered.pdf).split("\f")[:-1]
    assert rendered.pages == len(pages) > 2
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page
        assert "Order 12345" in page and "Session ID: E7K2M9QZ1XW4A" in page
    assert "#1042" in pages[0]


@pytest.mark.contract("1.3.g")
@pytest.mark.servers("poppler")
def test_all_messages_of_a_long_thread_are_in_it_in_order() -> None:
    rendered = render_pdf(thread(*many(120)))
    text = text_of(rendered.pdf)
    assert [text.find(f"word{number}\n") for number in range(120)] == sorted(
        text.find(f"word{number}\n") for number in range(120)
    )
    assert {f"word{number}" for number in range(120)} <= words(text)
    assert f"Page {rendered.pages} of {rendered.pages}" in text
    assert "Messages: 120" in text
    assert not rendered.is_text_only and blank_glyphs(rendered.pdf) == 0


def test_batches_are_capped_by_number_text_and_pictures() -> None:
    assert [len(one) for one in batches(tuple(many(120)))] == [50, 50, 20]
    big = tuple(message("x" * 1_500_000) for _ in range(3))
    assert [len(one) for one in batches(big)] == [1, 1, 1]
    assert [len(one) for one in batches(())] == [0]


@pytest.mark.servers("poppler")
def test_files_stand_with_their_verdicts_and_links_can_be_clicked() -> None:
    files = (PdfFile("invoice.pdf", "12 kB", "Clean"), PdfFile("a.exe", "1 MB", "Refused: EXE"))
    html = '<p><a href="https://shop.test/?a=1&amp;b=2">shop <b>here</b> 你好</a></p>'
    rendered = render_pdf(thread(message(html, files=files, link="https://console.test/e/7/")))
    text = text_of(rendered.pdf)
    assert "invoice.pdf · 12 kB · Clean" in text and "a.exe · 1 MB · Refused: EXE" in text
    assert set(links(rendered.pdf)) == {"https://console.test/e/7/", "https://shop.test/?a=1&b=2"}


def test_the_document_says_its_title_and_language() -> None:
    document = thread(message("<p>hola</p>"), title="Pedido \x00\ud800 12", language="es")
    reader = PdfReader(BytesIO(render_pdf(document).pdf))
    assert reader.metadata is not None
    assert reader.metadata.title == "Pedido 12"
    assert reader.trailer["/Root"]["/Lang"] == "es"


@pytest.mark.servers("poppler")
def test_labels_are_the_documents_own() -> None:
    spanish = PdfWords(page="Página %(page)s de %(pages)s", sender="De", session="ID de sesión")
    text = text_of(render_pdf(thread(message("<p>hola</p>"), words=spanish)).pdf)
    assert "Página 1 de 1" in text and "De: Ana" in text and "ID de sesión: E7K" in text


def test_a_page_label_without_its_places_still_counts() -> None:
    rendered = render_pdf(thread(message("<p>a</p>"), words=PdfWords(page="%(seite)s % von")))
    assert rendered.pages == 1 and not rendered.is_text_only


@pytest.mark.servers("poppler")
def test_an_empty_thread_and_an_empty_message_have_a_page() -> None:
    assert render_pdf(thread()).pages == 1
    assert "This message has no text." in text_of(render_pdf(thread(message(""))).pdf)


@pytest.mark.servers("poppler")
def test_a_layout_that_fails_costs_its_own_message_only(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_for(monkeypatch, "lay_out", b"MUCH", "timeout")
    odd = message("<p><b>MUCH</b> of it</p>", number=3)
    rendered = render_pdf(thread(*many(2), odd, *many(4)))
    text = text_of(rendered.pdf)
    assert rendered.is_text_only
    assert rendered.because == (
        "1 of 7 messages are shown as plain text. Laying them out took too long."
    )
    assert "MUCH of it" in text and "Shown as plain text" in text and "word3" in text
    assert blank_glyphs(rendered.pdf) == 0


def fail_for(monkeypatch: pytest.MonkeyPatch, work: str, sign: bytes, code: str) -> None:
    """Children whose name begins with WORK fail when their order holds SIGN."""
    run = render.run_limited

    def run_or_fail(function, argument, **limits):  # type: ignore[no-untyped-def]
        if function.__name__.startswith(work) and sign in argument:
            raise ChildFailed(code, "")
        return run(function, argument, **limits)

    monkeypatch.setattr(render, "run_limited", run_or_fail)


@pytest.mark.servers("poppler")
def test_without_any_child_there_are_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_for(monkeypatch, "", b"", "not-started")
    odd = message("<p>word Ω \\ (x)</p>", subject="a\x00b\ud800", to_words="é" * 500)
    rendered = render_pdf(thread(*many(70), odd))
    text = text_of(rendered.pdf)
    assert {f"word{number}" for number in range(70)} <= words(text)
    assert "word [U+03A9] \\ (x)" in text and "ab" in words(text)
    assert rendered.pages == len(PdfReader(BytesIO(rendered.pdf)).pages)
    assert rendered.because.startswith("71 of 71 messages are shown as plain text.")


@pytest.mark.servers("poppler")
def test_a_child_that_takes_too_long_or_too_much_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for limits, why in [((0.01, 700), "took too long"), ((60.0, 30), "")]:
        monkeypatch.setitem(render._LIMITS, render.lay_out, limits)
        monkeypatch.setitem(render._LIMITS, render.lay_out_whole, limits)
        rendered = render_pdf(thread(message("<p>word</p>")))
        assert rendered.is_text_only and why in rendered.because
        assert "word" in words(text_of(rendered.pdf))


def test_time_lost_on_failures_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_for(monkeypatch, "lay_out", b"", "timeout")
    monkeypatch.setattr(render, "PATIENCE", 0.0)
    rendered = render_pdf(thread(*many(60)))
    assert rendered.because.startswith("60 of 60 messages")

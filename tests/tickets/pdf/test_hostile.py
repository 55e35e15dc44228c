"""What a mail cannot do through a PDF: fetch, read, grow without end, hide."""

import re
import socket
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from xhtml2pdf import files

from apps.tickets.pdf.document import PdfPicture
from apps.tickets.pdf.pages import laid_out
from apps.tickets.pdf.render import render_pdf
from tests.tickets.pdf.threads import links, message, picture, pictures, text_of, thread, words

MOST_BYTES = 5 * 2**20


class Listener:
    """Counts who comes."""

    def __init__(self) -> None:
        self.calls = 0
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self) -> None:
        while True:
            try:
                client, _address = self.server.accept()
            except OSError:
                return
            self.calls += 1
            client.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    one = Listener()
    yield one
    one.server.close()


def everything_that_fetches(address: str) -> str:
    return f"""
    <style>@import url({address}); @font-face {{font-family: x; src: url({address})}}
    @page {{background-image: url({address})}}</style>
    <link rel="stylesheet" href="{address}"><base href="{address}">
    <img src="{address}"><img srcset="{address} 2x"><input type="image" src="{address}">
    <div style="background: url({address}); list-style-image: url('{address}')">kept</div>
    <table background="{address}"><tr><td background="{address}">cell</td></tr></table>
    <svg><image href="{address}"/><use href="{address}"/></svg><object data="{address}"></object>
    <embed src="{address}"><iframe src="{address}"></iframe><video poster="{address}"></video>
    <form action="{address}"><input name="a"></form><pdf:font src="{address}"/>
    <pdf:barcode value="{address}"/><p style="-pdf-frame-content: x; content: url({address})">x</p>
    """


@pytest.mark.parametrize("scheme", ["http", "https", "ftp", "//", "file"])
def test_no_address_is_asked_even_without_the_childs_walls(
    listener: Listener, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    for one in (files.NetworkFileUri, files.LocalFileURI):
        monkeypatch.setattr(one, "extract_data", lambda self: asked.append(self.path))
    start = "//" if scheme == "//" else f"{scheme}://"
    html = everything_that_fetches(f"{start}127.0.0.1:{listener.port}/x.png")
    laid_out(thread(message(html)), count=1)
    assert asked == []
    assert listener.calls == 0


@pytest.mark.servers("poppler")
def test_no_file_of_the_machine_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("topsecret")
    (tmp_path / "secret.png").write_bytes(picture(300, 300))
    html = ""
    for name in ("secret.txt", "secret.png"):
        path = tmp_path / name
        html += everything_that_fetches(f"file://{path}") + everything_that_fetches(str(path))
    key = PdfPicture(str(tmp_path / "secret.png"), b"not a picture", "image/png")
    rendered = render_pdf(thread(message(html, pictures=(key,))))
    assert not rendered.is_text_only, rendered.because
    assert "topsecret" not in text_of(rendered.pdf)
    assert pictures(rendered.pdf) == 0
    assert "kept" in words(text_of(rendered.pdf))


def test_a_link_that_acts_is_no_link_and_nothing_else_acts() -> None:
    html = '<a href="javascript:alert(1)">a</a><a href="file:///etc/passwd">b</a><a href="#x">c</a>'
    html += f'<a href="https://e.test/{"x" * 5000}">d</a><form action="https://e.test/">e</form>'
    pdf = render_pdf(thread(message(html, link="javascript:alert(1)"))).pdf
    assert links(pdf) == []
    found = re.findall(rb"/(?:JavaScript|JS|Launch|AA|OpenAction|AcroForm|EmbeddedFiles)\b", pdf)
    assert found == []


BIG: dict[str, str] = {
    "a huge colspan": "<table><tr><td colspan=1000000>x</td></tr><tr><td>y</td><td>z</td></tr></table>",
    "many huge spans": "<table>"
    + "<tr><td colspan=9999999 rowspan=9999999>x</td><td>y</td></tr>" * 500,
    "nested divs": "<div>" * 90_000 + "x" + "</div>" * 90_000,
    "open font tags": "<font color=red>" * 30_000 + "x",
    "nested tables": "<table><tr><td>" * 5_000 + "x",
    "nested quotes": "<blockquote>" * 5_000 + "x",
    "nested lists": "<ul><li>" * 5_000 + "x",
    "a long word": "x" * 300_000,
    "many links": '<a href="https://e.test/">x</a> ' * 10_000,
    "many marks": "<b><i><u><s>" * 5_000 + "x",
    "one attribute": f'<p title="{"x" * 500_000}" style="{"a:b;" * 100_000}">x</p>',
    "ampersands": "&" * 200_000 + "&#x" * 50_000,
    "angles": "<" * 300_000,
    "comments": "<!--" * 50_000,
    "piled marks": "x" + "\u0301\u0300\u0302" * 20_000,
    "no spaces": "漢" * 60_000,
    "embeddings": "\u202b\u2067" * 20_000 + "x שלום",
    "stand-ins": "".join(chr(0xF0000 + one) for one in range(3000)),
    "indic chaos": "".join(chr(0x900 + (one * 7919) % 128) for one in range(30_000)),
}


@pytest.mark.servers("poppler")
def test_what_is_too_much_is_tamed_before_it_is_laid_out() -> None:
    """Seconds are the child's own walls; here it counts that nothing needs another rendering."""
    messages = [message(f"<p>first</p>{html}", subject=name) for name, html in BIG.items()]
    rendered = render_pdf(thread(*messages))
    assert not rendered.is_text_only, rendered.because
    assert len(rendered.pdf) < MOST_BYTES
    assert rendered.pages < 600
    text = text_of(rendered.pdf)
    assert all(name in text for name in BIG)


@pytest.mark.servers("poppler")
def test_names_cannot_be_turned_around_or_forged() -> None:
    forged = message("<p>x</p>", subject="bill\u202egnp.exe\nFrom: boss", from_words="a\u2028b<b>c")
    text = text_of(render_pdf(thread(forged)).pdf)
    assert "billgnp.exe From: boss" in text
    assert "From: a b<b>c" in text


NO_PICTURES = [
    b"",
    b"GIF89a",
    b"\x89PNG\r\n\x1a\n" + b"x" * 100,
    b"%PDF-1.4",
    b"<svg/>",
    b"\xff\xd8\xff",
]


@pytest.mark.servers("poppler")
def test_a_picture_that_is_none_is_named_in_its_place() -> None:
    broken = tuple(PdfPicture(f"cid:{n}", one, "image/png") for n, one in enumerate(NO_PICTURES))
    html = "".join(f'<p><img src="cid:{n}" alt="chart"></p>' for n in range(len(broken)))
    rendered = render_pdf(thread(message(html, pictures=broken)))
    assert not rendered.is_text_only, rendered.because
    assert text_of(rendered.pdf).count("[Picture not shown: chart]") == len(broken)


def test_a_picture_is_drawn_once_shrunk_and_as_often_as_it_may() -> None:
    big = PdfPicture("<one@mail>", picture(4000, 3000, "JPEG"), "image/jpeg")
    html = '<img src="cid:one@mail">' * 300
    pdf = render_pdf(thread(message(html, pictures=(big,)))).pdf
    shown: list[Any] = [one for page in PdfReader(BytesIO(pdf)).pages for one in page.images]
    assert 1 <= len(shown) <= 40
    assert max(shown[0].image.size) <= 1100
    assert len(pdf) < 2**20


def test_pictures_that_the_text_does_not_name_stand_below_it() -> None:
    two = tuple(
        PdfPicture(f"/m/1/{colour}", picture(200, 100, colour=colour), "image/png")
        for colour in ("red", "blue")
    )
    pdf = render_pdf(thread(message('<p>x</p><img src="/m/1/red" width="100">', pictures=two))).pdf
    assert pictures(pdf) == 2


def test_a_picture_of_too_many_pixels_is_not_decoded() -> None:
    bomb = PdfPicture("a", picture(6000, 6000), "image/png")
    assert pictures(render_pdf(thread(message('<img src="a">', pictures=(bomb,)))).pdf) == 0

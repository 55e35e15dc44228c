"""Hostile bytes become pixels of ours, or a reason; in a child, within 5 s and 300 MB."""

import random
import re
import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from apps.core import pictures
from apps.core.pictures import NotDrawn, Picture, page, redraw


def saved(image: Image.Image, kind: str, **more: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def opened(picture: Picture) -> Image.Image:
    return Image.open(BytesIO(picture.content))


def plain(width: int = 40, height: int = 20, mode: str = "RGB") -> Image.Image:
    return Image.new(
        mode, (width, height), 200 if len(mode) == 1 else (200, 30, 30, 255)[: len(mode)]
    )


def reason(function: Any, *arguments: Any, **more: Any) -> str:
    with pytest.raises(NotDrawn) as caught:
        function(*arguments, **more)
    assert str(caught.value)
    return caught.value.code


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "TIFF", "WEBP"])
def test_each_listed_picture_is_drawn_anew(kind: str) -> None:
    original = saved(plain(), kind) + b"<script>"
    picture = redraw(original, longest=320)
    assert (picture.width, picture.height) == opened(picture).size == (40, 20)
    assert picture.content_type in ("image/jpeg", "image/png", "image/webp")
    assert b"<script>" in original and b"<script>" not in picture.content


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("1", "PNG"),
        ("L", "JPEG"),
        ("LA", "PNG"),
        ("P", "GIF"),
        ("RGBA", "WEBP"),
        ("CMYK", "JPEG"),
        ("I;16", "PNG"),
        ("F", "TIFF"),
        ("I", "TIFF"),
        ("1", "TIFF"),
    ],
)
def test_every_kind_of_colour_is_drawn(mode: str, kind: str) -> None:
    picture = redraw(
        saved(
            plain().convert("L").convert(mode) if mode != "CMYK" else plain().convert(mode), kind
        ),
        longest=320,
    )
    assert opened(picture).size == (40, 20)


def test_a_transparent_picture_stays_transparent() -> None:
    picture = redraw(saved(Image.new("RGBA", (9, 9), (1, 2, 3, 0)), "PNG"), longest=320)
    assert opened(picture).convert("RGBA").getpixel((4, 4))[3] == 0  # type: ignore[index]


def test_no_metadata_survives() -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    secret = saved(
        plain(), "JPEG", exif=exif, comment=b"secret comment", icc_profile=b"secret" * 99
    )
    assert b"secret" in secret
    assert b"secret" not in redraw(secret, longest=320).content


@pytest.mark.parametrize(
    ("orientation", "corner"), [(1, (0, 0)), (3, (39, 19)), (6, (19, 0)), (8, (0, 39))]
)
def test_a_photo_stands_upright(orientation: int, corner: tuple[int, int]) -> None:
    image = Image.new("RGB", (40, 20), "white")
    image.paste("black", (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    drawn = opened(redraw(saved(image, "JPEG", exif=exif, quality=95), longest=320))
    assert drawn.convert("L").getpixel(corner) < 60  # type: ignore[operator]


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((800, 400), (453, 226)),
        ((320, 320), (320, 320)),
        ((10, 4000), (3, 1280)),
        ((9000, 1), (1280, 1)),
    ],
)
def test_a_picture_fits_its_room_and_a_strip_stays_readable(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    picture = redraw(saved(plain(*size), "PNG"), longest=320)
    assert (picture.width, picture.height) == shown


def moving_webp(frames: int) -> bytes:
    images = [
        Image.new("RGB", (60, 60), (number % 256, number // 256, 0)) for number in range(frames)
    ]
    return saved(
        images[0],
        "WEBP",
        save_all=True,
        append_images=images[1:],
        duration=20,
        method=0,
        quality=10,
    )


def _moving(frames: int, size: int = 20) -> bytes:
    images = [Image.new("P", (size, size), number % 250) for number in range(frames)]
    for number, image in enumerate(images):
        image.putpalette(random.Random(number).randbytes(768))
    return saved(images[0], "GIF", save_all=True, append_images=images[1:], duration=80, loop=0)


def test_a_small_animation_still_moves() -> None:
    moving = opened(redraw(_moving(5), longest=320))
    assert getattr(moving, "n_frames", 1) == 5


def test_a_long_animation_stands_still() -> None:
    still = opened(redraw(_moving(301), longest=320))
    assert getattr(still, "n_frames", 1) == 1


def test_no_metadata_of_an_animation_survives() -> None:
    images = [plain(), Image.new("RGB", (40, 20))]
    secret = saved(
        images[0],
        "WEBP",
        save_all=True,
        append_images=images[1:],
        xmp=b"secret",
        exif=b"Exif\0\0secret",
    )
    picture = redraw(secret, longest=320)
    assert getattr(opened(picture), "n_frames", 1) == 2
    assert b"secret" in secret and b"secret" not in picture.content


# ---- hostile pictures ----------------------------------------------------------------------------


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *, colour: int = 2, rows: int = 1, between: bytes = b"") -> bytes:
    """Of one colour; as many rows as said, whatever the header claims."""
    packer = zlib.compressobj(1)
    row = bytes(1 + width * {0: 1, 2: 3, 6: 4}[colour])
    data = b"".join(packer.compress(row) for _one in range(rows)) + packer.flush()
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + between + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def tiff(*entries: tuple[int, int], following: int = 0) -> bytes:
    fields = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    return (
        b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + fields + struct.pack("<I", following)
    )


def large_webp(width: int, height: int) -> bytes:
    """Of one colour it takes as few bytes as a small one, which is written at once."""
    small = saved(plain(), "WEBP", lossless=True, method=0, quality=0)
    at = small.index(b"VP8L") + 9
    flags = small[at + 3] >> 4
    size = (width - 1) | (height - 1) << 14 | flags << 28
    return small[:at] + size.to_bytes(4, "little") + small[at + 4 :]


def _moving_on(times: int, size: int) -> bytes:
    """The same 250 frames so many times over."""
    whole = _moving(250, size)
    start = whole.index(b"\x21\xf9")
    return whole[:start] + whole[start:-1] * times + b";"


HOSTILE = {
    "12,000 x 12,000": (lambda: png(12_000, 12_000, rows=12_000), {"too-large"}),
    "12,000 x 12,000 grey": (lambda: png(12_000, 12_000, colour=0, rows=12_000), {"drawn", "too-large"}),
    "huge header": (lambda: png(60_000, 60_000), {"too-large"}),
    "largest header": (lambda: png(2**31 - 1, 2**31 - 1, colour=0, rows=0), {"too-large", "not-a-picture"}),
    "no width": (lambda: png(0, 10), {"not-a-picture", "broken"}),
    "cut PNG": (lambda: png(500, 500, rows=500)[:90], {"broken", "not-a-picture"}),
    "a million chunks": (lambda: png(9, 9, rows=9, between=_chunk(b"tEXt", b"a\0b") * 1_000_000), {"drawn", "too-slow"}),
    "bomb of text": (lambda: png(9, 9, rows=9, between=_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2**28)))), {"drawn", "broken", "not-a-picture"}),
    "GIF of 65,535 x 65,535": (lambda: b"GIF89a\xff\xff\xff\xff\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\xff\xff\xff\xff\0\x02\x02\x44\x01\0;", {"too-large"}),
    "GIF of 100,000 frames": (lambda: b"GIF89a\x0a\0\x0a\0\x80\0\0\0\0\0\xff\xff\xff" + b"\x21\xf9\x04\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0" * 100_000 + b";", {"drawn"}),
    "TIFF whose folders loop": (lambda: tiff((256, 10), (257, 10), (273, 8), following=8), {"drawn", "broken", "too-slow"}),
    "GIF of 5,000 frames that move": (lambda: _moving_on(20, size=100), {"drawn"}),
    "WebP of 5,000 frames that move": (lambda: moving_webp(5000), {"drawn"}),
    "WebP of 131 million pixels": (lambda: large_webp(16_383, 8_000), {"too-large", "broken"}),
    "TIFF of 400 million pixels": (lambda: saved(plain(20_000, 20_000, "L"), "TIFF", compression="tiff_deflate"), {"too-large"}),
    "fax of 225 million pixels": (lambda: saved(plain(15_000, 15_000, "1"), "TIFF", compression="group4"), {"too-large"}),
    "JPEG of 64 million pixels": (lambda: saved(plain(8_000, 8_000), "JPEG", progressive=True), {"drawn", "too-large"}),
    "TIFF of 1e9 x 1e9": (lambda: tiff((256, 10**9), (257, 10**9), (273, 8), (279, 8)), {"too-large"}),
    "noise after a JPEG's head": (lambda: saved(plain(400, 400), "JPEG")[:300] + random.Random(1).randbytes(99_999), {"drawn", "broken", "not-a-picture"}),
    "nothing": (lambda: b"", {"not-a-picture"}),
    "SVG": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", {"not-a-picture"}),
    "BMP": (lambda: saved(plain(), "BMP"), {"not-a-picture"}),
    "ICO": (lambda: saved(plain(), "ICO"), {"not-a-picture"}),
    "PostScript": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", {"not-a-picture"}),
    "PDF as a picture": (lambda: pdf(), {"not-a-picture"}),
}  # fmt: skip


@pytest.mark.contract("1.5.g")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_picture_is_drawn_small_or_refused(name: str) -> None:
    make, outcomes = HOSTILE[name]
    content = make()
    try:
        picture = redraw(content, longest=320)
        outcome = "drawn"
        assert picture.width * picture.height <= 320 * 320 * 1.1
    except NotDrawn as error:
        outcome = error.code
    assert outcome in outcomes


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_every_short_beginning_of_a_picture_is_survived() -> None:
    """In this process, for its many cases; what is raised here would end a child alone."""
    from apps.core.drawing import HEAD, Drawn, draw

    order = b'{"longest": 320, "page": 0}'.ljust(HEAD)
    for kind in ("JPEG", "PNG", "GIF", "TIFF", "WEBP"):
        whole = saved(plain(), kind)
        for end in range(0, len(whole), max(1, len(whole) // 60)):
            assert isinstance(draw(order + whole[:end]), (str, Drawn))


def test_a_lying_child_chooses_no_type(monkeypatch: pytest.MonkeyPatch) -> None:
    lie = pictures.Drawn(b"<script>alert(1)</script>", 10, 10)
    monkeypatch.setattr(pictures, "run_limited", lambda *_args, **_more: lie)
    assert reason(redraw, b"x", longest=320) == "broken"


def test_who_waits_too_long_for_a_turn_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "PATIENCE", 0.01)
    for _one in range(pictures.AT_ONCE):
        pictures._turns.acquire()
    try:
        assert reason(redraw, saved(plain(), "PNG"), longest=320) == "busy"
    finally:
        for _one in range(pictures.AT_ONCE):
            pictures._turns.release()


def test_what_is_very_large_does_not_even_start_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_BYTES", 10)
    monkeypatch.setattr(pictures, "run_limited", lambda *_args, **_more: 1 / 0)
    assert reason(redraw, bytes(11), longest=320) == "too-large"


# ---- documents -----------------------------------------------------------------------------------


def _objects(*objects: bytes, trailer: bytes = b"") -> bytes:
    out, places = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    end = b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<</Size %d/Root 1 0 R%b>>\nstartxref\n%d\n%%%%EOF"
    return out + end % (count, table, count, trailer, len(out))


def stream(head: bytes, content: bytes) -> bytes:
    return b"<<%b/Length %d>>stream\n%b\nendstream" % (head, len(content), content)


def pdf(
    box: bytes = b"0 0 595 842",
    content: bytes = b"0 0 1 rg 0 0 300 842 re f",
    *,
    pages: int = 1,
    catalog: bytes = b"",
    resources: bytes = b"",
    more: tuple[bytes, ...] = (),
    trailer: bytes = b"",
) -> bytes:
    return _objects(
        b"<</Type/Catalog/Pages 2 0 R%b>>" % catalog,
        b"<</Type/Pages/Kids[%b]/Count %d>>" % (b"3 0 R " * pages, pages),
        b"<</Type/Page/Parent 2 0 R/MediaBox[%b]/Contents 4 0 R/Resources<<%b>>>>" % (box, resources),
        stream(b"", content),
        *more,
        trailer=trailer,
    )  # fmt: skip


def test_a_page_of_a_pdf_is_a_picture() -> None:
    picture = page(pdf(pages=3), 2, longest=320)
    image = opened(picture).convert("RGB")
    assert (picture.height, picture.pages) == (320, 3)
    assert image.getpixel((10, 100)) == (0, 0, 255)
    assert image.getpixel((220, 100)) == (255, 255, 255)


def test_pages_of_a_fax_are_pictures() -> None:
    pages = [Image.new("1", (200, 100), number % 2) for number in range(4)]
    fax = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="group4")
    shown = [
        opened(page(fax, number, longest=320)).convert("L").getpixel((50, 50)) for number in (1, 2)
    ]
    assert shown == [0, 255]
    assert page(fax, 4, longest=320).pages == 4
    assert reason(page, fax, 5, longest=320) == "no-such-page"


def test_a_page_that_is_not_there_is_no_page() -> None:
    assert reason(page, pdf(), 2, longest=320) == "no-such-page"
    assert reason(page, saved(plain(), "PNG"), 2, longest=320) == "no-such-page"


_LOCKED = b"/Encrypt<</Filter/Standard/V 2/R 3/Length 128/P -44/O(%b)/U(%b)>>/ID[(x)(x)]" % (
    b"o" * 32,
    b"u" * 32,
)
_LOOP = (
    stream(
        b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</A 5 0 R/B 5 0 R>>>>",
        b"/A Do /B Do",
    ),
)
_BOMB = (
    stream(
        b"/Type/XObject/Subtype/Image/Width 30000/Height 30000/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter/FlateDecode",
        zlib.compress(bytes(2**27)),
    ),
)


def many_pages(count: int) -> bytes:
    kids = b"".join(b"%d 0 R " % (3 + number) for number in range(count))
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R>>" % (count + 3)
    return _objects(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, count),
        *[page] * count,
        stream(b"", b"0 0 1 rg 0 0 300 842 re f"),
    )


HOSTILE_DOCUMENTS = {
    "10,000 pages, each an object": (lambda: many_pages(10_000), {"drawn"}),
    "locked": (lambda: pdf(trailer=_LOCKED), {"encrypted"}),
    "100,000 pages": (lambda: pdf(pages=100_000), {"drawn"}),
    "two thousand million pages": (lambda: pdf().replace(b"/Count 1", b"/Count 2000000000"), {"drawn", "broken"}),
    "a page of a million miles": (lambda: pdf(b"0 0 1e9 1e9"), {"drawn", "too-large"}),
    "a page without size": (lambda: pdf(b"0 0 0 0"), {"drawn", "too-large"}),
    "a page like a thread": (lambda: pdf(b"0 0 1 14000"), {"drawn"}),
    "pages within themselves": (lambda: pdf().replace(b"Kids[3 0 R ]", b"Kids[2 0 R ]"), {"broken"}),
    "a form within itself": (lambda: pdf(content=b"/A Do", resources=b"/XObject<</A 5 0 R>>", more=_LOOP), {"drawn", "too-heavy", "too-slow", "broken"}),
    "a picture of 2.7 GB": (lambda: pdf(content=b"99 0 0 99 0 0 cm /A Do", resources=b"/XObject<</A 5 0 R>>", more=_BOMB), {"drawn", "too-heavy", "too-large", "too-slow"}),
    "script": (lambda: pdf(catalog=b"/OpenAction<</S/JavaScript/JS(while\\(1\\){})>>"), {"drawn"}),
    "a file of the disk": (lambda: pdf(catalog=b"/OpenAction<</S/Launch/F(/bin/sh)>>"), {"drawn"}),
    "cut": (lambda: pdf()[:200], {"broken"}),
    "noise": (lambda: b"%PDF-1.7\n" + random.Random(1).randbytes(99_999), {"broken"}),
}  # fmt: skip


_TRUE_TYPE = b"\0\1\0\0\0\4\0\x40\0\2\0\0" + b"".join(
    name + struct.pack(">III", 0, offset, 2**31)
    for name, offset in ((b"glyf", 60), (b"head", 70), (b"loca", 2**31 - 1), (b"maxp", 80))
)
FONTS = {
    "noise": b"",
    "TrueType whose tables lie outside": _TRUE_TYPE,
    "TrueType of 65,535 tables": b"\0\1\0\0\xff\xff" + bytes(6),
    "Type 1": b"%!PS-AdobeFont-1.0: X\n/Private 9999999 dict dup begin /Subrs 999999999 array ",
    "CFF": b"\1\0\4\4\xff\xff\4\xff\xff\xff\xff",
    "OpenType": b"OTTO\0\1" + bytes(6) + b"CFF " + struct.pack(">III", 0, 28, 2**32 - 1),
}


@pytest.mark.contract("1.5.g")
@pytest.mark.parametrize("name", FONTS)
@pytest.mark.parametrize("place", ["TrueType/FontFile2", "Type1/FontFile", "Type1/FontFile3"])
def test_a_damaged_font_harms_no_page(name: str, place: str) -> None:
    kind, file = place.encode().split(b"/")
    font = FONTS[name] + random.Random(1).randbytes(20_000)
    widths = b"/FirstChar 65/LastChar 67/Widths[600 600 600]"
    box = (
        b"/Flags 4/FontBBox[0 0 999 999]/ItalicAngle 0/Ascent 800/Descent 0/CapHeight 700/StemV 80"
    )
    more = (
        b"<</Type/Font/Subtype/%b/BaseFont/X%b/FontDescriptor 6 0 R>>" % (kind, widths),
        b"<</Type/FontDescriptor/FontName/X%b/%b 7 0 R>>" % (box, file),
        stream(b"", font),
    )
    words = b"BT /F1 40 Tf 40 400 Td (ABC) Tj ET"
    content = pdf(content=words, resources=b"/Font<</F1 5 0 R>>", more=more)
    try:
        assert page(content, 1, longest=320).height == 320
    except NotDrawn as error:
        assert error.code in ("broken", "too-heavy", "too-slow")


@pytest.mark.contract("1.5.g")
@pytest.mark.parametrize("name", HOSTILE_DOCUMENTS)
def test_a_hostile_document_is_drawn_small_or_refused(name: str) -> None:
    make, outcomes = HOSTILE_DOCUMENTS[name]
    try:
        picture = page(make(), 1, longest=320)
        outcome = "drawn"
        assert max(picture.width, picture.height) <= 321
    except NotDrawn as error:
        outcome = error.code
    assert outcome in outcomes


def test_a_document_that_takes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "SECONDS", 1.0)
    endless = pdf(content=b"0 0 m 595 842 l 0 842 l 595 0 l h f* " * 200_000)
    assert reason(page, endless, 1, longest=1600) == "too-slow"


def test_what_is_said_about_a_picture_is_a_sentence() -> None:
    assert all(re.fullmatch(r"[A-Z][^\n]+\.", one) for one in pictures.SENTENCES.values())

"""Bytes leave when clean, to be saved, and in no way that a browser would run them."""

import re
import tracemalloc
from urllib.parse import unquote

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.test import RequestFactory

from apps.attachments.download import content_response
from apps.attachments.models import Attachment, Verdict
from apps.core.errors import Conflict, Forbidden
from apps.core.file_names import clean_name, disposition
from apps.core.streams import StreamedResponse
from tests.attachments.conftest import MakeFile

MB = 2**20


def clean(file: MakeFile, content: bytes = b"0123456789", *names: str) -> Attachment:
    return file(content, *names, verdict=Verdict.CLEAN, detected_type="text/html")


@pytest.mark.contract("1.5.a")
@pytest.mark.parametrize("verdict", [v for v in Verdict if v != Verdict.CLEAN])
def test_no_byte_leaves_before_the_verdict_is_clean(file: MakeFile, verdict: Verdict) -> None:
    error = Conflict if verdict == Verdict.WAITING else Forbidden
    with pytest.raises(error):
        content_response(file(verdict=verdict))


@pytest.mark.contract("1.5.a")
def test_the_row_counts_and_not_the_object_in_hand(file: MakeFile) -> None:
    stale = clean(file)
    Attachment.objects.update(verdict=Verdict.WITHHELD)
    with pytest.raises(Forbidden):
        content_response(stale)


@pytest.mark.contract("1.5.g")
def test_a_download_is_saved_and_never_run(file: MakeFile) -> None:
    response = content_response(clean(file, b"<script>", "a.html"))
    assert b"".join(response) == b"<script>"  # type: ignore[call-overload]
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == 'attachment; filename="a.html"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Content-Length"] == "8"


def test_no_name_of_a_customer_reaches_the_disk(file: MakeFile) -> None:
    """Storage names are generated: neither `../` nor a name can choose where bytes lie."""
    stored = file(b"x" * 1000, "../../etc/cron.d/secret-name.txt")
    packs = [path for path in (settings.DATA_DIR / "blobs").rglob("*") if path.is_file()]
    assert stored.blob.pack in {path.stem for path in packs}
    assert all(re.fullmatch(r"[0-9a-f]{32}\.pack", path.name) for path in packs)


# ---- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("plain name (1).pdf", 'attachment; filename="plain name (1).pdf"'),
        ('a"b.pdf', 'attachment; filename="a_b.pdf"'),
        ("a\\b/c.pdf", 'attachment; filename="a_b_c.pdf"'),
        ("a\r\nX: y.pdf", 'attachment; filename="aX_ y.pdf"'),
        ("añb.pdf", "attachment; filename=\"anb.pdf\"; filename*=UTF-8''a%C3%B1b.pdf"),
        ("a\u202egpj.exe", 'attachment; filename="agpj.exe"'),
        ("a\u200b\ufeff.pdf", 'attachment; filename="a.pdf"'),
        (
            "100%;x=1.pdf",
            "attachment; filename=\"100__x=1.pdf\"; filename*=UTF-8''100%25%3Bx%3D1.pdf",
        ),
        ("../..", 'attachment; filename="_"'),
        (".htaccess", 'attachment; filename="htaccess"'),
        ("C:\\a\\con.txt", 'attachment; filename="C__a_con.txt"'),
        ("", 'attachment; filename="file"'),
        ("\ud800.pdf", 'attachment; filename="pdf"'),
    ],
)
def test_a_name_is_one_safe_header(name: str, header: str) -> None:
    assert disposition(name) == header
    assert disposition(name).isascii() and disposition(name).isprintable()


@pytest.mark.parametrize(
    "name",
    [
        "Rechnung für März.pdf",  # Latin
        "счёт.pdf",  # Cyrillic
        "τιμολόγιο.pdf",  # Greek
        "请求书.pdf",  # Chinese
        "請求書テスト.pdf",  # Japanese
        "송장.pdf",  # Korean
        "فاتورة.pdf",  # Arabic
        "חשבונית.pdf",  # Hebrew
        "ใบแจ้งหนี้.pdf",  # Thai
        "बिल.pdf",  # Devanagari
        "հաշիվ 🧾.pdf",  # Armenian, and what is no letter
    ],
)
def test_names_arrive_whole_in_every_script(name: str) -> None:
    found = re.fullmatch(
        r"attachment; filename=\"[^\"]+\.pdf\"; filename\*=UTF-8''(\S+)", disposition(name)
    )
    assert found and unquote(found[1]) == name


@pytest.mark.parametrize(
    "name", ["x" * 300 + ".pdf", "ж" * 300 + ".pdf", "😀" * 90 + ".pdf", "y" * 999]
)
def test_a_long_name_keeps_its_extension(name: str) -> None:
    short = clean_name(name)
    assert 250 <= len(short.encode()) <= 255
    assert short.endswith(".pdf") == name.endswith(".pdf")


# ---- ranges --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "status", "content", "said"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=8-", 206, b"89", "bytes 8-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=5-500", 206, b"56789", "bytes 5-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=7-3", 200, b"0123456789", None),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=-", 200, b"0123456789", None),
        ("bytes=0-1,3-4", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
def test_one_range_is_served(
    file: MakeFile, wanted: str, status: int, content: bytes, said: str | None
) -> None:
    request = RequestFactory().get("/", headers={"range": wanted})
    response = content_response(clean(file), request)
    assert (response.status_code, b"".join(response)) == (status, content)  # type: ignore[call-overload]
    assert response.get("Content-Range") == said
    assert response["Accept-Ranges"] == "bytes"
    assert int(response["Content-Length"]) == len(content)


@pytest.mark.parametrize(("same", "status"), [(True, 206), (False, 200)])
def test_the_rest_is_that_of_the_same_file(file: MakeFile, same: bool, status: int) -> None:
    """If-Range: who began with other bytes gets all of these."""
    attachment = clean(file)
    tag = content_response(attachment)["ETag"]
    headers = {"range": "bytes=5-", "if-range": tag if same else '"another"'}
    response = content_response(attachment, RequestFactory().get("/", headers=headers))
    assert (response.status_code, response["ETag"]) == (status, f'"{attachment.sha256}"')


def test_a_part_is_for_get_alone(file: MakeFile) -> None:
    request = RequestFactory().head("/", headers={"range": "bytes=5-"})
    response = content_response(clean(file), request)
    assert (response.status_code, response["Content-Length"]) == (200, "10")


def test_head_says_the_length_and_reads_nothing(
    file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    attachment = clean(file)
    monkeypatch.setattr("apps.core.blobs.read", lambda _blob: 1 / 0)
    response = content_response(attachment, RequestFactory().head("/"))
    assert (response["Content-Length"], b"".join(response)) == ("10", b"")  # type: ignore[call-overload]


# ---- large files ---------------------------------------------------------------------------------

LARGE = {"repeating": b"0123456789abcdef" * (2 * MB), "unique": bytes(range(251)) * 40_000}


@pytest.mark.parametrize("kind", LARGE)
@pytest.mark.parametrize("span", [(0, 9), (5 * MB + 3, 5 * MB + 300_000), (9 * MB, None)])
def test_a_large_file_leaves_in_pieces(
    file: MakeFile, kind: str, span: tuple[int, int | None]
) -> None:
    content, (first, last) = LARGE[kind], span
    wanted = f"bytes={first}-{'' if last is None else last}"
    request = RequestFactory().get("/", headers={"range": wanted})
    response = content_response(clean(file, content), request)
    assert isinstance(response, StreamedResponse)
    expected = content[first : len(content) if last is None else last + 1]
    assert b"".join(response) == expected
    assert int(response["Content-Length"]) == len(expected)


def test_a_large_file_is_never_whole_in_memory(file: MakeFile) -> None:
    attachment = clean(file, LARGE["repeating"])
    tracemalloc.start()
    size = sum(len(piece) for piece in content_response(attachment))  # type: ignore[attr-defined]
    growth = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size == 32 * MB
    assert growth < 4 * MB


def test_an_asynchronous_server_gets_it_in_pieces_too(file: MakeFile) -> None:
    response = content_response(clean(file, LARGE["unique"]))

    async def pieces() -> list[bytes]:
        return [piece async for piece in response]  # type: ignore[attr-defined]

    found = async_to_sync(pieces)()
    assert b"".join(found) == LARGE["unique"]
    assert len(found) > 10

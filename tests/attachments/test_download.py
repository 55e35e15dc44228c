"""Bytes leave when clean, to be saved, and in no way that a browser would run them."""

import pytest
from django.test import RequestFactory

from apps.attachments.download import content_response
from apps.attachments.models import Attachment, Verdict
from apps.core.errors import Conflict, Forbidden
from tests.attachments import samples as s
from tests.attachments.conftest import MakeFile


def clean(
    file: MakeFile, content: bytes = b"0123456789", *names: str, kind: str = ""
) -> Attachment:
    return file(content, *names, verdict=Verdict.CLEAN, detected_type=kind or "text/html")


@pytest.mark.contract("1.5.a")
@pytest.mark.parametrize("verdict", [v for v in Verdict if v != Verdict.CLEAN])
def test_no_byte_leaves_before_the_verdict_is_clean(file: MakeFile, verdict: Verdict) -> None:
    error = Conflict if verdict == Verdict.WAITING else Forbidden
    with pytest.raises(error):
        content_response(file(verdict=verdict), inline=True)


@pytest.mark.contract("1.5.a")
def test_the_row_counts_and_not_the_object_in_hand(file: MakeFile) -> None:
    stale = clean(file)
    Attachment.objects.update(verdict=Verdict.WITHHELD)
    with pytest.raises(Forbidden):
        content_response(stale)


@pytest.mark.contract("1.5.g")
def test_a_download_is_saved_and_never_run(file: MakeFile) -> None:
    response = content_response(clean(file, b"<script>", "a.html"), inline=True)
    assert response.content == b"<script>"
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == 'attachment; filename="a.html"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Content-Length"] == "8"


@pytest.mark.parametrize("kind", ["image/png", "image/jpeg", "image/gif", "image/webp"])
def test_a_raster_picture_may_be_shown_in_its_place(file: MakeFile, kind: str) -> None:
    picture = clean(file, s.PNG, "a.png", kind=kind)
    shown, saved = content_response(picture, inline=True), content_response(picture)
    assert shown["Content-Type"] == kind and shown["Content-Disposition"].startswith("inline")
    assert saved["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("kind", ["image/svg+xml", "application/pdf", "text/html", "image/tiff"])
def test_nothing_else_is_shown_inline(file: MakeFile, kind: str) -> None:
    response = content_response(clean(file, b"x", "a.png", kind=kind), inline=True)
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ('a"b.pdf', 'attachment; filename="a_b.pdf"'),
        ("añb.pdf", "attachment; filename*=utf-8''a%C3%B1b.pdf"),
        ("a\r\nX: y.pdf", 'attachment; filename="aX_ y.pdf"'),
    ],
)
def test_a_name_is_one_safe_header(file: MakeFile, name: str, header: str) -> None:
    assert content_response(clean(file, b"x", name))["Content-Disposition"] == header


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
    request = RequestFactory().get("/", headers={"Range": wanted})
    response = content_response(clean(file), request)
    assert (response.status_code, response.content) == (status, content)
    assert response.get("Content-Range") == said
    assert response["Content-Length"] == str(len(content))

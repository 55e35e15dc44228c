"""What a browser shows of a file: pixels of ours, of clean files, made once."""

from io import BytesIO
from typing import Any

import pytest
from django.test import RequestFactory
from PIL import Image

from apps.attachments import previews
from apps.attachments.models import Attachment, Preview, Verdict
from apps.attachments.previews import preview_of, preview_response
from apps.core import pictures
from apps.core.errors import Conflict, Forbidden, Guarded, Invalid, Unavailable
from apps.core.pictures import NotDrawn, Picture
from tests.attachments.conftest import MakeFile
from tests.core.test_pictures import pdf, plain, saved

PNG, JPEG, PDF = "image/png", "image/jpeg", "application/pdf"


def clean(file: MakeFile, content: bytes, kind: str = PNG) -> Attachment:
    return file(content, "a.png", verdict=Verdict.CLEAN, detected_type=kind)


def shown(attachment: Attachment, *, tag: str = "", **asked: int) -> Any:
    headers = {"If-None-Match": tag} if tag else {}
    return preview_response(attachment, RequestFactory().get("/", headers=headers), **asked)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Draws without a child; one entry for each time."""
    calls: list[int] = []

    def draw(_content: bytes, number: int = 1, *, longest: int) -> Picture:
        calls.append(longest)
        return Picture(b"\x89PNG ours", PNG, 10, 10, 3)

    monkeypatch.setattr(pictures, "redraw", draw)
    monkeypatch.setattr(pictures, "page", draw)
    return calls


def refuse(monkeypatch: pytest.MonkeyPatch, code: str) -> list[str]:
    calls: list[str] = []

    def draw(*_arguments: Any, **_more: Any) -> Picture:
        calls.append(code)
        raise NotDrawn(code)

    monkeypatch.setattr(pictures, "redraw", draw)
    return calls


@pytest.mark.contract("1.5.g")
@pytest.mark.parametrize(
    ("content", "kind"),
    [(saved(plain(), "JPEG"), JPEG), (saved(plain(), "TIFF"), "image/tiff"), (pdf(), PDF)],
)
def test_a_preview_is_a_picture_of_ours_behind_seals(
    file: MakeFile, content: bytes, kind: str
) -> None:
    response = shown(clean(file, content, kind), longest=320)
    assert response["Content-Type"] in ("image/png", "image/jpeg", "image/webp")
    assert response.content != content
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Cache-Control"] == "private, no-cache"
    assert response["Content-Disposition"].startswith('inline; filename="preview.')


@pytest.mark.contract("1.5.a")
@pytest.mark.parametrize("verdict", [v for v in Verdict if v != Verdict.CLEAN])
def test_nothing_is_drawn_before_the_verdict_is_clean(
    file: MakeFile, drawn: list[int], verdict: Verdict
) -> None:
    error = Conflict if verdict == Verdict.WAITING else Forbidden
    with pytest.raises(error):
        shown(file(saved(plain(), "PNG"), verdict=verdict, detected_type=PNG))
    assert not drawn


def test_the_same_bytes_are_drawn_once(file: MakeFile, drawn: list[int]) -> None:
    """The logo below every mail of a customer."""
    for _one in range(3):
        shown(clean(file, b"logo"))
    shown(clean(file, b"logo"), longest=320)
    assert drawn == [1600, 320]


def test_a_browser_asks_each_time_and_gets_it_once(file: MakeFile, drawn: list[int]) -> None:
    attachment = clean(file, b"logo")
    tag = shown(attachment)["ETag"]
    again = shown(attachment, tag=tag)
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)


def test_a_file_found_infected_later_is_not_shown_again(file: MakeFile, drawn: list[int]) -> None:
    attachment = clean(file, b"logo")
    tag = shown(attachment)["ETag"]
    Attachment.objects.update(verdict=Verdict.INFECTED)
    for one in ("", tag):
        with pytest.raises(Forbidden):
            shown(attachment, tag=one)


def test_a_file_found_infected_while_it_is_drawn_is_not_shown(
    file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw(_content: bytes, *, longest: int) -> Picture:
        Attachment.objects.update(verdict=Verdict.INFECTED)
        return Picture(b"\x89PNG ours", PNG, 10, 10)

    monkeypatch.setattr(pictures, "redraw", draw)
    with pytest.raises(Forbidden):
        shown(clean(file, b"logo"))


@pytest.mark.parametrize("code", sorted(set(pictures.SENTENCES) - {"busy"}))
def test_the_reason_is_said_in_words_and_remembered(
    file: MakeFile, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    calls = refuse(monkeypatch, code)
    attachment = clean(file, b"odd")
    for _one in range(2):
        with pytest.raises(Guarded) as caught:
            shown(attachment)
        assert caught.value.code == "no-preview"
        assert caught.value.sentence == previews.reason_in_words(code)
    assert calls == [code]
    assert previews.reason_in_words(code) != previews.reason_in_words("unknown")


def test_a_page_gets_a_sign_of_ours_where_there_is_no_picture(
    file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, "broken")
    request = RequestFactory().get("/", headers={"Accept": "image/webp,*/*"})
    answer = preview_response(clean(file, b"odd"), request, longest=320)
    assert (answer.status_code, answer["Content-Type"]) == (422, "image/png")
    corner = Image.open(BytesIO(answer.content)).convert("RGBA").getpixel((0, 0))
    assert corner[3] == 0  # type: ignore[index]


@pytest.mark.parametrize(("code", "tries"), [("too-slow", 2), ("broken", 1)])
def test_what_was_too_slow_an_hour_ago_is_tried_again(
    file: MakeFile, monkeypatch: pytest.MonkeyPatch, code: str, tries: int
) -> None:
    calls = refuse(monkeypatch, code)
    attachment = clean(file, b"odd")
    for _one in range(2):
        with pytest.raises(Guarded):
            shown(attachment)
        long_ago = Preview.objects.get().created_at - 2 * previews.PASSES_AFTER
        Preview.objects.update(created_at=long_ago)
    assert len(calls) == tries


def test_a_busy_moment_is_not_remembered(file: MakeFile, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "busy")
    with pytest.raises(Unavailable):
        shown(clean(file, b"odd"))
    assert not Preview.objects.exists()


@pytest.mark.parametrize("kind", ["image/svg+xml", "text/html", "video/mp4", "application/msword"])
def test_other_types_have_no_preview(file: MakeFile, drawn: list[int], kind: str) -> None:
    with pytest.raises(Guarded) as caught:
        shown(clean(file, b"x", kind))
    assert caught.value.code == "no-preview"
    assert not drawn and not Preview.objects.exists()


@pytest.mark.parametrize(("kind", "page"), [(PNG, 2), (PDF, 0), (PDF, 10**9)])
def test_pages_beyond_the_file_leave_no_rows(
    file: MakeFile, drawn: list[int], kind: str, page: int
) -> None:
    with pytest.raises(Guarded):
        shown(clean(file, b"x", kind), page=page)
    assert not drawn and not Preview.objects.exists()


def test_only_the_sizes_of_the_list_are_made(file: MakeFile, drawn: list[int]) -> None:
    with pytest.raises(Invalid):
        shown(clean(file, b"x"), longest=1599)
    assert not drawn


def test_what_is_too_large_is_not_even_read(
    file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    attachment = clean(file, b"x")
    attachment.size = pictures.MOST_BYTES + 1
    monkeypatch.setattr("apps.core.blobs.read", lambda _blob: 1 / 0)
    with pytest.raises(Guarded):
        preview_of(attachment, page=1, longest=1600)


def test_fifty_pictures_cost_the_same_few_queries_each(
    file: MakeFile, drawn: list[int], django_assert_max_num_queries: Any
) -> None:
    files = [clean(file, b"picture %d" % number) for number in range(50)]
    for attachment in files:
        shown(attachment)
    with django_assert_max_num_queries(50 * 3):
        for attachment in files:
            shown(attachment)

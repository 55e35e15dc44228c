"""Static files keep an address as long as they stay the same, and no longer."""

import gzip
from pathlib import Path

from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from config.static_files import address_of


def test_a_changed_file_moves_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "a.js").write_text("one")
    before = address_of(tmp_path)
    assert address_of(tmp_path) == before
    (tmp_path / "lib" / "a.js").write_text("two")
    assert address_of(tmp_path) != before


def test_a_renamed_file_moves_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("one")
    before = address_of(tmp_path)
    (tmp_path / "a.js").rename(tmp_path / "b.js")
    assert address_of(tmp_path) != before


def asked(path: str = "console/lib/html.js", **headers: str) -> HttpResponse:
    return Client().get(settings.STATIC_URL + path, headers=headers)  # type: ignore[return-value]


def test_texts_travel_packed_to_whoever_takes_that() -> None:
    plain, packed = asked(), asked(accept_encoding="br, gzip")
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert int(packed["Content-Length"]) == len(packed.content) < len(plain.content) / 2
    assert "Content-Encoding" not in plain
    assert plain["Vary"] == packed["Vary"] == "Accept-Encoding"


def test_whoever_refuses_gzip_gets_none() -> None:
    assert "Content-Encoding" not in asked(accept_encoding="gzip;q=0, identity")


def test_a_part_of_a_file_is_plain() -> None:
    part = asked(accept_encoding="gzip", range="bytes=0-9")
    assert (part.status_code, part.content) == (206, asked().content[:10])


def test_pictures_stay_as_they_are() -> None:
    picture = asked("no-preview.png", accept_encoding="gzip")
    assert (picture.status_code, "Content-Encoding" in picture) == (200, False)


def test_browsers_keep_them_for_good() -> None:
    answer = Client().get(settings.STATIC_URL + "console/lib/html.js")
    assert answer.status_code == 200
    assert "max-age=31536000" in answer["Cache-Control"]

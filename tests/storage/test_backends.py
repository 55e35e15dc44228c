"""Every backend, asked the same questions against a server that speaks its protocol."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from apps.storage import registry
from apps.storage.backends import once
from apps.storage.backends.base import Backend, Content, Missing, Occupied, Spoiled
from tests.storage.conftest import Place

PATH = "2026/11/Soporte técnico/E123/Angebot #1 & 50% (Größe).pdf"
WORDS = b"%PDF-1.7 what was agreed"
ONE = Content.of(WORDS)
BIG = b"0123456789abcdef" * 2**19  # 8 MB


@pytest.fixture
def backend(place: Place) -> Iterator[Backend]:
    with registry.opened(place.target()) as backend:
        yield backend


@pytest.mark.contract("1.4.b")
@pytest.mark.parametrize("content", [WORDS, BIG, b""], ids=["words", "8 MB", "nothing"])
def test_a_file_is_put_and_read_again(backend: Backend, place: Place, content: bytes) -> None:
    once.put(backend, PATH, Content.of(content), doubtful=False)
    assert place.held() == {PATH: content}
    assert b"".join(backend.read(PATH)) == content
    assert backend.sha256_of(PATH) == hashlib.sha256(content).hexdigest()


def test_what_is_not_there_is_missing(backend: Backend) -> None:
    assert backend.sha256_of("no/such") is None
    backend.delete("no/such")
    with pytest.raises(Missing):
        list(backend.read("no/such"))


def test_the_same_file_is_sent_once(backend: Backend, place: Place) -> None:
    assert once.put(backend, PATH, ONE, doubtful=False)
    assert not once.put(backend, PATH, ONE, doubtful=True)
    assert not once.put(backend, PATH, ONE, doubtful=False)
    assert list(place.held().values()) == [WORDS]


@pytest.mark.parametrize("doubtful", [False, True])
def test_another_file_at_the_path_stays(backend: Backend, place: Place, *, doubtful: bool) -> None:
    place.put("a/b.pdf", b"somebody else's")
    with pytest.raises(Occupied):
        once.put(backend, "a/b.pdf", ONE, doubtful=doubtful)
    assert place.held() == {"a/b.pdf": b"somebody else's"}


def test_only_our_own_file_is_removed(backend: Backend, place: Place) -> None:
    place.put("a/b.pdf", b"somebody else's")
    once.remove(backend, "a/b.pdf", ONE.sha256)
    assert place.held()
    once.put(backend, "a/c.pdf", ONE, doubtful=False)
    once.remove(backend, "a/c.pdf", ONE.sha256)
    assert set(place.held()) == {"a/b.pdf"}


def test_bytes_that_changed_on_our_disk_are_not_sent(backend: Backend, place: Place) -> None:
    other = replace(ONE, sha256="0" * 64)
    with pytest.raises(Spoiled):
        once.put(backend, PATH, other, doubtful=False)
    assert place.held() == {}


def test_many_files_use_one_connection(backend: Backend, place: Place) -> None:
    for number in range(20):
        once.put(backend, f"a/{number}.txt", Content.of(b"%d" % number), doubtful=False)
    assert len(place.held()) == 20

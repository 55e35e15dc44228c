"""*Test connection* of the storage: what it says, and that it leaves nothing behind."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from apps.storage import diagnose, places, storing
from apps.storage.backends.base import StorageError
from apps.storage.models import StoredObject
from tests.storage.conftest import Place
from tests.storage.test_storing import plan, put_all, row, wanted

pytestmark = pytest.mark.django_db


@pytest.mark.contract("1.4.b")
def test_a_small_file_is_written_read_and_deleted(place: Place) -> None:
    target = place.target()
    places.choose(target)
    found = diagnose.test(target)
    assert (found.ok, found.code) == (True, "ok"), found.sentence
    assert "A test file was written, read and deleted" in found.sentence
    assert place.held() == {}


@pytest.mark.contract("1.4.b")
@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("create", "could not be written: No luck."),
        ("read", "was written and could not be read again: No luck."),
        ("delete", "could not be deleted: No luck. It is called carteria-test-"),
    ],
)
def test_the_sentence_says_which_right_is_missing(
    place: Place, monkeypatch: pytest.MonkeyPatch, step: str, words: str
) -> None:
    target = place.target()
    places.choose(target)

    def refused(*_words: object) -> None:
        raise StorageError("No luck.", code="forbidden")

    names = {"s3": "S3", "sftp": "Sftp", "azure": "Azure", "google": "Google", "local": "Local"}
    kind = f"apps.storage.backends.{place.backend}.{names[place.backend]}Backend"
    with monkeypatch.context() as patch:
        patch.setattr(f"{kind}.{step}", refused)
        found = diagnose.test(target)
    assert (found.ok, found.code) == (False, "forbidden")
    assert words in found.sentence
    assert bool(place.held()) == (step == "delete")


def test_the_first_test_keeps_the_key_of_the_server_and_shows_it(sftp: Place) -> None:
    target = sftp.target(host_key="")
    places.choose(target)
    found = diagnose.test(target)
    assert found.ok and "The server's key is kept: SHA256:" in found.sentence
    target.refresh_from_db()
    assert target.host_key == sftp.server.host_key
    assert "is kept" not in diagnose.test(target).sentence


def test_what_waits_is_put_at_once_when_the_test_goes_well(sftp: Place) -> None:
    target = sftp.target(host_key="")
    places.choose(target)
    plan([wanted()])
    put_all()
    assert "test the connection once" in row().error
    assert row().not_before > timezone.now() + timedelta(seconds=20)
    assert diagnose.test(target).ok
    put_all()
    assert row().status == StoredObject.Status.STORED


def test_a_folder_that_cannot_be_made(tmp_path: Path, local: Place) -> None:
    (tmp_path / "file").write_text("no folder")
    target = local.target(root=str(tmp_path / "file" / "below"))
    places.choose(target)
    found = diagnose.test(target)
    assert (found.ok, found.step) == (False, "write")
    assert str(tmp_path) in found.sentence


def test_a_secret_that_cannot_be_read_is_told(s3: Place) -> None:
    target = s3.target(secret="gAAAA-of-another-key")
    places.choose(target)
    found = diagnose.test(target)
    assert (found.ok, "CARTERIA_KEY" in found.sentence) == (False, True)
    assert storing.targets_due() == []

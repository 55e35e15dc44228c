"""`storage:` of a settings file: every kind of place, and refusals that name the key."""

from pathlib import Path

import pytest

from apps.core.secrets import unseal
from apps.storage.models import StorageSettings, StorageTarget
from tests.config.test_configure import configured

pytestmark = pytest.mark.django_db

S3 = """version: 1
storage:
  backend: s3
  root: mail
  options: {bucket: files, endpoint: "https://s3.example.com/", region: eu-west-1, key: AKID,
            secret: s3cret}
  kinds: {raw: {on: true, path: "/{DATE}/"}, pdf: {on: false}}
"""


def test_a_bucket_is_set_up_and_told_once(tmp_path: Path) -> None:
    code, changes, told = configured(tmp_path, S3)
    assert (code, told) == (0, "")
    assert changes == [{"object": "storage", "name": "s3", "change": "changed"}]
    row = StorageSettings.load()
    assert (row.raw_on, row.raw_path, row.pdf_on, row.json_on) == (True, "{DATE}", False, False)
    target = row.target
    assert (target.bucket, target.endpoint, target.root) == (
        "files",
        "https://s3.example.com",
        "mail",
    )
    assert (unseal(target.key), unseal(target.secret)) == ("AKID", "s3cret")
    assert configured(tmp_path, S3)[1] == []


def test_a_server_may_carry_its_port(tmp_path: Path) -> None:
    text = "version: 1\nstorage: {backend: sftp, options: {host: 'Files.test:2222', user: u, secret: p}}"
    assert configured(tmp_path, text)[0] == 0
    target = StorageSettings.load().target
    assert (target.host, target.port, target.user) == ("files.test", 2222, "u")


def test_a_place_that_changes_takes_no_secret_along(tmp_path: Path) -> None:
    configured(tmp_path, S3)
    moved = "version: 1\nstorage: {options: {endpoint: 'https://evil.example.com'}}"
    assert configured(tmp_path, moved)[0] == 0
    assert StorageSettings.load().target.secret == ""
    back = "version: 1\nstorage: {options: {endpoint: 'https://s3.example.com'}}"
    configured(tmp_path, back)
    assert unseal(StorageSettings.load().target.secret) == "s3cret"


@pytest.mark.parametrize(
    ("storage", "words"),
    [
        ("{backend: s3}", "storage.options.bucket: Name the bucket"),
        (
            "{backend: s3, options: {bucket: b, endpoint: 'http://169.254.169.254'}}",
            "storage.options.endpoint: 169.254.169.254 is not an address",
        ),
        ("{backend: sftp, options: {host: a.test}}", "storage.options.user: Name the user"),
        ("{root: files}", "storage.root: Write the whole path"),
        ("{root: /etc}", "storage.root: This folder belongs to the system"),
        ("{kinds: {raw: {path: 'a//b'}}}", "storage.kinds.raw.path: Two slashes in a row"),
    ],
)
def test_a_refusal_names_the_key_and_nothing_is_written(
    tmp_path: Path, storage: str, words: str
) -> None:
    code, changes, told = configured(tmp_path, f"version: 1\nstorage: {storage}\n")
    assert (code, changes) == (2, [])
    assert words in told
    assert not StorageTarget.objects.exclude(backend="local", root="").exists()

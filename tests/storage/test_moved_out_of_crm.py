"""The migration that takes what `configure` kept beside the CRM to the storage's own rows."""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps

from apps.core.secrets import seal, unseal
from apps.storage.models import StorageSettings, StorageTarget

pytestmark = pytest.mark.django_db
migration = import_module("apps.crm.migrations.0007_storage_moves_out")


def moved(storage: Any) -> None:
    row = None if storage is None else SimpleNamespace(storage=storage)
    rows = SimpleNamespace(filter=lambda **_which: SimpleNamespace(first=lambda: row))
    before = SimpleNamespace(objects=rows)

    def get_model(app: str, name: str) -> Any:
        return before if name == "CrmSettings" else apps.get_model(app, name)

    migration.move(SimpleNamespace(get_model=get_model), None)


@pytest.mark.parametrize("storage", [None, {}])
def test_nothing_becomes_the_defaults(storage: Any) -> None:
    moved(storage)
    assert not StorageTarget.objects.exists()


def test_everything_that_was_said_is_kept() -> None:
    options = {"bucket": "files", "secret": seal("s3cret"), "host": "files.test:2222", "user": "u"}
    kinds = {"pdf": {"on": False}, "json": {"on": True, "path": "{YEAR}"}, "raw": {}}
    moved({"backend": "local", "root": "/srv/files", "kinds": kinds, "options": options})
    row = StorageSettings.load()
    assert (row.pdf_on, row.json_on, row.json_path, row.raw_on) == (False, True, "{YEAR}", False)
    target = row.target
    assert (target.root, target.host, target.port) == ("/srv/files", "files.test", 2222)
    assert (target.bucket, target.user, unseal(target.secret)) == ("files", "u", "s3cret")


@pytest.mark.parametrize("host", ["files.test", "a:b", ":22", "[::1]:99999", ""])
def test_a_server_without_a_port_has_the_usual_one(host: str) -> None:
    moved({"options": {"host": host}, "root": None, "kinds": None})
    target = StorageTarget.objects.get()
    assert (target.host, target.port, target.root) == (host, 22, "")

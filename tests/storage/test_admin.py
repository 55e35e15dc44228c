"""Settings > Email > Storage, and the list of what was stored, as people see them."""

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.models import Role
from apps.core.secrets import seal, unseal
from apps.storage.models import StorageSettings, StorageTarget, StoredObject
from apps.storage.paths import DEFAULT
from tests.people import make_user
from tests.storage.conftest import Place
from tests.storage.test_storing import plan as plan_them
from tests.storage.test_storing import put_all, use, wanted

pytestmark = pytest.mark.django_db

KINDS = {f"{kind}_path": DEFAULT for kind in ("pdf", "attachments", "json", "raw")}
LOCAL = KINDS | {"backend": "local", "local_root": "", "pdf_on": "on", "attachments_on": "on"}
S3 = {
    "backend": "s3",
    "s3_bucket": "files",
    "s3_region": "eu-west-1",
    "s3_key": "AKID",
    "s3_secret": "s3cret",
}


@pytest.fixture
def browser() -> Client:
    browser = Client()
    browser.force_login(make_user("admin", roles=[Role.ADMINISTRATOR], is_superuser=True))
    return browser


def page() -> str:
    return reverse("admin:storage_storagesettings_change", args=[StorageSettings.load().pk])


def saved(browser: Client, **fields: Any) -> str:
    """The page that comes after saving: messages, or the form with its errors."""
    answer = browser.post(page(), LOCAL | fields, follow=True)
    return str(answer.content.decode())


def test_the_first_page_shows_the_defaults(browser: Client) -> None:
    shown = browser.get(page()).content.decode()
    assert 'value="local" selected' in shown
    assert shown.count(f'value="{DEFAULT}"') == 4
    assert "Support/E5K8Q2M7R1TVX/invoice.pdf" in shown


def test_what_is_typed_is_kept_and_secrets_never_come_out(browser: Client) -> None:
    saved(browser, **S3, s3_root="/mail/", s3_endpoint="https://s3.example.com/")
    target = StorageSettings.load().target
    assert (target.backend, target.root, target.endpoint) == (
        "s3",
        "mail",
        "https://s3.example.com",
    )
    assert (unseal(target.key), unseal(target.secret)) == ("AKID", "s3cret")
    shown = browser.get(page()).content.decode()
    assert 'value="files"' in shown and "Stored. Empty keeps it." in shown
    assert "AKID" not in shown and "s3cret" not in shown and target.secret not in shown


def test_an_empty_secret_keeps_the_stored_one_at_the_same_place_only(browser: Client) -> None:
    saved(browser, **S3)
    kept = S3 | {"s3_key": "", "s3_secret": ""}
    saved(browser, **kept | {"s3_region": "eu-west-2"})
    target = StorageSettings.load().target
    assert (target.region, unseal(target.secret)) == ("eu-west-2", "s3cret")
    refused = saved(browser, **kept | {"s3_endpoint": "https://evil.example.com"})
    assert refused.count("The place changed: type it again.") == 2
    assert StorageSettings.load().target.endpoint == ""


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"pdf_path": "{YEAR}/{Queue}"}, "case matters"),
        ({"raw_path": "../{YEAR}"}, "leads out of the storage"),
        ({"local_root": "files"}, "Write the whole path"),
        ({"local_root": "/etc/mail"}, "belongs to the system"),
        ({"local_root": "/srv/../etc"}, "Write the whole path"),
        (S3 | {"s3_bucket": ""}, "Name the bucket or container"),
        (S3 | {"s3_bucket": "a/b"}, "a folder in it has its own field"),
        (S3 | {"s3_region": ""}, "Name the region"),
        (S3 | {"s3_secret": ""}, "Needed."),
        (S3 | {"s3_endpoint": "s3.example.com"}, "Write it like https://"),
        (S3 | {"s3_endpoint": "https://u:p@s3.example.com"}, "no place in it"),
        (S3 | {"s3_endpoint": "http://169.254.169.254"}, "CARTERIA_PRIVATE_HOSTS"),
        (S3 | {"s3_root": "../up"}, "leads out"),
        (S3 | {"s3_root": "{YEAR}"}, "Variables belong into the paths"),
        ({"backend": "sftp", "sftp_host": "", "sftp_user": "u"}, "Name the server"),
        ({"backend": "sftp", "sftp_host": "a.test", "sftp_user": "u"}, "Needed."),
        ({"backend": "azure", "azure_bucket": "b"}, "Name the storage account"),
        ({"backend": "ftp"}, "ftp"),
    ],
)
def test_bad_input_is_refused_at_its_field(
    browser: Client, fields: dict[str, str], words: str
) -> None:
    said = saved(browser, **fields)
    assert "errorlist" in said and words in said
    assert StorageTarget.objects.count() == 1


def test_carterias_own_data_are_no_place_for_files(browser: Client, settings: Any) -> None:
    for folder in (settings.DATA_DIR, settings.DATA_DIR / "blobs", settings.DATA_DIR.parent):
        assert "own data lie there" in saved(browser, local_root=str(folder))
    saved(browser, local_root=str(settings.DATA_DIR / "files" / "mail"))
    assert StorageSettings.load().target.root.endswith("files/mail")


def test_the_test_says_what_it_found(browser: Client, place: Place) -> None:
    names = place.fields | place.secrets
    typed = {f"{place.backend}_{name}": names[name] for name in names if name != "host_key"}
    said = saved(browser, backend=place.backend, **typed, _test="1")
    assert "A test file was written, read and deleted" in said
    assert place.held() == {}


def test_a_test_that_fails_names_the_cure(browser: Client, s3: Place) -> None:
    typed = {f"s3_{name}": value for name, value in (s3.fields | s3.secrets).items()}
    said = saved(browser, backend="s3", **typed | {"s3_bucket": "not-there"}, _test="1")
    assert "There is no bucket “not-there”" in said


def test_the_key_of_a_server_is_forgotten_only_by_hand(browser: Client, sftp: Place) -> None:
    use(sftp)
    typed = {f"sftp_{name}": value for name, value in sftp.fields.items()}
    saved(browser, backend="sftp", **typed)
    assert StorageSettings.load().target.host_key
    saved(browser, backend="sftp", **typed, sftp_forget="on")
    assert StorageSettings.load().target.host_key == ""


def test_another_place_is_another_row_and_the_old_one_comes_back_with_its_secrets(
    browser: Client,
) -> None:
    saved(browser, **S3)
    first = StorageSettings.load().target
    saved(browser)
    assert StorageSettings.load().target.backend == "local"
    saved(browser, **S3 | {"s3_key": "", "s3_secret": ""})
    assert StorageSettings.load().target == first
    assert StorageTarget.objects.count() == 2


@pytest.mark.contract("1.4.a")
def test_the_preview_follows_what_is_typed(browser: Client) -> None:
    def preview(path: str, kind: str = "raw") -> Any:
        query = {"kind": kind, "path": path}
        return json.loads(browser.get(reverse("admin:storage-preview"), query).content)

    assert preview("{QUEUE}/{TICKET_ID}")["path"] == "Support/1042/message-4711.eml"
    assert "leads out" in preview("../x")["problem"]
    plan_them([wanted("1", kind="raw", queue="A/B", name="m.eml")])
    assert preview("{QUEUE}")["path"].startswith("A_B~")
    assert preview("x", kind="nothing") == {"path": "", "problem": ""}


def test_the_preview_is_for_those_who_see_the_page(browser: Client) -> None:
    address = reverse("admin:storage-preview") + "?kind=raw&path="
    for role, status in ((Role.AUDITOR, 200), (Role.SUPERVISOR, 403), (Role.AGENT, 302)):
        other = Client()
        other.force_login(make_user(f"a {role}".replace(" ", ""), roles=[role]))
        assert other.get(address).status_code == status


def test_an_auditor_sees_the_place_and_changes_nothing() -> None:
    StorageTarget.objects.create(backend="s3", bucket="files", secret=seal("s3cret"))
    auditor = Client()
    auditor.force_login(make_user("vera", roles=[Role.AUDITOR]))
    shown = auditor.get(page()).content.decode()
    assert "Amazon S3 or compatible, files" in shown and "Save and test" not in shown
    assert auditor.post(page(), LOCAL).status_code == 403


# ---- the list -----------------------------------------------------------------------------------


def listed(browser: Client, query: str = "") -> str:
    answer = browser.get(reverse("admin:storage_storedobject_changelist") + query)
    return str(answer.content.decode())


def test_files_are_found_by_session_path_and_status(browser: Client, local: Place) -> None:
    use(local)
    plan_them([wanted("1"), wanted("2", session_id="E2", name="b.pdf")])
    put_all()
    StoredObject.objects.filter(key="2").update(status="failed", error="Out of luck.")
    assert "invoice.pdf" in listed(browser) and "Out of luck." in listed(browser)
    for query in ("?q=e1", "?q=2026/11/Support/E1", "?status__exact=stored"):
        found = listed(browser, query)
        assert ("invoice.pdf" in found, "b.pdf" in found) == (True, False)


def test_what_failed_is_tried_again_from_the_list(browser: Client, local: Place) -> None:
    use(local)
    plan_them([wanted()])
    StoredObject.objects.update(status="failed")
    pk = StoredObject.objects.get().pk
    form = {"action": "try_again", "_selected_action": [pk]}
    said = browser.post(reverse("admin:storage_storedobject_changelist"), form, follow=True)
    assert "1 file is tried now." in said.content.decode()
    assert StoredObject.objects.get().status == "planned"


def test_the_list_asks_as_little_for_many_as_for_one(browser: Client, local: Place) -> None:
    def asked() -> int:
        cache.clear()
        listed(browser)
        with CaptureQueriesContext(connection) as queries:
            listed(browser)
        return len(queries)

    use(local)
    plan_them([wanted("0")])
    put_all()
    few = asked()
    plan_them([wanted(str(number)) for number in range(1, 30)])
    put_all()
    assert asked() == few

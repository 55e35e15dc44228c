"""Settings > Email > Storage in a real browser: only what counts is shown, and paths come alive."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from apps.storage.models import StorageSettings
from tests.browser.conftest import Open
from tests.people import House

pytestmark = pytest.mark.browser


@pytest.fixture
def page(house: House, open_as: Open) -> Page:
    address = f"/admin/storage/storagesettings/{StorageSettings.load().pk}/change/"
    return open_as(house.admin, address)


def test_only_the_fields_of_the_chosen_kind_are_shown(page: Page) -> None:
    owners = ("local_root", "s3_bucket", "google_secret", "azure_user", "sftp_key")
    for chosen in ("s3", "google", "azure", "sftp", "local"):
        page.select_option("[name=backend]", chosen)
        for name in owners:
            field = page.locator(f"[name={name}]")
            expect(field).to_be_visible(visible=name.startswith(chosen))


@pytest.mark.contract("1.4.a")
def test_a_path_is_filled_in_while_it_is_typed(page: Page) -> None:
    preview = page.locator("#preview_raw_path")
    page.fill("[name=raw_path]", "mail/{QUEUE}/{DIRECTION}")
    expect(preview).to_have_text("mail/Support/in/message-4711.eml")
    page.fill("[name=raw_path]", "mail/{Queue}")
    expect(preview).to_contain_text("write {QUEUE}: case matters")
    page.fill("[name=raw_path]", "../mail")
    expect(preview).to_contain_text("leads out of the storage")


@pytest.mark.contract("1.4.b")
def test_the_test_says_what_it_did(page: Page, tmp_path: Path) -> None:
    page.fill("[name=local_root]", str(tmp_path / "mail"))
    page.click("[name=_test]")
    expect(page.locator(".messagelist")).to_contain_text("written, read and deleted")
    assert list((tmp_path / "mail").iterdir()) == []

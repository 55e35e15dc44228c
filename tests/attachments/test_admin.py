"""Settings > Email > Attachments, and the list of files."""

import pytest
from django.test import Client

from apps.attachments.models import AttachmentSettings, VerdictChange
from apps.core.models import User
from tests.attachments.conftest import MakeFile

FORM = {"max_files": 5, "max_inline": 6, "max_total_mb": 20, "scan_limit_mb": 30, "rescan_days": 7}
PAGE = "/admin/attachments/attachmentsettings/1/change/"


@pytest.fixture
def browser(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_superuser("irene"))
    AttachmentSettings.load()
    return client


def test_limits_and_the_block_list_are_saved(browser: Client) -> None:
    assert browser.get(PAGE).status_code == 200
    browser.post(PAGE, FORM | {"blocked": "js, *.ISO .lnk js"})
    row = AttachmentSettings.load()
    assert (row.max_files, row.scan_limit_mb) == (5, 30)
    assert row.also_block == ["iso", "js", "lnk"]


def test_what_is_no_extension_is_named(browser: Client) -> None:
    page = browser.post(PAGE, FORM | {"blocked": "js tar.gz"})
    assert "tar.gz is no file extension" in page.content.decode()
    assert AttachmentSettings.load().also_block == []


@pytest.mark.contract("1.5.g")
def test_the_list_ships_empty_and_one_click_adds_the_recommended_types(browser: Client) -> None:
    assert AttachmentSettings.load().also_block == []
    assert 'name="_add_recommended"' in browser.get(PAGE).content.decode()
    page = browser.post(PAGE, FORM | {"blocked": "dmg", "_add_recommended": "x"}, follow=True)
    blocked = AttachmentSettings.load().also_block
    assert page.redirect_chain == [(PAGE, 302)]
    assert "The recommended types are on the list now." in page.content.decode()
    assert {"dmg", "js", "vbs", "lnk", "iso", "html"} <= set(blocked)


def test_files_are_listed_with_verdict_and_without_bytes(browser: Client, file: MakeFile) -> None:
    letter = file(b"secret bytes", "minutes.pdf", reason="scanner-down")
    listed = browser.get("/admin/attachments/attachment/").content.decode()
    shown = browser.get(f"/admin/attachments/attachment/{letter.pk}/change/").content.decode()
    assert "minutes.pdf" in listed and "scanner-down" in listed
    assert "minutes.pdf" in shown and "secret bytes" not in shown


def test_nobody_changes_a_verdict_by_hand(browser: Client, file: MakeFile) -> None:
    letter = file()
    path = f"/admin/attachments/attachment/{letter.pk}/"
    assert browser.post(path + "change/", {"verdict": "clean"}).status_code == 403
    assert browser.post(path + "delete/", {"post": "yes"}).status_code == 403
    letter.refresh_from_db()
    assert letter.verdict == "waiting"


@pytest.mark.contract("1.5.e")
def test_changed_verdicts_say_from_to_why_and_by_whom(browser: Client, file: MakeFile) -> None:
    irene = User.objects.get()
    known = {"engine": "ClamAV 1.4.6", "signature_version": "27800"}
    released, found = (file(b"secret bytes", name) for name in ("contract.docx", "bill.xlsx"))
    VerdictChange.objects.create(
        attachment=released, before="withheld", after="clean", reason="released:irene", by=irene
    )
    VerdictChange.objects.create(
        attachment=found, before="clean", after="infected", reason="infected:Found.Later", **known
    )
    path = "/admin/attachments/verdictchange/"
    listed = browser.get(path).content.decode()
    for words in ("contract.docx", "released:irene", "bill.xlsx", "infected:Found.Later"):
        assert words in listed
    infected = browser.get(path, {"after": "infected"}).content.decode()
    assert "bill.xlsx" in infected and "contract.docx" not in infected


@pytest.mark.contract("1.5.e")
def test_nobody_writes_or_removes_a_changed_verdict(browser: Client, file: MakeFile) -> None:
    change = VerdictChange.objects.create(attachment=file(), before="withheld", after="clean")
    path = f"/admin/attachments/verdictchange/{change.pk}/"
    assert browser.get(path + "change/").status_code == 200
    assert browser.post(path + "change/", {"after": "infected"}).status_code == 403
    assert browser.post(path + "delete/", {"post": "yes"}).status_code == 403
    assert browser.get("/admin/attachments/verdictchange/add/").status_code == 403

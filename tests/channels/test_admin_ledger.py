"""The ledger's pages: old mail buries nothing, counts are asked for, old mail is brought in."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.channels import signals
from apps.channels.models import FolderCursor, InboundEmail, LedgerCheck, MailImport
from tests.people import House, make_house

pytestmark = pytest.mark.django_db

LEDGER = "/admin/email_channels/inboundemail/"
CHECKS = "/admin/email_channels/ledgercheck/"
IMPORTS = "/admin/email_channels/mailimport/"


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def admin(house: House, client: Client) -> Client:
    client.force_login(house.admin)
    return client


def old_mails(house: House, count: int) -> None:
    """Noted, of yesterday."""
    account = house.mailbox.account
    fields = {"account": account, "folder": "INBOX", "uidvalidity": 5}
    yesterday = timezone.now() - timedelta(days=1)
    InboundEmail.objects.bulk_create(
        InboundEmail(uid=uid, status="before-start", server_date=yesterday, **fields)
        for uid in range(1, count + 1)
    )
    cursor = {"first_uid": count + 1, "last_uid": count, "noted_uid": count}
    FolderCursor.objects.create(account=account, folder="INBOX", uidvalidity=5, **cursor)


def test_old_mail_does_not_bury_the_ledger(house: House, admin: Client) -> None:
    old_mails(house, 30)
    row = InboundEmail.objects.create(source="api", sha256="x", status="stored", subject="Parcel")
    listed = admin.get(LEDGER).context["cl"]
    assert (list(listed.result_list), listed.result_count) == ([row], 1)
    assert admin.get(f"{LEDGER}?status__exact=before-start").context["cl"].result_count == 30
    assert admin.get(f"{LEDGER}?status__exact=all").context["cl"].result_count == 31
    old = InboundEmail.objects.filter(uid=3).get()
    assert admin.get(f"{LEDGER}?q={old.pk}").context["cl"].result_count == 1


def test_a_count_says_in_words_what_it_found(house: House, admin: Client) -> None:
    account = house.mailbox.account
    check = LedgerCheck.objects.create(
        account=account,
        folder="INBOX",
        on_server=9,
        in_ledger=7,
        missing_rows=2,
        without_row=[4, 7],
        missing_raws=1,
        without_raw=[77],
    )
    LedgerCheck.objects.create(account=account, folder="Sales", sentence="The server is away.")
    listed = admin.get(CHECKS).content.decode()
    assert "2 mails have no row (UID 4, 7); the next fetch brings them in." in listed
    assert "Not counted: The server is away." in listed
    shown = admin.get(f"{CHECKS}{check.pk}/change/").content.decode()
    assert "4, 7" in shown
    assert "ALARM. 9 on the server, 7 in the ledger." in shown


def test_count_now_asks_for_every_account_that_receives(
    house: House, admin: Client, django_capture_on_commit_callbacks
) -> None:
    asked = []

    def hear(account_id: int, **facts: object) -> None:
        asked.append(account_id)

    signals.count_asked.connect(hear)
    with django_capture_on_commit_callbacks(execute=True):
        answer = admin.post(f"{CHECKS}count/", follow=True)
    signals.count_asked.disconnect(hear)
    assert asked == [house.mailbox.account_id]
    assert "being counted" in answer.content.decode()


def test_an_auditor_looks_and_starts_nothing(house: House, client: Client) -> None:
    client.force_login(house.auditor)
    assert "count-now" not in client.get(CHECKS).content.decode()
    assert client.post(f"{CHECKS}count/").status_code == 403
    assert client.get(f"{IMPORTS}add/").status_code == 403


def test_old_mail_is_counted_first_and_then_brought_in(house: House, admin: Client) -> None:
    old_mails(house, 3)
    asked = {"account": house.mailbox.account_id, "since": timezone.localdate() - timedelta(9)}
    question = admin.get(f"{IMPORTS}add/", asked).content.decode()
    assert "3 mails would come." in question
    assert not MailImport.objects.exists()
    admin.post(f"{IMPORTS}add/", asked)
    job = MailImport.objects.get()
    assert (job.wanted, job.state, job.asked_by) == (3, "waiting", house.admin)
    again = admin.post(f"{IMPORTS}add/", asked).content.decode()
    assert "being brought in already" in again


def test_an_import_shows_how_far_it_is_and_can_be_stopped(house: House, admin: Client) -> None:
    job = MailImport.objects.create(
        account=house.mailbox.account, since=timezone.localdate(), wanted=8, done=2
    )
    page = f"{IMPORTS}{job.pk}/"
    shown = admin.get(f"{page}change/").content.decode()
    assert "2 of 8" in shown
    assert 'value="25"' in shown
    assert "Stopped." in admin.post(f"{page}stop/", follow=True).content.decode()
    job.refresh_from_db()
    assert job.state == "stopped"
    assert "ended already" in admin.post(f"{page}stop/", follow=True).content.decode()


def test_a_folder_that_is_still_looked_through_is_said(house: House, admin: Client) -> None:
    old_mails(house, 3)
    FolderCursor.objects.update(noted_uid=1)
    asked = {"account": house.mailbox.account_id, "since": timezone.localdate() - timedelta(9)}
    assert "there may be more" in admin.get(f"{IMPORTS}add/", asked).content.decode()

"""The page that moves a mailbox: a look first, then one button, and a row for good."""

import pytest
from django.test import Client

from apps.channels.models import EmailAccount, Mailbox, MailboxMove
from apps.core.models import SettingsChange, User
from tests.people import House, make_account, make_house, make_mailbox, make_session

pytestmark = pytest.mark.django_db

PAGE = "/admin/email_channels/mailboxmove/"


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def new(house: House) -> EmailAccount:
    return make_account("New", send_kind="none")


@pytest.fixture
def root(house: House) -> Client:
    return as_user(house.admin)


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def asked(house: House, account: EmailAccount) -> dict[str, int]:
    return {"mailbox": house.mailbox.pk, "account": account.pk}


def test_a_look_changes_nothing_and_says_what_to_look_after(
    root: Client, house: House, new: EmailAccount
) -> None:
    make_session(house.support, mailbox=house.mailbox)
    EmailAccount.objects.exclude(pk=new.pk).update(trusted_servers=["mx.test"])
    make_mailbox("stays@x.test", account=house.mailbox.account)
    answer = root.get(f"{PAGE}add/", asked(house, new))
    said = answer.content.decode()
    assert (
        answer.context["happens"][0]
        == "1 conversation keeps its sessions, its ticket and its drafts."
    )
    warned = " ".join(answer.context["warnings"])
    for words in ("New does not work", "does not send", "checks senders", "stays@x.test"):
        assert words in warned
    assert 'data-test="do-move"' in said
    assert Mailbox.objects.get(pk=house.mailbox.pk).account_id == house.mailbox.account_id
    assert not MailboxMove.objects.exists()


def test_the_button_moves_it_and_shows_the_row(
    root: Client, house: House, new: EmailAccount
) -> None:
    seen = root.get(f"{PAGE}add/", asked(house, new)).context["seen"]
    answer = root.post(f"{PAGE}add/", asked(house, new) | {"seen": seen}, follow=True)
    done = MailboxMove.objects.get()
    assert answer.redirect_chain == [(f"{PAGE}{done.pk}/change/", 302)]
    assert "is being read to its end" in answer.content.decode()
    assert (done.by, done.counts["there"], done.to_account) == (house.admin, 0, new)
    assert root.get(PAGE).status_code == 200
    change = SettingsChange.objects.filter(kind="email_channels.mailbox").latest("pk")
    assert change.by_id == house.admin.pk


def test_what_nobody_has_counted_is_not_written_down(
    root: Client, house: House, new: EmailAccount
) -> None:
    root.post(f"{PAGE}add/", asked(house, new) | {"seen": "forged"})
    assert "known" not in MailboxMove.objects.get().counts


def test_a_refusal_stands_beside_the_field(root: Client, house: House) -> None:
    off = make_account("Off", enabled=False)
    answer = root.post(f"{PAGE}add/", asked(house, off))
    assert answer.context["form"].errors == {
        "account": ["Off is not in use; put it into use first."]
    }
    assert "happens" not in answer.context


def test_the_form_of_a_mailbox_leads_here_and_points_it_nowhere_by_itself(
    root: Client, house: House, new: EmailAccount
) -> None:
    page = f"/admin/email_channels/mailbox/{house.mailbox.pk}/change/"
    assert f"{PAGE}add/?mailbox={house.mailbox.pk}" in root.get(page).content.decode()
    form = {"address": house.mailbox.address, "account": new.pk, "customer_from": "from"}
    root.post(page, form | {"route-TOTAL_FORMS": 0, "route-INITIAL_FORMS": 0})
    assert Mailbox.objects.get(pk=house.mailbox.pk).account_id == house.mailbox.account_id


def test_whoever_only_looks_finds_no_button(house: House, new: EmailAccount) -> None:
    auditor = as_user(house.auditor)
    assert auditor.get(f"{PAGE}add/", asked(house, new)).status_code == 403
    assert auditor.post(f"{PAGE}add/", asked(house, new)).status_code == 403
    page = f"/admin/email_channels/mailbox/{house.mailbox.pk}/change/"
    assert "move-mailbox" not in auditor.get(page).content.decode()

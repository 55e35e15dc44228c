"""Servers that stamp an account's mail are found in the mail, and one forgery is not enough."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.channels.models import EmailAccount, InboundEmail, Mailbox
from apps.channels.receive import receive_one
from apps.channels.stamps import stamping_servers
from apps.core import blobs
from tests.people import House, make_house

pytestmark = pytest.mark.django_db

OWN = "Authentication-Results: MX.carteria.test 1; dmarc=none\r\n"
FORGED = "Authentication-Results: mx.evil.test; dmarc=pass\r\n"
NAMELESS = "Authentication-Results: spf=pass smtp.mailfrom=a.test\r\n"


@pytest.fixture
def house() -> House:
    return make_house()


def arrive(mailbox: Mailbox, *heads: str) -> EmailAccount:
    for number, head in enumerate(heads):
        raw = f"{head}From: a@b.test\r\nSubject: {number}\r\n\r\nx".encode()
        receive_one(raw, mailbox=mailbox, source=InboundEmail.Source.API)
    return mailbox.account


def page_of(client: Client, house: House, account: EmailAccount) -> str:
    client.force_login(house.admin)
    response = client.get(reverse("admin:email_channels_emailaccount_change", args=[account.pk]))
    assert response.status_code == 200
    return response.content.decode()


def test_the_name_on_top_of_most_mails_is_told(house: House) -> None:
    account = arrive(house.mailbox, OWN, OWN + FORGED, FORGED, "")
    assert stamping_servers(account) == ([], 4)
    arrive(house.mailbox, OWN + "X: 1\r\n")
    assert stamping_servers(account) == (["mx.carteria.test"], 5)


def test_a_server_without_a_name_is_called_none(house: House) -> None:
    assert stamping_servers(arrive(house.mailbox, NAMELESS)) == (["none"], 1)


def test_without_mail_there_is_nothing_to_tell(house: House) -> None:
    assert stamping_servers(house.mailbox.account) == ([], 0)


def test_a_mail_whose_bytes_are_gone_is_passed_over(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = arrive(house.mailbox, OWN)
    monkeypatch.setattr(blobs, "_path", lambda pack: blobs.Path("/nowhere") / pack)
    assert stamping_servers(account) == ([], 1)


def test_the_account_page_names_them(house: House, client: Client) -> None:
    account = arrive(house.mailbox, OWN, OWN + "X: <b>\r\n")
    assert "Most of the last 2 mails carry on top: mx.carteria.test." in page_of(
        client, house, account
    )


def test_a_hostile_name_stays_text(house: House, client: Client) -> None:
    field = "Authentication-Results: <script>x</script>; dmarc=pass\r\n"
    account = arrive(house.mailbox, field)
    assert stamping_servers(account) == ([], 1)
    assert "<script>x" not in page_of(client, house, account)

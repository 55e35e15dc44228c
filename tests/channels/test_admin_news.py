"""The account's page says where a provider tells of sent mail, and that it was not tried live."""

import pytest
from django.test import Client

from apps.channels.models import ChannelSettings
from apps.channels.providers import keys
from apps.core.models import Role
from tests.channels.providers.news_hooks import PROVIDERS, make_sender
from tests.people import make_account, make_user

pytestmark = pytest.mark.django_db


def page_of(pk: int) -> str:
    client = Client()
    client.force_login(make_user(roles=[Role.ADMINISTRATOR]))
    return client.get(f"/admin/email_channels/emailaccount/{pk}/change/").content.decode()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_address_for_news_stands_beside_the_form(provider: str) -> None:
    ChannelSettings.load()
    ChannelSettings.objects.update(external_url="https://console.test")
    account = make_sender(provider)
    page = page_of(account.pk)
    assert f"{keys.path_of(account, ending='events/')}" in page
    assert "Not verified live" in page


def test_an_account_that_sends_by_smtp_has_none() -> None:
    assert 'data-test="news"' not in page_of(make_account().pk)

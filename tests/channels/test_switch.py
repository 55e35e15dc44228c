"""The master switch (SPEC 1.1.c): off by default, its condition, and that nothing comes in."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.channels import fetch, idle
from apps.channels.models import ChannelSettings, EmailAccount, InboundEmail
from tests.calls import Caller, problem
from tests.channels.mailboxes import account_at, fetched_again, mails, switch_on, unseen
from tests.people import House, make_account, make_house, make_user
from tests.servers.dovecot import Dovecot

pytestmark = [pytest.mark.django_db, pytest.mark.contract("1.1.c")]

MAIL = b"From: ann@customer.test\r\nTo: support@carteria.test\r\nSubject: Hi\r\n\r\nHello\r\n"


def switch_off() -> None:
    ChannelSettings.objects.update(enabled=False)


# ---- the condition ------------------------------------------------------------------------------


def test_a_new_installation_is_off() -> None:
    assert ChannelSettings.load().enabled is False


def submitted(**fields: str) -> Any:
    """The channel's form as an administrator sends it."""
    client = Client()
    client.force_login(make_user("boss", roles=["administrator"]))
    row = ChannelSettings.load()
    address = reverse("admin:email_channels_channelsettings_change", args=[row.pk])
    page = client.get(address)
    names = page.context["adminform"].form.fields
    usual = {name: "" for name in names if name not in {"enabled", *fields}}
    usual |= {"language": "en", "time_zone": "UTC", "undo_seconds": "10"}
    usual |= {"auto_responses_per_day": "1"}
    return client.post(address, usual | fields)


@pytest.mark.parametrize("typed", ["", "   "])
def test_the_form_asks_for_the_console_address_first(typed: str) -> None:
    answer = submitted(enabled="on", external_url=typed)
    assert answer.status_code == 200
    assert "external_url" in answer.context["adminform"].form.errors
    assert not ChannelSettings.load().enabled


def test_the_form_switches_on_with_an_address() -> None:
    assert submitted(enabled="on", external_url="https://support.example.com").status_code == 302
    assert ChannelSettings.load().enabled


def test_the_form_keeps_the_address_while_the_channel_is_on() -> None:
    switch_on()
    assert submitted(enabled="on", external_url="").status_code == 200
    assert ChannelSettings.load().external_url


@pytest.mark.parametrize(
    "channel",
    ["{enabled: true}", '{enabled: true, external_url: ""}'],
)
def test_configure_refuses_it_without_an_address(
    channel: str, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(f"version: 1\nchannel: {channel}\n")
    with pytest.raises(SystemExit) as ended:
        call_command("configure", str(file))
    assert ended.value.code == 2
    assert f"{file}:2:" in capsys.readouterr().err
    assert not ChannelSettings.load().enabled


def test_configure_does_not_take_the_address_away_from_a_channel_that_is_on(tmp_path: Any) -> None:
    switch_on()
    file = tmp_path / "settings.yaml"
    file.write_text('version: 1\nchannel: {external_url: ""}\n')
    with pytest.raises(SystemExit):
        call_command("configure", str(file))
    assert ChannelSettings.load().external_url


def test_the_database_refuses_it_without_an_address() -> None:
    ChannelSettings.load()
    with pytest.raises(IntegrityError), transaction.atomic():
        ChannelSettings.objects.update(enabled=True)
    switch_on()
    with pytest.raises(IntegrityError), transaction.atomic():
        ChannelSettings.objects.update(external_url="")


def test_no_address_of_the_api_knows_the_switch() -> None:
    caller = Caller(make_user("boss", roles=["administrator"]))
    for path in ("channel/", "settings/", "channels/"):
        assert problem(caller.post(path, {"enabled": True})) == (404, "not-found")


# ---- nothing comes in ---------------------------------------------------------------------------


def due_account(**fields: Any) -> EmailAccount:
    fields = {"receive_kind": "imap", "next_fetch_at": timezone.now()} | fields
    return make_account(**fields)


def test_no_account_is_due_and_nobody_waits_in_a_mailbox() -> None:
    account = due_account(idle=True)
    assert fetch.due_accounts() == []
    assert idle.places() == set()
    switch_on()
    assert fetch.due_accounts() == [account.pk]
    assert {place.account_id for place in idle.places()} == {account.pk}


def test_a_task_that_was_sent_before_fetches_nothing(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    account = account_at(dovecot, user)
    for raw in mails(2):
        dovecot.deliver(user, raw)
    assert fetched_again(account) == 0
    assert unseen(dovecot, user) == 2
    switch_on()
    assert fetched_again(account) == 2


def test_switched_off_amid_a_fetch_it_stops_and_goes_on_later(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was committed is in the ledger once; the rest is fetched after the switch is on."""
    user = dovecot.new_user()
    account = account_at(dovecot, user)
    for raw in mails(3):
        dovecot.deliver(user, raw)
    switch_on()
    monkeypatch.setattr(fetch, "RENEW_EVERY", 0)
    asked = iter([True, True])
    monkeypatch.setattr(fetch, "_may_fetch", lambda _account: next(asked, False))
    fetched_again(account)
    monkeypatch.undo()
    assert InboundEmail.objects.count() < 3
    fetched_again(account)
    assert InboundEmail.objects.filter(duplicate_of=None).count() == 3
    assert InboundEmail.objects.count() == 3


@pytest.fixture
def house() -> House:
    return make_house()


def test_a_program_is_told_to_come_back(house: House) -> None:
    switch_off()
    caller = Caller(house.robot, "inbound")
    path = f"inbound/{house.mailbox.address}/"
    answer = caller.send(path, MAIL, content_type="message/rfc822")
    assert problem(answer) == (503, "channel-off")
    assert int(answer["Retry-After"]) > 0
    switch_on()
    assert caller.send(path, MAIL, content_type="message/rfc822").status_code == 202

"""The wizard's steps: who may, what the rows say, what is refused and why."""

from typing import Any

import pytest
from django.test import Client

from apps.channels.models import ChannelSettings, EmailAccount, Mailbox
from apps.core.models import Role, User
from apps.core.secrets import unseal
from apps.queues.models import Queue
from config.models import SetUp
from tests.config.wizard import ADDRESS, START, Wizard, account_form
from tests.people import House, make_account, make_agent, make_house, make_queue, make_user

pytestmark = pytest.mark.django_db

STEPS = ("account", "test", "round-trip", "mailbox", "queue", "members", "old-mail", "switch-on")


def wizard_of(user: User) -> Wizard:
    client = Client()
    client.force_login(user)
    return Wizard(client)


@pytest.fixture
def wizard() -> Wizard:
    return wizard_of(make_user("ada", roles=[Role.ADMINISTRATOR]))


@pytest.fixture
def connected(wizard: Wizard) -> Wizard:
    wizard.open("account")
    wizard.send("account", **account_form())
    return wizard


@pytest.fixture
def routed(connected: Wizard) -> Wizard:
    """As far as the queue; the connection was left for later."""
    connected.send("test", later="1")
    connected.send("round-trip", later="1")
    connected.send("mailbox", address=ADDRESS, from_name="Acme help", aliases="")
    connected.send("queue", name="Help", routing="manual", capacity=10)
    return connected


# ---- who --------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["irene", "auditor"])
def test_only_administrators_may_set_up(who: str) -> None:
    house = make_house(channel_on=False)
    client = wizard_of(getattr(house, who)).client
    for step in ("", *(f"{step}/" for step in STEPS), "live/", "round-trip/look/"):
        assert client.get(START + step).status_code == 403
        assert client.post(START + step).status_code == 403


def test_agents_do_not_even_get_to_the_door() -> None:
    house = make_house(channel_on=False)
    answer = wizard_of(house.alice.user).client.get(START)
    assert answer.status_code in (302, 403)
    assert Client().get(START).status_code == 302


# ---- progress ---------------------------------------------------------------------------


def test_it_begins_with_the_account_and_locks_the_rest(wizard: Wizard) -> None:
    page = wizard.open()
    assert wizard.where == "account/"
    assert page.count("Not yet") == 7
    wizard.open("queue")
    assert wizard.where == "account/"
    assert "First this step" in wizard.page


def test_another_administrator_goes_on_where_it_was_left(routed: Wizard) -> None:
    other = wizard_of(make_user("ben", roles=[Role.ADMINISTRATOR]))
    other.open()
    assert other.where == "members/"
    other.send("members", agents=[make_agent("alice").pk])
    routed.open()
    assert routed.where == "old-mail/"


def test_rows_made_elsewhere_count_as_done(wizard: Wizard) -> None:
    house = make_house(channel_on=False)
    wizard.client.post(f"{START}use/{house.mailbox.account_id}/")
    wizard.open("queue")
    assert "Support" in wizard.page
    assert "People in it: 2" in wizard.page


def test_a_page_costs_few_queries(routed: Wizard, django_assert_max_num_queries: Any) -> None:
    for step in STEPS:
        with django_assert_max_num_queries(14):
            routed.open(step)


# ---- account ----------------------------------------------------------------------------


def test_the_password_goes_in_and_never_comes_out(connected: Wizard) -> None:
    account = EmailAccount.objects.get()
    assert unseal(account.receive_password) == unseal(account.send_password) == "pass-word"
    assert account.receive_user == account.send_user == account.name == ADDRESS
    page = connected.open("account")
    assert "pass-word" not in page
    assert "Stored. Empty keeps it." in page


def test_a_provider_fills_in_what_was_left_empty(wizard: Wizard) -> None:
    empty = account_form(provider="google", receive_host="", send_host="", receive_port="")
    wizard.send("account", **empty)
    account = EmailAccount.objects.get()
    assert (account.receive_host, account.receive_port) == ("imap.gmail.com", 993)
    assert (account.send_host, account.send_tls) == ("smtp.gmail.com", "starttls")


def test_a_guessed_server_is_only_shown_never_stored(wizard: Wizard) -> None:
    page = wizard.send("account", **account_form(receive_host="", new_receive_password=""))
    assert "Name the server; it is needed to connect." in page
    assert "Type the password of this user." in page
    assert not EmailAccount.objects.exists()


def test_an_address_of_another_account_is_refused_by_name(wizard: Wizard) -> None:
    make_house(channel_on=False)
    page = wizard.send("account", **account_form(address="Support@carteria.test"))
    assert "belongs to the account" in page


def test_a_double_click_makes_one_account(wizard: Wizard) -> None:
    wizard.open("account")
    stamp = wizard.seen["account"]
    for _click in range(2):
        wizard.seen["account"] = stamp
        wizard.send("account", **account_form())
        assert wizard.where == "test/"
    assert EmailAccount.objects.count() == 1


def test_the_second_of_two_administrators_is_told_and_loses_nothing(connected: Wizard) -> None:
    ben = wizard_of(make_user("ben", roles=[Role.ADMINISTRATOR]))
    ben.open("account")
    connected.open("account")
    connected.send("account", **account_form(receive_host="imap.one.test"))
    page = ben.send("account", **account_form(receive_host="imap.two.test"))
    assert "Somebody else changed this step" in page
    assert "imap.two.test" in page
    assert EmailAccount.objects.get().receive_host == "imap.one.test"
    ben.send("account", **account_form(receive_host="imap.two.test"))
    assert EmailAccount.objects.get().receive_host == "imap.two.test"


@pytest.mark.parametrize("same", [{}, {"same_login": ""}])
@pytest.mark.parametrize("side", ["receive", "send"])
def test_a_password_is_typed_again_for_another_server(
    connected: Wizard, side: str, same: dict[str, str]
) -> None:
    connected.open("account")
    form = account_form(new_receive_password="", receive_user=ADDRESS, send_user=ADDRESS) | same
    page = connected.send("account", **form | {f"{side}_host": "thief.test"})
    assert page.count("The server changed: type the password again.") == 1
    connected.send("account", **form)
    assert connected.where == "test/"
    assert unseal(EmailAccount.objects.get().send_password) == "pass-word"


def test_one_login_for_both_takes_no_password_to_a_server_that_had_none(wizard: Wizard) -> None:
    wizard.send("account", **account_form(same_login=""))
    page = wizard.send("account", **account_form(new_receive_password="", send_host="thief.test"))
    assert "The server changed: type the password again." in page
    assert EmailAccount.objects.get().send_password == ""


def test_spaces_belong_to_a_password(wizard: Wizard) -> None:
    wizard.send("account", **account_form(new_receive_password=" pass word "))
    account = EmailAccount.objects.get()
    assert unseal(account.receive_password) == unseal(account.send_password) == " pass word "


def test_going_back_changes_the_same_account(connected: Wizard) -> None:
    connected.open("account")
    connected.send("account", **account_form(address="new@acme.test", name="Main"))
    assert EmailAccount.objects.get().name == "Main"
    assert SetUp.load().address == "new@acme.test"


def test_with_the_channel_on_a_new_account_waits_for_the_last_step(wizard: Wizard) -> None:
    make_house()
    wizard.send("account", **account_form())
    assert EmailAccount.objects.get(name=ADDRESS).enabled is False


# ---- test -------------------------------------------------------------------------------


def test_a_side_that_fails_keeps_the_door_shut_until_it_is_left_for_later(
    connected: Wizard,
) -> None:
    page = connected.send("test", **{"try": "both"})
    assert page.count("Does not work") == 2
    assert "check host and port" in page
    assert 'data-test="next"' not in page
    connected.send("test", later="1")
    assert connected.where == "round-trip/"
    assert "Left for later" in connected.page


def test_a_test_counts_only_for_the_settings_it_was_made_with(connected: Wizard) -> None:
    connected.send("test", **{"try": "receive"})
    connected.open("account")
    connected.send("account", **account_form(receive_port=10))
    page = connected.open("test")
    assert "The settings have changed since the last test." in page
    assert "Does not work" not in page


# ---- mailbox, queue, members ------------------------------------------------------------


def test_aliases_are_checked_against_every_mailbox(connected: Wizard) -> None:
    make_house(channel_on=False)
    fields = {"address": ADDRESS, "from_name": "Acme"}
    page = connected.send("mailbox", **fields, aliases="not an address")
    assert "is no email address" in page
    page = connected.send("mailbox", **fields, aliases="SUPPORT@carteria.test")
    assert "belongs to the mailbox support@carteria.test" in page
    connected.send("mailbox", **fields, aliases=f"info@acme.test\n{ADDRESS}\ninfo@acme.test")
    assert Mailbox.objects.get(address=ADDRESS).aliases == ["info@acme.test"]


def test_the_first_mailbox_sends_the_invitations(routed: Wizard) -> None:
    assert ChannelSettings.load().notice_mailbox == Mailbox.objects.get()


def test_a_queue_that_is_there_gets_the_mailbox_and_keeps_its_rules(routed: Wizard) -> None:
    orders = make_queue("Orders", routing="automatic", capacity=3)
    routed.open("queue")
    routed.send("queue", existing=orders.pk, name="ignored", routing="manual", capacity=99)
    orders.refresh_from_db()
    assert Mailbox.objects.get().route.queue == orders
    assert (orders.name, orders.routing, orders.capacity) == ("Orders", "automatic", 3)


def test_going_back_renames_the_queue_instead_of_making_another(routed: Wizard) -> None:
    routed.open("queue")
    own = Queue.objects.get()
    routed.send("queue", existing=own.pk, name="Desk", routing="automatic", capacity=5)
    assert list(Queue.objects.values_list("name", "routing")) == [("Desk", "automatic")]


def test_a_queue_needs_a_name_of_its_own_and_room(routed: Wizard) -> None:
    make_queue("Orders")
    own = Queue.objects.get(name="Help").pk
    routed.open("queue")
    fields = {"existing": own, "routing": "manual"}
    assert "already exists" in routed.send("queue", **fields, name="Orders", capacity=1)
    assert "nobody would ever be given" in routed.send("queue", **fields, name="S", capacity=0)


def test_members_are_chosen_among_agents_and_teams(routed: Wizard) -> None:
    house = make_house(channel_on=False)
    north = house.alice.teams.get()
    page = routed.send("members")
    assert "Choose at least one" in page
    routed.send("members", agents=[house.charlie.pk], teams=[north.pk])
    assert routed.where == "old-mail/"
    routed.open("members")
    routed.send("members", teams=[north.pk])
    queue = Mailbox.objects.get(address=ADDRESS).route.queue
    assert [str(one) for one in queue.memberships.all()] == ["North"]


def test_a_new_agent_is_made_put_in_and_the_link_handed_over(routed: Wizard) -> None:
    form = {"agent-full_name": "Eva Luna", "agent-username": "eva", "agent-email": "eva@acme.test"}
    address = {"agent-console_address": "https://mail.acme.test/"}
    page = routed.send("members", new="1", **form, **address)
    eva = User.objects.get(username="eva")
    assert (eva.first_name, eva.last_name, eva.has_role(Role.AGENT)) == ("Eva", "Luna", True)
    assert not eva.has_usable_password()
    assert "People in it: 1" in page
    assert "Hand over this link" in page and "https://mail.acme.test/" in page
    assert "There is a user of that name" in routed.send("members", new="1", **form)


# ---- old mail, switch -------------------------------------------------------------------


def test_old_mail_is_left_alone_unless_somebody_says_otherwise(routed: Wizard) -> None:
    page = routed.open("old-mail")
    assert 'value="now" checked' in page
    assert "Say from which day on." in routed.send("old-mail", start="date")
    assert "still to come" in routed.send("old-mail", start="date", start_date="2999-01-01")
    routed.send("old-mail", start="date", start_date="2026-01-05")
    account = EmailAccount.objects.get()
    assert (account.start, str(account.start_date)) == ("date", "2026-01-05")


def test_a_server_that_cannot_be_asked_is_named(routed: Wizard) -> None:
    page = routed.open("old-mail", count="")
    assert "The server could not be asked" in page
    assert 'value="now" checked' in page


def test_what_is_open_is_listed_before_the_switch_and_after(routed: Wizard) -> None:
    page = routed.open("switch-on")
    assert "Not everything is in place yet" in page
    assert 'value="http://testserver"' in page
    page = routed.send("switch-on", external_url="http://console.test/")
    assert "say that it may wait" in page
    assert not ChannelSettings.load().enabled
    page = routed.send("switch-on", external_url="http://console.test/", although="on")
    assert "You are live" in page and "Still open" in page
    channel = ChannelSettings.load()
    assert (channel.enabled, channel.external_url) == (True, "http://console.test")


def test_without_a_queue_there_is_nothing_to_switch_on(connected: Wizard) -> None:
    connected.send("mailbox", address=ADDRESS, from_name="", aliases="")
    connected.send("switch-on", external_url="http://console.test", although="on")
    assert not ChannelSettings.load().enabled


def test_live_is_shown_only_to_who_is_live(routed: Wizard) -> None:
    routed.open("live")
    assert routed.where == "members/"


def test_another_account_begins_anew_and_keeps_the_first(routed: Wizard) -> None:
    routed.send("switch-on", external_url="http://console.test", although="on")
    routed.client.post(f"{START}another/")
    brought = make_account("brought", receive_kind="provider", provider="mailgun")
    page = routed.open("account")
    assert "Go on with an account that is here already" in page
    assert f"/use/{brought.pk}/" not in page
    assert EmailAccount.objects.exclude(pk=brought.pk).get().name == ADDRESS
    assert ChannelSettings.load().enabled


def test_an_account_that_went_away_leaves_a_fresh_start(connected: Wizard) -> None:
    EmailAccount.objects.all().delete()
    connected.open()
    assert connected.where == "account/"


def test_an_account_that_only_sends_needs_no_round_trip(wizard: Wizard, house: House) -> None:
    sender = make_account("out", receive_kind="none", receive_host="")
    wizard.client.post(f"{START}use/{sender.pk}/")
    assert "Not needed: one way only" in wizard.open("round-trip")


@pytest.fixture
def house() -> House:
    return make_house(channel_on=False)

"""A mailbox's page: who the customer is, the reply address, and its two buttons."""

from unittest.mock import patch

import pytest
from django.test import Client

from apps.channels.models import Mailbox
from apps.channels.send import Outcome
from tests.people import House, make_house

pytestmark = pytest.mark.django_db

State = Mailbox.ReplyToken


@pytest.fixture
def house() -> House:
    return make_house()


def as_user(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def page(house: House) -> str:
    return f"/admin/email_channels/mailbox/{house.mailbox.pk}/"


def do(client: Client, house: House, verb: str):
    return client.post(f"{page(house)}do/{verb}/", follow=True)


def form_of(house: House, **typed: str) -> dict[str, object]:
    mailbox = house.mailbox
    return {
        "address": mailbox.address,
        "account": mailbox.account_id,
        "customer_from": "from",
        "route-TOTAL_FORMS": 0,
        "route-INITIAL_FORMS": 0,
    } | typed


def test_the_form_keeps_policy_and_forms(house: House) -> None:
    typed = {"customer_from": "listed", "form_senders": "Forms@Shop.Example\n*@pages.example"}
    answer = as_user(house.admin).post(f"{page(house)}change/", form_of(house, **typed))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    saved = Mailbox.objects.get(pk=house.mailbox.pk)
    assert saved.customer_from == "listed"
    assert saved.form_senders == ["forms@shop.example", "*@pages.example"]


@pytest.mark.parametrize(
    ("forms", "told"), [("", "Name the addresses"), ("shop.example", "*@shop.example")]
)
def test_a_list_that_is_no_list_is_told(house: House, forms: str, told: str) -> None:
    typed = form_of(house, customer_from="listed", form_senders=forms)
    answer = as_user(house.admin).post(f"{page(house)}change/", typed)
    assert told in str(answer.context["adminform"].form.errors["form_senders"])


def test_the_button_sends_the_trial_outside_of_any_transaction(house: House) -> None:
    def sent(*args: object, **kwargs: object) -> Outcome:
        mailbox = Mailbox.objects.get(pk=house.mailbox.pk)
        assert mailbox.reply_token == State.ASKED
        return Outcome("sent", 250, "")

    with patch("apps.tickets.reply_address.send", side_effect=sent) as send:
        answer = do(as_user(house.admin), house, "try-reply-address")
    assert send.call_count == 1
    assert "on its way" in answer.content.decode()


def test_a_trial_that_is_refused_says_why(house: House) -> None:
    refused = Outcome("failed", 550, "550 no such user")
    with patch("apps.tickets.reply_address.send", return_value=refused):
        answer = do(as_user(house.admin), house, "try-reply-address").content.decode()
    assert "550 no such user" in answer
    assert "switched off: a mail did not arrive" in answer


def test_it_can_be_switched_off(house: House) -> None:
    Mailbox.objects.update(reply_token=State.ON)
    do(as_user(house.admin), house, "switch-off-reply-address")
    assert Mailbox.objects.get(pk=house.mailbox.pk).reply_token == State.OFF


def test_a_verb_that_is_none_is_not_there(house: House) -> None:
    assert do(as_user(house.admin), house, "delete-all").status_code == 404


def test_looking_at_the_address_does_nothing(house: House) -> None:
    client = as_user(house.admin)
    assert client.get(f"{page(house)}do/try-reply-address/").status_code == 405


@pytest.mark.parametrize("who", ["auditor", "irene", "robot"])
def test_only_administrators_may(house: House, who: str) -> None:
    with patch("apps.tickets.reply_address.send") as send:
        do(as_user(getattr(house, who)), house, "try-reply-address")
    assert not send.called
    assert Mailbox.objects.get(pk=house.mailbox.pk).reply_token == State.OFF
    shown = as_user(house.auditor).get(f"{page(house)}change/").content.decode()
    assert "try-reply-address" not in shown


def test_a_new_address_has_neither_state_nor_buttons(house: House) -> None:
    shown = as_user(house.admin).get("/admin/email_channels/mailbox/add/").content.decode()
    assert "reply-address" not in shown

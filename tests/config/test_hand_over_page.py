"""The page on which an administrator hands over who leaves."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.models import User
from apps.tickets.models import Session
from tests.people import House, make_agent, make_house, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(user: User) -> str:
    return reverse("admin:hand-over", args=[user.pk])


def test_the_users_page_leads_there(house: House) -> None:
    page = browser(house.admin).get(reverse("admin:core_user_change", args=[house.alice.user_id]))
    assert address(house.alice.user) in page.content.decode()
    assert house.alice.user.password not in page.content.decode()


def test_it_counts_asks_and_tells_what_happened(house: House) -> None:
    make_session(house.support, agent=house.alice)
    client = browser(house.admin)
    page = client.get(address(house.alice.user)).content.decode()
    assert "Support" in page and "<dd>1</dd>" in page and "Who takes over" in page

    done = client.post(address(house.alice.user), {"to": house.bob.pk, "sure": "on"})

    assert "Alice signs in no more" in done.content.decode()
    assert Session.objects.get().agent == house.bob
    again = client.post(address(house.alice.user), {"to": "", "sure": "on"})
    assert "nothing left to hand over" in again.content.decode()


def test_it_wants_to_be_sure(house: House) -> None:
    answer = browser(house.admin).post(address(house.alice.user), {"to": house.bob.pk})
    assert answer.status_code == 422
    assert User.objects.get(pk=house.alice.user_id).is_active


def test_only_who_can_work_may_be_chosen(house: House) -> None:
    gone = make_agent("gone", is_active=False)
    for foreign in (gone.pk, house.alice.pk, 999_999):
        form = {"to": foreign, "sure": "on"}
        assert browser(house.admin).post(address(house.alice.user), form).status_code == 422


def test_one_does_not_hand_over_oneself(house: House) -> None:
    client = browser(house.admin)
    assert "Ask another administrator" in client.get(address(house.admin)).content.decode()
    assert client.post(address(house.admin), {"sure": "on"}).status_code in (200, 422)
    assert User.objects.get(pk=house.admin.pk).is_active


def test_it_is_for_administrators(house: House) -> None:
    for person in (house.irene, house.auditor):
        assert browser(person).get(address(house.alice.user)).status_code == 403
    assert browser(house.bob.user).get(address(house.alice.user)).status_code == 302
    assert browser(house.admin).get("/admin/core/user/999999/hand-over/").status_code == 404

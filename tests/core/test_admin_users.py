"""The page of a user in the admin: roles, switching off, and whoever must stay."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.models import Role, User
from tests.people import House, make_house, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def save(by: User, user: User, **fields: Any) -> Any:
    form = {"username": user.username, "language": "en", "is_active": "on"} | fields
    kept = {name: value for name, value in form.items() if value is not None}
    return browser(by).post(reverse("admin:core_user_change", args=[user.pk]), kept)


@pytest.mark.parametrize(
    "fields", [{"roles": ["agent"]}, {"roles": ["administrator"], "is_active": None}]
)
def test_the_last_administrator_is_told_why_not(house: House, fields: dict[str, Any]) -> None:
    page = save(house.admin, house.admin, **fields)
    assert "Admin is the last administrator. Give somebody else that role first." in (
        page.content.decode()
    )
    admin = User.objects.get(pk=house.admin.pk)
    assert admin.is_active and admin.has_role(Role.ADMINISTRATOR)


def test_one_of_two_may_give_the_role_away(house: House) -> None:
    second = make_user("second", roles=[Role.ADMINISTRATOR])
    assert save(second, house.admin, roles=["agent"]).status_code == 302
    assert User.objects.get(pk=house.admin.pk).role_names == {Role.AGENT}


def test_switching_off_ends_the_sign_ins(house: House) -> None:
    alice = browser(house.alice.user)
    assert save(house.admin, house.alice.user, is_active=None, roles=["agent"]).status_code == 302
    assert alice.get("/").status_code == 302


def test_nobody_is_named_like_somebody_else_in_capitals(house: House) -> None:
    page = save(house.admin, house.alice.user, username="ADMIN", roles=["agent"])
    assert "There is a user of that name already." in page.content.decode()

    assert save(house.admin, house.alice.user, username="Alice", roles=["agent"]).status_code == 302
    assert User.objects.get(pk=house.alice.user.pk).username == "Alice"


def test_an_integration_stays_one(house: House) -> None:
    save(house.admin, house.robot, roles=["auditor"])
    assert User.objects.get(pk=house.robot.pk).role_names == {Role.INTEGRATION, Role.AUDITOR}


def test_nobody_else_saves_a_role(house: House) -> None:
    for person in (house.auditor, house.irene):
        assert save(person, person, roles=["administrator"]).status_code == 403
        assert not User.objects.get(pk=person.pk).has_role(Role.ADMINISTRATOR)


def test_an_auditor_reads_the_roles_as_words(house: House) -> None:
    page = browser(house.auditor).get(reverse("admin:core_user_change", args=[house.irene.pk]))
    assert "Supervisor" in page.content.decode()
    assert "_save" not in page.content.decode()


def test_no_page_shows_a_password_or_its_hash(house: House) -> None:
    for person in (house.admin, house.auditor):
        page = browser(person).get(reverse("admin:core_user_change", args=[house.alice.user_id]))
        assert house.alice.user.password not in page.content.decode()
        assert "pbkdf2" not in page.content.decode()


# ---- oneself ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"roles": ["agent"]}, "roles"),
        ({"roles": ["administrator"], "is_active": None}, "is_active"),
    ],
)
def test_nobody_locks_oneself_out(house: House, fields: dict[str, Any], field: str) -> None:
    make_user("second", roles=[Role.ADMINISTRATOR])
    page = save(house.admin, house.admin, **fields)
    told = dict(page.context["adminform"].errors)
    assert told == {field: ["Ask another administrator to take your own role away."]}
    admin = User.objects.get(pk=house.admin.pk)
    assert admin.is_active and admin.has_role(Role.ADMINISTRATOR)
    assert save(house.admin, house.admin, roles=["administrator", "agent"]).status_code == 302


# ---- time zone ----------------------------------------------------------------------------------


def zones_at(by: User, user: User) -> list[str]:
    page = browser(by).get(reverse("admin:core_user_change", args=[user.pk]))
    return [value for value, _label in page.context["adminform"].form.fields["time_zone"].choices]


def test_a_time_zone_is_chosen_and_may_be_that_of_the_channel(house: House) -> None:
    alice = house.alice.user
    assert zones_at(house.admin, alice)[:2] == ["", "UTC"]
    for zone in ("Europe/Madrid", ""):
        assert save(house.admin, alice, roles=["agent"], time_zone=zone).status_code == 302
        assert User.objects.get(pk=alice.pk).time_zone == zone
    page = save(house.admin, alice, roles=["agent"], time_zone="Europe/Madird")
    assert list(page.context["adminform"].errors) == ["time_zone"]


def test_a_stored_zone_that_is_not_offered_stays(house: House) -> None:
    alice = house.alice.user
    User.objects.filter(pk=alice.pk).update(time_zone="Mars/Base")
    assert zones_at(house.admin, alice)[-1] == "Mars/Base"
    assert save(house.admin, alice, roles=["agent"], time_zone="Mars/Base").status_code == 302


def test_a_new_user_s_time_zone_is_chosen_as_well(house: House) -> None:
    page = browser(house.admin).get(reverse("admin:core_user_add")).content.decode()
    assert '<option value="Europe/Madrid">' in page

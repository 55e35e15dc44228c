"""Signing in: one generic failure, only safe ways on, and no second door."""

import pytest
from django.test import Client
from django.utils import timezone

from apps.core.models import SignInSettings
from tests.people import House, make_user

LOGIN = "/accounts/login/"


@pytest.mark.parametrize("name", ["alice", "alice@agents.test", "ALICE@agents.test"])
def test_name_or_address_and_password_open_the_console(house: House, name: str) -> None:
    response = Client().post(LOGIN, {"login": name, "password": "alice"})

    assert (response.status_code, response["Location"]) == (302, "/")


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("alice", "wrong"),
        ("nobody", "alice"),
        ("nobody@x.test", "alice"),
        ("", "alice"),
        ("alice", ""),
        ("a" * 300, "alice"),
        ("alice\0", "alice"),
    ],
)
def test_the_failure_does_not_say_what_was_wrong(house: House, name: str, password: str) -> None:
    response = Client().post(LOGIN, {"login": name, "password": password})
    page = response.content.decode()

    assert response.status_code == 200
    assert page.count('role="alert"') == 1
    assert "That name and password do not match." in page


def test_the_password_is_not_sent_back(house: House) -> None:
    response = Client().post(LOGIN, {"login": "alice", "password": "hunter-two"})

    assert b"hunter-two" not in response.content


def test_somebody_who_left_cannot_sign_in(house: House) -> None:
    house.alice.user.is_active = False
    house.alice.user.save()

    assert Client().post(LOGIN, {"login": "alice", "password": "alice"}).status_code == 200


def test_an_address_of_two_people_opens_nothing(house: House) -> None:
    house.bob.user.email = "alice@agents.test"
    house.bob.user.save()

    for password in ("alice", "bob"):
        form = {"login": "alice@agents.test", "password": password}
        assert Client().post(LOGIN, form).status_code == 200


def test_a_name_that_looks_like_an_address_is_still_a_name(house: House) -> None:
    make_user("dana@elsewhere.test", email="other@agents.test")

    form = {"login": "dana@elsewhere.test", "password": "dana@elsewhere.test"}
    assert Client().post(LOGIN, form).status_code == 302


@pytest.mark.parametrize(
    ("wanted", "way"),
    [
        ("/?view=mine", "/?view=mine"),
        ("https://evil.test/", "/"),
        ("//evil.test", "/"),
        ("/\\evil.test", "/"),
        ("https:///evil.test", "/"),
        ("javascript:alert(1)", "/"),
        ("http://127.0.0.1/", "/"),
    ],
)
def test_next_stays_in_this_house(house: House, wanted: str, way: str) -> None:
    form = {"login": "alice", "password": "alice", "next": wanted}

    assert Client().post(LOGIN, form)["Location"] == way


@pytest.mark.parametrize("path", ["/", "/s/E000000000000/", "/e/1/", "/m/1/", "/tickets/1/"])
def test_strangers_are_sent_to_the_door(db: None, path: str) -> None:
    response = Client().get(path)

    assert response["Location"] == f"{LOGIN}?next={path}"


def test_signing_out_is_a_post(house: House) -> None:
    client = Client()
    client.force_login(house.alice.user)

    assert client.get("/accounts/logout/").status_code == 405
    assert client.post("/accounts/logout/")["Location"] == LOGIN
    assert client.get("/").status_code == 302


def test_a_sign_in_ends_at_its_hour(house: House) -> None:
    row = SignInSettings.load()
    row.hours = 3
    row.save()
    client = Client()
    client.post(LOGIN, {"login": "alice", "password": "alice"})

    left = client.session.get_expiry_date() - timezone.now()
    assert 2.99 < left.total_seconds() / 3600 <= 3
    assert 3590 * 3 < client.cookies["sessionid"]["max-age"] <= 3600 * 3


@pytest.mark.parametrize(
    "path",
    [
        "signup/",
        "email/",
        "inactive/",
        "password/set/",
        "confirm-email/",
        "3rdparty/",
        "login/code/",
        "2fa/webauthn/",
        "2fa/recovery-codes/download/",
    ],
)
def test_allauths_other_pages_are_not_there(house: House, path: str) -> None:
    client = Client()
    client.force_login(house.admin)

    assert client.get(f"/accounts/{path}").status_code == 404


# ---- the administration -----------------------------------------------------------------------


def test_the_administration_has_no_door_of_its_own(house: House) -> None:
    client = Client()
    form = {"username": "admin", "password": "admin", "next": "/admin/"}

    answer = client.post("/admin/login/?next=/admin/core/user/", form)

    assert answer["Location"] == f"{LOGIN}?next=/admin/core/user/"
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    assert "_auth_user_id" not in client.session


def test_who_has_no_business_there_is_told_so(house: House) -> None:
    client = Client()
    client.force_login(house.alice.user)

    assert client.get("/admin/", follow=True).status_code == 403


def test_the_administrations_password_page_is_ours(house: House) -> None:
    client = Client()
    client.force_login(house.admin)

    assert client.get("/admin/password_change/")["Location"] == "/accounts/password/change/"

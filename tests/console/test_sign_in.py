"""Signing in: one generic failure, only safe ways on."""

import pytest
from django.test import Client

from tests.people import House

LOGIN = "/accounts/login/"


@pytest.mark.parametrize("name", ["alice", "alice@agents.test", "ALICE@agents.test"])
def test_name_or_address_and_password_open_the_console(house: House, name: str) -> None:
    response = Client().post(LOGIN, {"login": name, "password": "alice"})

    assert (response.status_code, response["Location"]) == (302, "/")


@pytest.mark.parametrize(
    ("name", "password"), [("alice", "wrong"), ("nobody", "alice"), ("nobody@x.test", "alice")]
)
def test_the_failure_does_not_say_what_was_wrong(house: House, name: str, password: str) -> None:
    response = Client().post(LOGIN, {"login": name, "password": password})

    assert response.status_code == 200
    assert "That name and password do not match." in response.content.decode()
    assert password not in response.content.decode() or password == name


def test_somebody_who_left_cannot_sign_in(house: House) -> None:
    house.alice.user.is_active = False
    house.alice.user.save()

    assert Client().post(LOGIN, {"login": "alice", "password": "alice"}).status_code == 200


def test_an_address_of_two_people_opens_nothing(house: House) -> None:
    house.bob.user.email = "alice@agents.test"
    house.bob.user.save()

    response = Client().post(LOGIN, {"login": "alice@agents.test", "password": "alice"})

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("wanted", "way"),
    [("/?view=mine", "/?view=mine"), ("https://evil.test/", "/"), ("//evil", "/")],
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

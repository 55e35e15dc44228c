"""The house and its people at the door of the console."""

from collections.abc import Callable

import pytest
from django.test import Client

from apps.core.models import User
from tests.people import House, make_house

SignIn = Callable[[User], Client]


@pytest.fixture
def house(db: None) -> House:
    return make_house()


@pytest.fixture
def as_user() -> SignIn:
    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def alice(house: House, as_user: SignIn) -> Client:
    return as_user(house.alice.user)


@pytest.fixture
def bob(house: House, as_user: SignIn) -> Client:
    return as_user(house.bob.user)


@pytest.fixture
def irene(house: House, as_user: SignIn) -> Client:
    return as_user(house.irene)

"""Somebody who writes, as the composer does."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from apps.core.models import User
from apps.tickets.models import Session
from tests.console.conftest import SignIn
from tests.people import House, make_message, make_session


class Composer:
    """Paths are below /desk/."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def get(self, path: str, **query: str) -> Any:
        return self.client.get(f"/desk/{path}", query)

    def post(self, path: str, **body: Any) -> Any:
        return self.client.post(f"/desk/{path}", body, content_type="application/json")

    def put(self, path: str, **body: Any) -> Any:
        return self.client.put(f"/desk/{path}", body, content_type="application/json")

    def begin(self, session: Session, **body: Any) -> dict[str, Any]:
        told = {"kind": "reply", "session": session.public_id} | body
        answer: dict[str, Any] = self.post("drafts/", **told).json()
        return answer

    def upload(self, draft: dict[str, Any], content: bytes = b"paid", **told: str) -> Any:
        told = {"name": "receipt.txt", "type": "text/plain"} | told
        path = f"/desk/drafts/{draft['id']}/files/?{urlencode(told)}"
        return self.client.post(path, content, content_type="application/octet-stream")

    def send(self, draft: dict[str, Any], **body: Any) -> Any:
        told = {"html": "<p>It is on its way.</p>", "version": draft["version"]} | body
        return self.post(f"drafts/{draft['id']}/send/", **told)


@pytest.fixture
def session(house: House) -> Session:
    session = make_session(
        house.support,
        agent=house.alice,
        mailbox=house.mailbox,
        customer_name="Ann",
        status=Session.Status.ACTIVE,
    )
    make_message(session, from_name="Ann")
    return session


@pytest.fixture
def commits(django_capture_on_commit_callbacks: Any) -> Any:
    return django_capture_on_commit_callbacks


Sit = Callable[[User], Composer]


@pytest.fixture
def sit(as_user: SignIn) -> Sit:
    return lambda user: Composer(as_user(user))


@pytest.fixture
def alice(house: House, sit: Sit) -> Composer:
    return sit(house.alice.user)

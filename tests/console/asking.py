"""Asking as the console's script does: JSON both ways, and what it costs."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.tickets.models import Session


def post(client: Client, path: str, **body: Any) -> Any:
    """PATH below /desk/."""
    return client.post(f"/desk/{path}", body, content_type="application/json")


def act(client: Client, session: Session, verb: str, **body: Any) -> Any:
    return post(client, f"sessions/{session.public_id}/{verb}/", **body)


def read(client: Client, path: str) -> Any:
    """PATH below /desk/."""
    answer = client.get(f"/desk/{path}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def conversation(client: Client, session: Session, query: str = "") -> Any:
    return read(client, f"sessions/{session.public_id}/{query}")


def only_mail(client: Client, session: Session) -> Any:
    (message,) = conversation(client, session)["messages"]
    return message


def queries(work: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as asked:
        answer = work()
        assert getattr(answer, "status_code", 200) < 300
    return len(asked)

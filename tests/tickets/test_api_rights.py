"""Roles and scopes against every address: what is not yours is not there."""

from collections.abc import Callable

import pytest

from apps.core.models import User
from apps.crm.models import Ticket, TicketLink
from apps.tickets.models import Session
from tests.calls import Caller, problem
from tests.people import (
    House,
    crm_connection,
    make_attachment,
    make_house,
    make_message,
    make_session,
)

pytestmark = pytest.mark.django_db

PEOPLE: dict[str, Callable[[House], User]] = {
    "alice": lambda house: house.alice.user,
    "charlie": lambda house: house.charlie.user,
    "irene": lambda house: house.irene,
    "admin": lambda house: house.admin,
    "auditor": lambda house: house.auditor,
    "robot": lambda house: house.robot,
}
# Of a session in the queue Support, in which Alice works and Irene supervises:
#                     alice charlie irene admin auditor robot
GETS = {
    "sessions/{session}/":        (200, 404, 200, 200, 200, 200),
    "messages/{message}/":        (200, 404, 200, 200, 200, 200),
    "attachments/{file}/content/":(200, 404, 200, 200, 200, 200),
    "tickets/{ticket}/":          (200, 404, 200, 200, 200, 200),
    "queues/{queue}/":            (200, 404, 200, 200, 200, 200),
    "agents/":                    (200, 200, 200, 200, 200, 200),
    "accounts/":                  (403, 403, 200, 200, 200, 200),
    "ledger/":                    (403, 403, 403, 200, 200, 200),
    "quarantine/":                (403, 403, 403, 200, 200, 403),
    "pipeline/":                  (403, 403, 200, 200, 200, 200),
}  # fmt: skip
POSTS = {
    "sessions/{session}/take/":     (200, 404, 403, 403, 403, 403),
    "sessions/{session}/assign/":   (403, 404, 400, 400, 403, 403),
    "sessions/{session}/transfer/": (400, 404, 400, 400, 403, 400),
    "sessions/{session}/status/":   (400, 404, 400, 400, 403, 400),
    "sessions/{session}/reply/":    (400, 404, 400, 400, 403, 400),
    "sessions/":                    (400, 400, 400, 400, 403, 400),
    "quarantine/1/release/":        (403, 403, 403, 404, 403, 403),
}  # fmt: skip


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def words(house: House) -> dict[str, object]:
    session = make_session(house.support)
    message = make_message(session)
    ticket = Ticket.objects.create(subject="x", marker=session.thread.key)
    TicketLink.objects.create(
        thread_key=session.thread.key,
        connection=crm_connection(),
        ticket=str(ticket.pk),
        url="http://t/",
    )
    return {
        "session": session.public_id,
        "message": message.pk,
        "file": make_attachment(message).pk,
        "ticket": ticket.pk,
        "queue": house.support.pk,
    }


@pytest.mark.parametrize("path", GETS)
def test_reading(house: House, words: dict[str, object], path: str) -> None:
    callers = [Caller(person(house)) for person in PEOPLE.values()]
    assert tuple(one.get(path.format(**words)).status_code for one in callers) == GETS[path]
    assert Caller(None).get(path.format(**words)).status_code == 401


@pytest.mark.parametrize("path", POSTS)
def test_writing(house: House, words: dict[str, object], path: str) -> None:
    """Empty bodies: 400 means that the caller got as far as the body."""
    callers = [Caller(person(house)) for person in PEOPLE.values()]
    assert tuple(one.post(path.format(**words)).status_code for one in callers) == POSTS[path]
    assert Caller(None).post(path.format(**words)).status_code == 401


def test_lists_hold_only_what_is_yours(house: House, words: dict[str, object]) -> None:
    charlie = Caller(house.charlie.user)
    for path in ("sessions/", "messages/"):
        assert charlie.get(path).json()["results"] == []
    assert [one["name"] for one in charlie.get("queues/").json()["results"]] == ["Other"]


def test_a_token_to_read_does_not_write(house: House, words: dict[str, object]) -> None:
    reader = Caller(house.alice.user, "read")
    path = "sessions/{session}/".format(**words)
    assert reader.get(path).status_code == 200
    assert problem(reader.post(path + "take/")) == (403, "scope-missing")
    assert Session.objects.get().agent is None


def test_a_token_for_events_or_mail_alone_does_not_read(house: House) -> None:
    for scope in ("events", "inbound", "unheard-of"):
        assert problem(Caller(house.robot, scope).get("sessions/")) == (403, "scope-missing")


def test_a_token_to_write_reads_too(house: House, words: dict[str, object]) -> None:
    writer, path = Caller(house.alice.user, "write"), "sessions/{session}/".format(**words)
    assert writer.get(path).status_code == 200
    assert writer.post(path + "take/").status_code == 200


def test_a_scope_gives_no_right_that_the_user_lacks(house: House) -> None:
    assert problem(Caller(house.auditor, "write").post("sessions/")) == (403, "read-only")

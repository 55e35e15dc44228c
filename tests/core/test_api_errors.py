"""Every error is application/problem+json with a code and a sentence."""

from unittest.mock import patch

import pytest

from apps.core.errors import Unavailable
from tests.calls import Caller, problem
from tests.people import House, make_house, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


def test_without_a_token_it_is_401(house: House) -> None:
    answer = Caller(None).get("sessions/")
    assert problem(answer) == (401, "not-authenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_with_an_unknown_token_it_is_401(house: House) -> None:
    caller = Caller(None)
    caller.headers = {"Authorization": "Bearer nonsense"}
    assert problem(caller.get("sessions/")) == (401, "authentication-failed")


def test_a_user_who_is_switched_off_is_out(house: House) -> None:
    caller = Caller(house.alice.user)
    house.alice.user.is_active = False
    house.alice.user.save()
    assert problem(caller.get("sessions/")) == (401, "authentication-failed")


@pytest.mark.parametrize("path", ["", "nowhere/", "sessions", "sessions/1/", "messages/x/"])
def test_an_unknown_address_is_404(house: House, path: str) -> None:
    assert problem(Caller(house.admin).get(path)) == (404, "not-found")


def test_a_wrong_method_is_405(house: House) -> None:
    assert problem(Caller(house.admin).post("queues/")) == (405, "method-not-allowed")


def test_a_kind_of_body_that_nobody_reads_is_415(house: House) -> None:
    session = make_session(house.support, agent=house.alice)
    path = f"sessions/{session.public_id}/status/"
    answer = Caller(house.alice.user).send(path, b"<xml/>", content_type="application/xml")
    assert problem(answer) == (415, "unsupported-media-type")


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000, b'{"status": NaN}', b"[]", b"7"])
def test_broken_json_is_400(house: House, body: bytes) -> None:
    session = make_session(house.support, agent=house.alice)
    path = f"sessions/{session.public_id}/status/"
    answer = Caller(house.alice.user).send(path, body, content_type="application/json")
    assert problem(answer)[0] == 400


def test_a_body_over_the_limit_is_413(house: House) -> None:
    session = make_session(house.support)
    caller = Caller(house.alice.user)
    with patch("apps.core.api.views.ApiViewSet.max_body", 100):
        answer = caller.post(f"sessions/{session.public_id}/reply/", {"text": "x" * 200})
    assert problem(answer) == (413, "too-large")


def test_a_body_without_a_length_is_411(house: House) -> None:
    session = make_session(house.support)
    answer = Caller(house.alice.user).client.generic(
        "POST",
        f"/api/v1/sessions/{session.public_id}/take/",
        headers=Caller(house.alice.user).headers | {"Transfer-Encoding": "chunked"},
    )
    assert problem(answer) == (411, "length-required")


def test_not_now_says_when_to_come_again(house: House) -> None:
    session = make_session(house.support)
    with patch("apps.tickets.sessions.take", side_effect=Unavailable("disk-full", "Full.")):
        answer = Caller(house.alice.user).post(f"sessions/{session.public_id}/take/")
    assert problem(answer) == (503, "disk-full")
    assert answer["Retry-After"] == "60"


def test_what_nobody_foresaw_says_no_details(house: House) -> None:
    session = make_session(house.support)
    with patch("apps.tickets.sessions.take", side_effect=RuntimeError("secret detail")):
        answer = Caller(house.alice.user).post(f"sessions/{session.public_id}/take/")
    assert problem(answer) == (500, "internal-error")
    assert "secret" not in answer.content.decode()


def test_the_answer_is_json_whatever_the_caller_accepts(house: House) -> None:
    caller = Caller(house.alice.user)
    caller.headers |= {"Accept": "image/png"}
    assert caller.get("sessions/").status_code == 200

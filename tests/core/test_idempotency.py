"""Idempotency-Key: once, whatever is repeated."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.utils import timezone

from apps.attachments.models import AttachmentSettings
from apps.core.api.idempotency import forget_old
from apps.core.errors import Unavailable
from apps.core.models import AnsweredRequest
from apps.tickets.models import Message, Session, SessionEvent
from tests.calls import Caller, problem
from tests.people import House, make_house, make_message, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def path(house: House) -> str:
    return f"sessions/{make_session(house.support).public_id}/"


def test_the_same_request_gets_the_first_answer_and_takes_effect_once(
    house: House, path: str
) -> None:
    alice = Caller(house.alice.user)
    first = alice.post(path + "take/", key="k")
    Session.objects.update(subject="changed meanwhile")
    second = alice.post(path + "take/", key="k")
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert SessionEvent.objects.count() == 1


def test_another_body_or_path_with_the_same_key_is_a_conflict(house: House, path: str) -> None:
    irene = Caller(house.irene)
    assert irene.post(path + "assign/", {"agent": "bob"}, key="k").status_code == 200
    other_body = irene.post(path + "assign/", {"agent": "alice"}, key="k")
    other_path = irene.post(path + "transfer/", {"agent": "bob"}, key="k")
    assert problem(other_body) == problem(other_path) == (409, "idempotency-conflict")


def test_the_order_of_json_keys_does_not_matter(house: House, path: str) -> None:
    irene = Caller(house.irene)
    irene.post(path + "assign/", {"agent": "bob", "x": 1}, key="k")
    again = irene.post(path + "assign/", {"x": 1, "agent": "bob"}, key="k")
    assert again.status_code == 200


def test_a_key_belongs_to_its_user(house: House, path: str) -> None:
    assert Caller(house.alice.user).post(path + "take/", key="k").status_code == 200
    assert problem(Caller(house.bob.user).post(path + "take/", key="k")) == (409, "already-taken")


def test_an_error_of_the_caller_is_an_answer_too(house: House, path: str) -> None:
    charlie = Caller(house.charlie.user)
    assert problem(charlie.post(path + "take/", key="k")) == (404, "not-found")
    house.charlie.teams.set(house.alice.teams.all())
    assert problem(charlie.post(path + "take/", key="k")) == (404, "not-found")
    assert charlie.post(path + "take/", key="l").status_code == 200


@pytest.mark.parametrize("error", [Unavailable("disk-full", "Full."), RuntimeError()])
def test_an_error_of_the_server_is_not_kept(house: House, path: str, error: Exception) -> None:
    alice = Caller(house.alice.user)
    with patch("apps.tickets.sessions.take", side_effect=error):
        assert alice.post(path + "take/", key="k").status_code >= 500
    assert alice.post(path + "take/", key="k").status_code == 200


def who_answers() -> tuple[Caller, str]:
    house = make_house()
    session = make_session(house.support, mailbox=house.mailbox)
    make_message(session)
    return Caller(house.alice.user), f"sessions/{session.public_id}/reply/"


@pytest.mark.django_db(transaction=True)
def test_what_took_effect_before_it_broke_is_not_done_again() -> None:
    alice, path = who_answers()
    with patch("apps.tickets.api.sessions.message_json", side_effect=RuntimeError()):
        assert alice.post(path, {"text": "Hi"}, key="k").status_code == 500
    assert problem(alice.post(path, {"text": "Hi"}, key="k")) == (409, "idempotency-unknown")
    assert Message.objects.filter(direction="out").count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_was_taken_back_when_it_broke_is_done_again() -> None:
    alice, path = who_answers()
    AttachmentSettings.load()  # a first look makes its row, and that is an effect
    with patch("apps.tickets.outbound.to_be_sent", side_effect=RuntimeError()):
        assert alice.post(path, {"text": "Hi"}, key="k").status_code == 500
    assert alice.post(path, {"text": "Hi"}, key="k").status_code == 202
    assert Message.objects.filter(direction="out").count() == 1


def test_while_the_first_one_runs_the_second_is_told_so(house: House, path: str) -> None:
    alice = Caller(house.alice.user)
    inner: list[tuple[int, str]] = []

    def slow(*_facts: object) -> None:
        inner.append(problem(alice.post(path + "take/", key="k")))
        raise Unavailable("later", "Later.")

    with patch("apps.tickets.sessions.take", side_effect=slow):
        alice.post(path + "take/", key="k")
    assert inner == [(409, "idempotency-running")]


def test_a_request_that_broke_off_is_never_run_again_unasked(house: House, path: str) -> None:
    alice = Caller(house.alice.user)
    alice.post(path + "take/", key="k")
    AnsweredRequest.objects.update(status=None, created_at=timezone.now() - timedelta(minutes=10))
    assert problem(alice.post(path + "take/", key="k")) == (409, "idempotency-unknown")


def test_a_key_is_short_and_printable(house: House, path: str) -> None:
    assert problem(Caller(house.alice.user).post(path + "take/", key="k" * 201))[0] == 400


def test_after_two_days_a_key_is_forgotten(house: House, path: str) -> None:
    irene = Caller(house.irene)
    irene.post(path + "assign/", {"agent": "bob"}, key="k")
    AnsweredRequest.objects.update(created_at=timezone.now() - timedelta(hours=49))
    assert irene.post(path + "assign/", {"agent": "alice"}, key="k").status_code == 200
    AnsweredRequest.objects.update(created_at=timezone.now() - timedelta(hours=49))
    assert forget_old() == 1


def test_get_does_not_care(house: House, path: str) -> None:
    alice = Caller(house.alice.user)
    alice.headers |= {"Idempotency-Key": "k"}
    assert alice.get(path).status_code == 200
    assert not AnsweredRequest.objects.exists()

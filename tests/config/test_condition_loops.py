"""The health page's line about mail in a loop."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.tickets.models import SessionEvent
from config.alarms import lines
from config.condition.loops import loops
from tests.people import make_house, make_session

pytestmark = pytest.mark.django_db


def test_it_says_nothing_while_there_is_nothing() -> None:
    session = make_session(make_house().support)
    SessionEvent.objects.create(
        session=session, kind="loop", after="a@x.test", at=timezone.now() - timedelta(hours=25)
    )
    assert list(loops()) == []


def test_it_counts_senders_and_names_the_newest_session() -> None:
    house = make_house()
    for sender in ("a@x.test", "a@x.test", "b@x.test"):
        session = make_session(house.support)
        SessionEvent.objects.create(session=session, kind="loop", after=sender)
    [line] = loops()
    assert line.fact == f"2 senders in the last 24 hours; the newest session is {session}."
    assert line.state == "degraded"
    assert "loops" in {one.key for one in lines()}

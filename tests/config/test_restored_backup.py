"""What the health page says of a restored backup, as long as somebody has to look."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.tickets.models import Message, OutboxMark
from apps.tickets.sending import doubts, restored
from config.condition import backup
from config.condition.line import Line
from tests.people import House, make_house, make_message, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


def lines() -> list[Line]:
    return list(backup.restored())


def in_doubt(house: House) -> Message:
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox)
    people = [{"email": "carla@outside.test", "name": ""}]
    mail = make_message(session, direction="out", status="queued", to=people)
    assert restored.doubt_everything() == 1
    return mail


def test_nothing_is_said_where_none_was_restored(house: House) -> None:
    assert lines() == []


def test_it_needs_attention_until_the_last_mail_is_resolved(house: House) -> None:
    mail = in_doubt(house)
    [line] = lines()
    assert (line.key, line.state) == ("restored", "degraded") and line.fact.startswith("1 mail ")
    doubts.resolve(mail, "arrived", by=house.alice.user)
    [line] = lines()
    assert line.state == "ok" and not line.cures


def test_after_a_week_nobody_asks_any_more(house: House) -> None:
    in_doubt(house)
    OutboxMark.objects.update(restored_at=timezone.now() - timedelta(days=8))
    assert lines() == []

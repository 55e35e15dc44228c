"""A record that vanished: one line of the health page, and one alarm after some patience."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.channels.condition import accounts
from apps.channels.models import SendingDomain
from apps.core import alarms as core_alarms
from apps.core.models import Alarm
from config import alarms
from config.condition.domains import got_worse
from config.condition.line import Line
from tests.core.test_alarms import ages
from tests.people import make_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def row() -> SendingDomain:
    make_account()
    return SendingDomain.objects.create(name="shop.net", looked_at=timezone.now())


def lines() -> list[Line]:
    return list(got_worse(accounts(channel_on=True)))


def worse(*kinds: str) -> None:
    since = (timezone.now() - timedelta(minutes=5)).isoformat()
    SendingDomain.objects.update(worse=dict.fromkeys(kinds, since))


def keep() -> list[str]:
    core_alarms.keep(alarms._troubles(lines()))
    return list(Alarm.objects.order_by("pk").values_list("state", flat=True))


def test_while_all_stands_there_is_nothing_to_say_and_nothing_to_ask(row: SendingDomain) -> None:
    found = accounts(channel_on=True)
    with CaptureQueriesContext(connection) as asked:
        assert list(got_worse(found)) == []
    assert len(asked) == 0


def test_what_got_worse_is_named(row: SendingDomain) -> None:
    worse("dmarc", "spf")
    (line,) = lines()
    assert (line.key, line.name, line.state) == (f"dns-{row.pk}", "DNS of shop.net", "degraded")
    assert "SPF, DMARC" in line.fact
    assert f"/sendingdomain/{row.pk}/change/" in str(line.cures[0].page)


def test_it_is_an_alarm_once_it_was_missed_twice(row: SendingDomain) -> None:
    """It is looked up again after an hour, before the alarm opens after two."""
    worse("spf")
    assert keep() == ["seen"]
    ages(minutes=119)
    assert keep() == ["seen"]
    ages(minutes=2)
    assert keep() == ["open"]
    assert keep() == ["open"]


def test_what_comes_back_before_is_nobody_s_business(row: SendingDomain) -> None:
    worse("spf")
    keep()
    worse()
    assert keep() == []

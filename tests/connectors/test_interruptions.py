"""Lost answers, dead workers, busy hours: in the end each ticket says everything, in order, once."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.core.models import Lease
from apps.crm.models import CrmConnection, TicketLink, TicketUpdate
from apps.crm.posting import post_updates
from tests.connectors.interrupted import Killed, interrupted
from tests.connectors.rt_side import RequestTrackerSide
from tests.connectors.sides import CrmSide, asked_of
from tests.connectors.test_posting import connect, fresh, plan_all, states, texts

pytestmark = [pytest.mark.connectors, pytest.mark.django_db]


def post_all(keys: list[str], rounds: int = 500) -> int:
    """Until nothing is planned; a worker that died is followed by another. Its deaths."""
    deaths = 0
    for _round in range(rounds):
        CrmConnection.objects.update(paused_until=None)
        TicketUpdate.objects.update(not_before=timezone.now() - timedelta(seconds=1))
        Lease.objects.all().delete()
        try:
            post_updates(keys)
        except Killed:
            deaths += 1
        if not TicketUpdate.objects.filter(status="planned").exists():
            return deaths
    raise AssertionError(f"never done: {states(*keys)}")


def check(side: CrmSide, monkeypatch: pytest.MonkeyPatch, mails: int, threads: int) -> None:
    keys = [fresh() for _number in range(threads)]
    connect(side)
    wanted = plan_all(keys, mails)
    begun = time.monotonic()
    with interrupted(monkeypatch, 0.3) as struck:
        deaths = post_all(keys)
    seconds = time.monotonic() - begun
    updates = mails + threads
    print(
        f"{side.kind}: {updates} updates, {struck.count} interruptions, {deaths} deaths,", end=" "
    )
    print(f"{updates / seconds:.1f} updates/s")
    assert {key: texts(side, key) for key in keys} == wanted
    assert TicketLink.objects.count() == threads
    assert states(*keys) == {"posted"}


@asked_of()
@pytest.mark.contract("1.3.a", "1.3.e")
def test_twenty_mails_through_interruptions_are_complete_in_order_and_single(
    side: CrmSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(side, monkeypatch, mails=20, threads=3)


@pytest.mark.long
@pytest.mark.servers("request_tracker")
def test_200_mails_on_a_real_request_tracker(
    rt_side: RequestTrackerSide, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    check(rt_side, monkeypatch, mails=200, threads=25)

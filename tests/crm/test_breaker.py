"""A CRM that is down: the connection rests, nothing uses up its tries, one thread asks first."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.channels.models import ChannelSettings
from apps.core.sentences import gettext_noop as _
from apps.crm import breaker
from apps.crm.connectors.base import CrmError
from apps.crm.models import CrmConnection, TicketUpdate
from apps.crm.posting import MAX_TRIES, due, post_updates
from apps.crm.updates import Planned, plan
from tests.crm.scripted import TIMES_OUT_BEFORE, ScriptedCrm
from tests.people import crm_connection

pytestmark = pytest.mark.django_db

DOWN = CrmError(_("%(host)s cannot be reached."), {"host": "crm.test"}, code="unreachable")


def plan_threads(count: int) -> list[str]:
    keys = [f"T{number}" for number in range(count)]
    plan([Planned(key, "link", "1", "Subject", "Text") for key in keys])
    return keys


def pause_ends() -> None:
    past = timezone.now() - timedelta(seconds=1)
    CrmConnection.objects.filter(paused_until__isnull=False).update(paused_until=past)
    TicketUpdate.objects.update(not_before=past)


def down(crm: ScriptedCrm, times: int) -> None:
    crm.script, crm.error = [TIMES_OUT_BEFORE] * times, DOWN


def seconds_of_pause() -> float:
    until = crm_connection().paused_until
    return round((until - timezone.now()).total_seconds(), -1) if until else 0


def test_after_five_failures_nobody_is_asked_any_more(crm: ScriptedCrm) -> None:
    keys = plan_threads(8)
    down(crm, 8)
    post_updates(keys)
    assert len(crm.script) == 3
    assert seconds_of_pause() == 30
    assert due(10) == []


def test_an_outage_uses_up_nobodys_tries(crm: ScriptedCrm) -> None:
    plan_threads(1)
    TicketUpdate.objects.update(tries=MAX_TRIES)
    down(crm, 1)
    post_updates(["T0"])
    assert TicketUpdate.objects.get().status == "planned"


def test_after_the_pause_one_asks_and_the_others_wait_for_what_comes(crm: ScriptedCrm) -> None:
    keys = plan_threads(6)
    down(crm, 5)
    post_updates(keys)
    pause_ends()
    first, second = crm_connection(), crm_connection()
    assert breaker.may_ask(first)
    assert not breaker.may_ask(second)


def test_each_pause_is_twice_as_long_up_to_a_quarter_of_an_hour(crm: ScriptedCrm) -> None:
    keys = plan_threads(1)
    down(crm, 30)
    pauses = []
    for _try in range(12):
        post_updates(keys)
        pauses.append(seconds_of_pause())
        pause_ends()
    assert pauses == [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]


def test_an_answer_ends_it(crm: ScriptedCrm) -> None:
    keys = plan_threads(6)
    down(crm, 5)
    post_updates(keys)
    pause_ends()
    post_updates(keys)
    connection = crm_connection()
    assert (connection.failures, connection.paused_until, connection.error) == (0, None, "")
    assert len(crm.comments) == 6


def test_a_crm_that_asks_us_to_wait_is_obeyed_at_once_for_all_threads(crm: ScriptedCrm) -> None:
    keys = plan_threads(3)
    crm.script, crm.error = (
        [TIMES_OUT_BEFORE] * 3,
        CrmError("Wait.", code="busy", retry_after=120),
    )
    post_updates(keys)
    assert len(crm.script) == 2
    assert seconds_of_pause() == 120


def test_a_refused_user_stops_the_connection_and_says_so(crm: ScriptedCrm) -> None:
    keys = plan_threads(3)
    crm.script, crm.error = [TIMES_OUT_BEFORE], CrmError("Enter a new token.", code="auth")
    post_updates(keys)
    connection = crm_connection()
    assert (connection.error_code, connection.error) == ("auth", "Enter a new token.")
    assert connection.paused_until
    assert TicketUpdate.objects.filter(status="planned").count() == 3


def test_a_refused_entry_is_no_failure_of_the_connection(crm: ScriptedCrm) -> None:
    keys = plan_threads(7)
    crm.script = [TIMES_OUT_BEFORE] * 7
    crm.error = CrmError("No such field.", code="refused", permanent=True)
    post_updates(keys)
    assert TicketUpdate.objects.filter(status="failed").count() == 7
    assert crm_connection().paused_until is None


def test_threads_of_another_connection_go_on(crm: ScriptedCrm) -> None:
    plan_threads(2)
    later = timezone.now() + timedelta(minutes=1)
    CrmConnection.objects.filter(pk=crm_connection().pk).update(paused_until=later)
    other = CrmConnection.objects.create(kind="builtin")
    other.links.create(thread_key="T1", ticket="7")
    assert due(10) == ["T1"]


def test_the_sentence_is_kept_in_the_language_of_the_installation(crm: ScriptedCrm) -> None:
    keys = plan_threads(1)
    ChannelSettings.load()
    ChannelSettings.objects.update(language="es")
    down(crm, 1)
    post_updates(keys)
    assert TicketUpdate.objects.get().error == "No se alcanza crm.test."

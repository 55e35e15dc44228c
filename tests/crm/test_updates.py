"""The outbox: once, in order, and again later when the CRM failed."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import DataError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.channels.models import ChannelSettings
from apps.core import blobs
from apps.core.models import Lease
from apps.crm import builtin, posting
from apps.crm.connectors.base import CrmError, Entry, NewTicket
from apps.crm.models import (
    CrmConnection,
    CrmSettings,
    Ticket,
    TicketComment,
    TicketFile,
    TicketLink,
    TicketUpdate,
)
from apps.crm.posting import due, post_updates
from apps.crm.updates import Planned, plan, post_again
from tests.crm.scripted import TIMES_OUT_AFTER, TIMES_OUT_BEFORE, ScriptedCrm

pytestmark = pytest.mark.django_db


def planned(thread: str = "T1", kind: str = "link", key: str = "1", **more: object) -> Planned:
    return Planned(thread, kind, key, f"Subject of {thread}", f"{kind} {key}", **more)  # type: ignore[arg-type]


def plan_mail(thread: str, *keys: str) -> None:
    plan([planned(thread, "standard", "first"), *(planned(thread, "link", key) for key in keys)])


def everything_is_due() -> None:
    TicketUpdate.objects.update(not_before=timezone.now() - timedelta(seconds=1))


# ---- the built-in CRM -----------------------------------------------------------------------


@pytest.mark.contract("1.3.a", "1.3.j")
def test_a_thread_gets_one_ticket_with_its_comments_in_order() -> None:
    plan_mail("T1", "1", "2")
    post_updates(["T1"])
    ticket = Ticket.objects.get()
    assert (ticket.marker, ticket.subject) == ("T1", "Subject of T1")
    assert [one.text for one in ticket.comments.all()] == ["standard first", "link 1", "link 2"]


@pytest.mark.parametrize("refused", ["_add_tickets", "_add_comments"])
def test_what_the_database_refuses_stops_its_own_thread_alone(
    refused: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for thread in ("T1", "T2", "T3"):
        plan_mail(thread, "1", "2")
    real = getattr(builtin, refused)
    stopped = {"_add_tickets": "T2", "_add_comments": "T2:link:1"}[refused]

    def picky(wanted: Sequence[NewTicket | Entry]) -> object:
        if any(one.marker == stopped for one in wanted):
            raise DataError("this value")
        return real(wanted)

    monkeypatch.setattr(builtin, refused, picky)
    post_updates(["T1", "T2", "T3"])
    posted = TicketUpdate.objects.filter(status="posted").values_list("thread_key", flat=True)
    assert sorted(posted) == ["T1"] * 3 + ["T2"] * (refused == "_add_comments") + ["T3"] * 3
    waiting = TicketUpdate.objects.exclude(status="posted").order_by("pk")[0]
    assert (waiting.thread_key, waiting.tries) == ("T2", 1)
    assert "DataError" in waiting.error
    assert due(9) == []  # it waits, as with any CRM


@pytest.mark.contract("1.3.i")
def test_every_comment_is_private() -> None:
    plan_mail("T1", "1")
    post_updates(["T1"])
    assert not TicketComment.objects.filter(private=False).exists()


@pytest.mark.contract("1.3.c")
def test_later_messages_go_to_the_same_ticket() -> None:
    plan_mail("T1", "1")
    post_updates(["T1"])
    link = TicketLink.objects.get()
    plan_mail("T1", "2")
    post_updates(["T1"])
    assert TicketLink.objects.get() == link
    assert Ticket.objects.get().comments.count() == 3


def test_what_is_planned_twice_is_posted_once() -> None:
    plan_mail("T1", "1")
    plan_mail("T1", "1")
    post_updates(["T1", "T1"])
    post_updates(["T1"])
    assert TicketComment.objects.count() == 2


def test_a_crash_before_the_record_makes_nothing_twice() -> None:
    plan_mail("T1", "1")
    post_updates(["T1"])
    TicketUpdate.objects.update(status="planned")
    TicketLink.objects.all().delete()
    post_updates(["T1"])
    assert (Ticket.objects.count(), TicketComment.objects.count()) == (1, 2)
    assert set(TicketUpdate.objects.values_list("status", flat=True)) == {"posted"}


def test_a_ticket_knows_its_page(settings: object) -> None:
    from tests.people import switch_channel_on

    switch_channel_on()
    plan_mail("T1", "1")
    post_updates(["T1"])
    assert TicketLink.objects.get().url == f"http://console.test/tickets/{Ticket.objects.get().pk}/"


def test_a_file_hangs_on_the_ticket() -> None:
    plan([planned(kind="file", key="9", blob=blobs.store(b"%PDF"))])
    post_updates(["T1"])
    file = TicketFile.objects.get()
    assert (file.name, file.size, blobs.read(file.blob)) == ("file 9", 4, b"%PDF")


def test_a_deleted_ticket_is_a_failure_that_people_see() -> None:
    plan_mail("T1", "1")
    plan_mail("T2", "2")
    post_updates(["T1", "T2"])
    Ticket.objects.filter(marker="T1").delete()
    plan([planned("T1", key="3"), planned("T2", key="4")])
    post_updates(["T1", "T2"])
    row = TicketUpdate.objects.get(thread_key="T1", key="3")
    assert (row.status, "deleted" in row.error) == ("failed", True)
    assert TicketUpdate.objects.get(thread_key="T2", key="4").status == "posted"


def test_two_hundred_threads_cost_few_queries() -> None:
    CrmSettings.load(), ChannelSettings.load()  # the rows of an installation that has begun
    for number in range(200):
        plan_mail(f"T{number}", f"{number}")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        post_updates([f"T{number}" for number in range(200)])
    assert TicketComment.objects.count() == 400
    assert len(queries) < 26, [one["sql"][:80] for one in queries]


def test_leases_leave_no_rows_behind() -> None:
    plan_mail("T1", "1")
    post_updates(["T1"])
    assert not Lease.objects.exists()


def test_planning_costs_one_statement() -> None:
    with CaptureQueriesContext(connection) as queries:
        plan([planned(f"T{number}") for number in range(50)])
    assert len(queries) == 1


# ---- a CRM that fails -----------------------------------------------------------------------


def test_a_time_out_after_success_makes_nothing_twice(crm: ScriptedCrm) -> None:
    plan_mail("T1", "1")
    crm.script = [TIMES_OUT_AFTER] * 3
    for _try in range(6):
        post_updates(["T1"])
        everything_is_due()
    assert len(crm.tickets) == 1
    assert crm.texts() == ["standard first", "link 1"]


def test_an_error_is_kept_and_the_wait_doubles_up_to_an_hour(crm: ScriptedCrm) -> None:
    plan([planned()])
    crm.script = ["", *[TIMES_OUT_BEFORE] * 20]
    waits = []
    for _try in range(10):
        post_updates(["T1"])
        row = TicketUpdate.objects.get()
        waits.append(round((row.not_before - timezone.now()).total_seconds(), -1))
        everything_is_due()
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert (row.status, row.error, row.tries) == ("planned", "The CRM did not answer.", 10)


def test_a_crm_may_ask_for_a_longer_wait(crm: ScriptedCrm) -> None:
    plan([planned()])
    crm.script, crm.error = [TIMES_OUT_BEFORE], CrmError("Slow down.", retry_after=500)
    post_updates(["T1"])
    wait = TicketUpdate.objects.get().not_before - timezone.now()
    assert 490 < wait.total_seconds() < 501


def test_nothing_is_tried_before_its_time(crm: ScriptedCrm) -> None:
    plan([planned(not_before=timezone.now() + timedelta(minutes=1))])
    post_updates(["T1"])
    assert (crm.comments, due(10)) == ([], [])


def test_an_entry_that_waits_holds_back_the_later_ones(crm: ScriptedCrm) -> None:
    plan_mail("T1", "1", "2")
    crm.script = ["", "", TIMES_OUT_BEFORE]
    post_updates(["T1"])
    assert crm.texts() == ["standard first"]
    post_updates(["T1"])
    assert (crm.texts(), due(10)) == (["standard first"], [])
    everything_is_due()
    assert due(10) == ["T1"]
    post_updates(["T1"])
    assert crm.texts() == ["standard first", "link 1", "link 2"]


def test_one_thread_does_not_stop_the_others(crm: ScriptedCrm) -> None:
    plan([planned("T1"), planned("T2", key="2")])
    crm.script = [TIMES_OUT_BEFORE]
    post_updates(["T1", "T2"])
    assert crm.texts() == ["link 2"]


def test_a_connector_that_breaks_is_an_error_of_its_thread(
    crm: ScriptedCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan([planned()])

    def break_down(*arguments: object, **named: object) -> None:
        raise KeyError("id")

    monkeypatch.setattr(crm, "add_comment", break_down)
    post_updates(["T1"])
    assert TicketUpdate.objects.get().error == "The connector failed: KeyError."


def test_after_many_tries_it_is_failed_and_posted_again_by_hand(crm: ScriptedCrm) -> None:
    plan([planned()])
    TicketUpdate.objects.update(tries=posting.MAX_TRIES - 1)
    crm.script = ["", TIMES_OUT_AFTER]
    post_updates(["T1"])
    row = TicketUpdate.objects.get()
    assert (row.status, due(10)) == ("failed", [])
    assert post_again([row.pk]) == 1
    post_updates(["T1"])
    row.refresh_from_db()
    assert (row.status, row.error, crm.texts()) == ("posted", "", ["link 1"])


def test_a_permanent_error_fails_at_once(crm: ScriptedCrm) -> None:
    plan([planned()])
    crm.script, crm.error = [TIMES_OUT_BEFORE], CrmError("Not allowed.", permanent=True)
    post_updates(["T1"])
    assert TicketUpdate.objects.get().status == "failed"


def test_files_are_read_and_looked_for_before_a_retry(crm: ScriptedCrm) -> None:
    plan([planned(kind="file", key="9", blob=blobs.store(b"%PDF"))])
    crm.script = ["", TIMES_OUT_AFTER]
    post_updates(["T1"])
    everything_is_due()
    post_updates(["T1"])
    assert crm.files == [("T1:file:9", "file 9", b"%PDF")]


# ---- two workers ----------------------------------------------------------------------------


def test_a_second_worker_leaves_a_thread_to_the_first(crm: ScriptedCrm) -> None:
    plan_mail("T1", "1")
    crm.meanwhile = lambda: post_updates(["T1"])
    post_updates(["T1"])
    assert len(crm.tickets) == 1
    assert crm.texts() == ["standard first", "link 1"]


def test_a_dead_workers_thread_is_taken_over_when_its_lease_ends(crm: ScriptedCrm) -> None:
    plan_mail("T1", "1")
    past, future = (timezone.now() + timedelta(seconds=step) for step in (-1, 60))
    Lease.objects.create(name="crm:T1", holder="dead", until=future)
    post_updates(["T1"])
    assert crm.comments == []
    Lease.objects.update(until=past)
    post_updates(["T1"])
    assert len(crm.comments) == 2


def test_a_worker_stops_when_its_lease_went_to_another(
    crm: ScriptedCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_mail("T1", "1")
    monkeypatch.setattr("apps.crm.claims.FRESH", -1)
    crm.meanwhile = lambda: Lease.objects.update(holder="another")
    post_updates(["T1"])
    assert crm.texts() == ["standard first"]
    assert Lease.objects.get().holder == "another"


# ---- waking ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("distant", "lots"), [(False, [200, 10]), (True, [50] * 4 + [10])])
def test_planned_threads_wake_the_worker_in_batches(
    distant: bool,
    lots: list[int],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: object,
) -> None:
    CrmConnection.objects.create(kind="zendesk" if distant else "builtin")
    sent: list[list[str]] = []
    monkeypatch.setattr("apps.crm.tasks.wake", lambda _task, keys: sent.append(keys))
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        plan([planned(f"T{number}") for number in range(210)])
    assert [len(keys) for keys in sent] == lots


def test_due_is_oldest_first_and_limited() -> None:
    plan([planned(f"T{number}") for number in range(5)])
    assert due(3) == ["T0", "T1", "T2"]

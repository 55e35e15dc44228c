"""The engine against a bad day: what a person does meanwhile, long files, long outages, old keys."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.core import blobs
from apps.core.errors import Problem
from apps.core.models import Blob, Lease
from apps.crm import links, posting, registry
from apps.crm.connections import switch
from apps.crm.connectors.base import CrmError, Entry, Most, TicketRef
from apps.crm.models import CrmConnection, TicketUpdate
from apps.crm.posting import MAX_TRIES, due, post_updates
from apps.crm.updates import Planned, leave_out, plan
from tests.crm.scripted import TIMES_OUT_AFTER, TIMES_OUT_BEFORE, ScriptedCrm
from tests.people import crm_connection

pytestmark = pytest.mark.django_db

DOWN = CrmError("crm.test cannot be reached.", code="unreachable")
CONFLICT = CrmError("Somebody else is at this ticket.", code="refused")


def plan_thread(*kinds: str, thread: str = "T1", blob: Blob | None = None) -> None:
    plan([Planned(thread, kind, "1", "Subject", f"{kind} 1", blob) for kind in kinds])


def everything_is_due() -> None:
    past = timezone.now() - timedelta(seconds=1)
    TicketUpdate.objects.update(not_before=past)
    CrmConnection.objects.filter(paused_until__isnull=False).update(paused_until=past)


def test_leaving_out_the_first_entry_makes_no_second_ticket(crm: ScriptedCrm) -> None:
    """Its request may have opened one: the next entry looks for it."""
    plan_thread("standard", "link")
    crm.script = [TIMES_OUT_AFTER]
    post_updates(["T1"])
    leave_out([TicketUpdate.objects.earliest("pk").pk])
    everything_is_due()
    post_updates(["T1"])
    assert (len(crm.tickets), crm.texts()) == (1, ["link 1"])


def test_a_thread_that_was_never_tried_is_not_looked_for(
    crm: ScriptedCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_thread("standard", "link")
    monkeypatch.setattr(crm, "find_ticket", lambda _marker: pytest.fail("looked for"))
    post_updates(["T1"])
    assert crm.texts() == ["standard 1", "link 1"]


def test_after_a_long_outage_the_first_trouble_of_its_own_is_not_the_last(crm: ScriptedCrm) -> None:
    plan_thread("link")
    for error in [DOWN] * MAX_TRIES + [CONFLICT]:
        crm.script, crm.error = [TIMES_OUT_BEFORE], error
        post_updates(["T1"])
        everything_is_due()
    row = TicketUpdate.objects.get()
    assert (row.status, row.tries, row.error) == (
        "planned",
        posting.TRIES_FOR_CRM + 1,
        CONFLICT.sentence,
    )


def test_a_long_file_has_a_long_lease(crm: ScriptedCrm) -> None:
    """Or another worker would take the thread over while it still goes up, and send it, too."""
    plan_thread("file", blob=blobs.store(b"%PDF"))
    Blob.objects.update(size=50 * 2**20)
    crm.most = Most(file=60 * 2**20)
    ends: list[float] = []
    crm.meanwhile = lambda: ends.append(
        (Lease.objects.get().until - timezone.now()).total_seconds()
    )
    post_updates(["T1"])
    assert crm.files and ends[-1] > 250


def test_a_token_that_no_key_opens_stops_its_own_connection_only(
    crm: ScriptedCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_thread("link")
    post_updates(["T1"])
    broken = crm_connection()
    other = CrmConnection.objects.create(kind="zendesk", url="https://x.zendesk.com")
    plan_thread("copy")
    plan_thread("link", thread="T2")

    def connector_of(connection: CrmConnection) -> ScriptedCrm:
        if connection.pk == broken.pk:
            raise Problem("sealed", "The stored token cannot be read; type it again.")
        return crm

    monkeypatch.setattr(registry, "connector_of", connector_of)
    switch(other)
    post_updates(["T1", "T2"])
    broken.refresh_from_db()
    assert crm.texts() == ["link 1", "link 1"]
    assert (broken.error_code, broken.error) == (
        "auth",
        "The stored token cannot be read; type it again.",
    )
    assert broken.paused_until is not None


def test_what_is_left_out_while_it_fails_stays_left_out(crm: ScriptedCrm) -> None:
    """By hand, or because its file has just been found infected."""
    plan_thread("link")
    post_updates(["T1"])
    plan_thread("file", blob=blobs.store(b"%PDF"))
    row = TicketUpdate.objects.get(kind="file")

    def found() -> None:
        leave_out([row.pk])

    crm.script, crm.meanwhile = [TIMES_OUT_BEFORE], found
    post_updates(["T1"])
    everything_is_due()
    post_updates(["T1"])
    row.refresh_from_db()
    assert (row.status, crm.files) == ("skipped", [])


def test_after_each_pause_another_thread_is_the_trial(
    crm: ScriptedCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mail that the CRM answers with 403 or 500, whenever it comes, stops its own thread only."""
    tell = crm.add_comment

    def stumble(entry: Entry) -> None:
        if entry.marker.startswith("T1:"):
            raise CrmError("crm.test says that our user may not do this.", code="auth")
        tell(entry)

    monkeypatch.setattr(crm, "add_comment", stumble)
    for thread in ("T1", "T2", "T3"):
        plan_thread("link", thread=thread)
    for _pause in range(3):
        post_updates(due(10))
        minutes_pass(20)
    assert [marker for _ticket, marker, _text in crm.comments] == ["T2:link:1", "T3:link:1"]


def minutes_pass(count: int) -> None:
    by = timedelta(minutes=count)
    for row in TicketUpdate.objects.all():
        TicketUpdate.objects.filter(pk=row.pk).update(not_before=row.not_before - by)
    for one in CrmConnection.objects.filter(paused_until__isnull=False):
        one.paused_until -= by
        one.save(update_fields=["paused_until"])


def test_nobody_is_the_trial_who_has_nothing_to_say(crm: ScriptedCrm) -> None:
    """It would keep the others waiting for a minute, for nothing."""
    plan_thread("link")
    TicketUpdate.objects.update(status="failed")
    past = timezone.now() - timedelta(seconds=1)
    CrmConnection.objects.filter(pk=crm_connection().pk).update(paused_until=past)
    post_updates(["T1"])
    assert crm_connection().paused_until == past


def test_who_looks_longer_than_the_lease_holds_writes_nothing_twice(
    crm: ScriptedCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow CRM with a long ticket, or a worker that stood still meanwhile."""
    plan_thread("link")
    crm.script = [TIMES_OUT_BEFORE] * 2
    post_updates(["T1"])
    everything_is_due()
    look = crm.find_ticket

    def look_long(marker: str) -> TicketRef | None:
        monkeypatch.setattr(crm, "find_ticket", look)
        ended = timezone.now() - timedelta(seconds=1)
        found = look(marker)
        Lease.objects.update(until=ended)
        crm.script.clear()
        post_updates(["T1"])  # the other worker
        return found

    monkeypatch.setattr(crm, "find_ticket", look_long)
    post_updates(["T1"])
    assert (len(crm.tickets), crm.texts()) == (1, ["link 1"])
    assert TicketUpdate.objects.get().status == "posted"


def test_what_nobody_foresaw_stops_its_own_thread_alone(
    crm: ScriptedCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_thread("link")
    plan_thread("link", thread="T2")
    remember = links.remember

    def refuse(connection: CrmConnection, made: dict[str, TicketRef]) -> None:
        if "T1" in made:
            raise ValueError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
        remember(connection, made)

    monkeypatch.setattr(links, "remember", refuse)
    post_updates(["T1", "T2"])
    assert crm.texts() == ["link 1"]
    row = TicketUpdate.objects.get(thread_key="T1")
    assert (row.status, row.error) == ("planned", "The connector failed: ValueError.")
    assert row.tries == 1
    assert row.not_before > timezone.now()

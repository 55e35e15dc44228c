"""Who hears of what, that only ids are said, and what a browser is told that was away."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.attachments.models import Verdict
from apps.attachments.signals import attachments_screened
from apps.console import live
from apps.core.announce import announce
from apps.core.live import MOST_MISSED, missed_by, topics_of
from apps.core.models import User
from apps.crm import registry
from apps.crm.posting import post_updates
from apps.crm.updates import Planned, plan
from apps.tickets.models import Draft, Session, StagedFile
from apps.tickets.sessions import assign, message_added, set_status, take, transfer
from apps.tickets.signals import draft_changed, message_settled
from tests.crm.scripted import TIMES_OUT_BEFORE, ScriptedCrm
from tests.people import House, make_attachment, make_message, make_session

Heard = list[tuple[str, str, str]]
Committed = Callable[..., Any]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    said: Heard = []

    def hear(topic: str, kind: str, identity: str, version: int) -> None:
        assert version > 0
        said.append((topic, kind, identity))

    monkeypatch.setattr(live, "push", hear)
    return said


def test_one_hears_the_queues_one_sees(house: House) -> None:
    support, other = f"queue.{house.support.pk}", f"queue.{house.other.pk}"

    assert topics_of(house.alice.user) == {f"user.{house.alice.user_id}", support}
    assert topics_of(house.admin) == {f"user.{house.admin.pk}", support, other, "agents.all"}


def test_a_move_is_told_to_the_queue_and_to_the_agent(
    house: House, heard: Heard, django_capture_on_commit_callbacks: Committed
) -> None:
    session = make_session(house.support)

    with django_capture_on_commit_callbacks(execute=True):
        take(session, house.alice)

    kind, identity = "session.changed", session.public_id
    assert (f"queue.{house.support.pk}", kind, identity) in heard
    assert (f"user.{house.alice.user_id}", kind, identity) in heard


def test_the_news_carry_the_version_that_the_row_has(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Committed,
) -> None:
    versions: list[int] = []
    monkeypatch.setattr(live, "push", lambda *news: versions.append(news[3]))
    session = make_session(house.support)

    with django_capture_on_commit_callbacks(execute=True):
        message_added(session)

    session.refresh_from_db()
    assert versions == [session.version] and session.version > 0


def test_a_queue_and_an_agent_hear_of_what_has_left_them(
    house: House, heard: Heard, django_capture_on_commit_callbacks: Committed
) -> None:
    session = make_session(house.support, agent=house.alice)

    with django_capture_on_commit_callbacks(execute=True):
        transfer(session, house.other, by=house.alice.user)

    told = {topic for topic, _kind, identity in heard if identity == session.public_id}
    queues = {f"queue.{house.support.pk}", f"queue.{house.other.pk}"}
    assert told == queues | {f"user.{house.alice.user_id}"}


def test_a_settled_message_and_screened_files_are_told(
    house: House, heard: Heard, django_capture_on_commit_callbacks: Committed
) -> None:
    message = make_message(make_session(house.support))
    file = make_attachment(message)
    told = (f"queue.{house.support.pk}", "session.changed", message.session.public_id)

    with django_capture_on_commit_callbacks(execute=True):
        announce(attachments_screened, attachment_ids=[file.pk])
    assert heard == [told]

    message_settled.send(None, message_id=message.pk)
    assert heard == [told, told]


@pytest.mark.parametrize("script", [[], [TIMES_OUT_BEFORE]])
def test_how_far_the_ticket_follows_is_told(
    house: House,
    heard: Heard,
    script: list[str],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Committed,
) -> None:
    crm = ScriptedCrm(script=script)
    monkeypatch.setattr(registry, "connector_of", lambda _connection: crm)
    session = make_session(house.support)
    plan([Planned(session.thread.key, "link", "1", "Parcel", "Email received")])
    before = session.version

    with django_capture_on_commit_callbacks(execute=True):
        post_updates([session.thread.key])

    session.refresh_from_db()
    assert (f"queue.{house.support.pk}", "session.changed", session.public_id) in heard
    assert session.version > before


def test_a_draft_is_told_to_those_who_write_it(house: House, heard: Heard) -> None:
    alice, bob = house.alice.user_id, house.bob.user_id

    draft_changed.send(None, key="D1", user_ids=[alice, bob, alice])

    assert set(heard) == {
        (f"user.{alice}", "draft.changed", "D1"),
        (f"user.{bob}", "draft.changed", "D1"),
    }
    assert len(heard) == 2


# ---- what a browser has missed ------------------------------------------------------------------


def now() -> int:
    return time.time_ns() // 1_000_000


def missed(user: User, *, since: int) -> dict[str, set[str]]:
    """Ids by kind."""
    news = missed_by(user, since)
    assert news is not None
    kinds = {one["type"] for one in news}
    return {kind: {one["id"] for one in news if one["type"] == kind} for kind in kinds}


def moved(session: Session) -> Session:
    message_added(session)
    return session


def test_sessions_that_changed_since_are_told_to_who_sees_them(house: House) -> None:
    old = moved(make_session(house.support))
    Session.objects.filter(pk=old.pk).update(version=now() - 60_000)
    new, hidden = moved(make_session(house.support)), moved(make_session(house.other))
    since = now() - 30_000

    assert missed(house.alice.user, since=since)["session.changed"] == {new.public_id}
    assert missed(house.charlie.user, since=since)["session.changed"] == {hidden.public_id}
    both = {new.public_id, hidden.public_id}
    assert missed(house.admin, since=since)["session.changed"] == both


def test_what_was_transferred_away_is_told_to_the_queue_it_left(house: House) -> None:
    session = make_session(house.support, agent=house.bob)
    transfer(session, house.other, by=house.bob.user)

    told = missed(house.alice.user, since=now() - 1000)

    assert told["session.changed"] == {session.public_id}


def test_who_had_a_session_hears_that_it_is_gone(house: House) -> None:
    """Even if the queue is no longer theirs."""
    session = assign(make_session(house.support), house.alice, by=house.irene)
    house.alice.teams.clear()
    assert Session.objects.visible_to(house.alice.user).get() == session
    transfer(session, house.other, by=house.irene)

    alice = User.objects.get(pk=house.alice.user_id)
    assert not Session.objects.visible_to(alice).exists()
    assert missed(alice, since=now() - 1000)["session.changed"] == {session.public_id}


def test_a_session_that_left_and_stayed_quiet_is_not_told(house: House) -> None:
    session = make_session(house.support, agent=house.bob)
    session = transfer(session, house.other, by=house.bob.user)
    session.events.update(at=timezone.now() - timedelta(hours=1))
    set_status(take(session, house.charlie), Session.Status.PAUSED, by=house.charlie.user)

    assert "session.changed" not in missed(house.alice.user, since=now() - 60_000)


def test_ones_own_state_drafts_and_files_are_told(house: House) -> None:
    alice = house.alice.user
    file = make_attachment(make_message(make_session(house.other)), verdict=Verdict.CLEAN)
    file.carrier.delete()
    type(file).objects.update(decided_at=timezone.now())
    StagedFile.objects.create(user=alice, form="D7", attachment=file)
    draft = Draft.objects.create(author=alice, kind=Draft.Kind.NEW)

    told = missed(alice, since=now() - 1000)

    assert told["agent.state"] == {str(house.alice.pk)}
    assert (told["draft.changed"], told["staged.changed"]) == ({draft.key}, {"D7"})
    assert missed(house.bob.user, since=now() - 1000).keys() == {"agent.state"}


def test_too_many_changes_are_read_anew(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.core.live.MOST_MISSED", 3)
    for _number in range(2):
        moved(make_session(house.support))
    assert missed_by(house.alice.user, now() - 1000) is not None

    for _number in range(2):
        moved(make_session(house.support))
    assert missed_by(house.alice.user, now() - 1000) is None


def test_however_much_was_missed_it_costs_as_many_queries(house: House) -> None:
    counts = []
    for more in (1, 20):
        for _number in range(more):
            moved(make_session(house.support))
            transfer(make_session(house.support), house.other, by=house.irene)
        alice = User.objects.get(pk=house.alice.user_id)
        with CaptureQueriesContext(connection) as asked:
            missed_by(alice, now() - 5000)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 15
    assert MOST_MISSED == 500

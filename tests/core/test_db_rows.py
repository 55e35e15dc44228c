"""One statement writes many rows, each its own values."""

from datetime import UTC, datetime

import pytest
from django.db import DataError
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy

from apps.core.db.rows import add_all, add_new, add_unless_known, update_each
from apps.core.leases import in_seconds
from apps.core.models import Blob, Lease
from apps.crm.models import TicketUpdate
from apps.tickets.models import Message, Session, SessionEvent, Thread
from tests.people import make_house, make_message, make_session

pytestmark = pytest.mark.django_db


def blobs(count: int) -> list[Blob]:
    return Blob.objects.bulk_create(
        Blob(pack=f"p{number}", offset=0, length=1, coding="plain", size=1, sha256="")
        for number in range(count)
    )


def test_each_row_gets_its_own_values_in_one_statement(django_assert_num_queries) -> None:
    rows = blobs(60)
    for number, row in enumerate(rows):
        row.size, row.sha256 = number * 2**33, f"{number} ' \" %s é"
    with django_assert_num_queries(1):
        assert update_each(rows, "size", "sha256") == 60
    kept = Blob.objects.in_bulk()
    assert [(kept[row.pk].size, kept[row.pk].sha256) for row in rows] == [
        (row.size, row.sha256) for row in rows
    ]
    assert {row.length for row in kept.values()} == {1}


def test_nothing_moments_and_json_are_kept_as_they_are() -> None:
    house = make_house()
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox)
    message = make_message(session)
    message.placement = {"rule": "opens", "signals": [1, None, "ü"]}
    message.date = datetime(2024, 2, 29, 23, 59, 59, 123456, UTC)
    session.finished_at, session.agent = timezone.now(), None
    update_each([message], "placement", "date")
    update_each([session], "finished_at", "agent")
    kept = Message.objects.get()
    assert (kept.placement, kept.date) == (message.placement, message.date)
    again = Session.objects.get(pk=session.pk)
    assert (again.finished_at, again.agent) == (session.finished_at, None)
    again.finished_at = None
    update_each([again], "finished_at")
    assert Session.objects.get(pk=session.pk).finished_at is None


def test_only_rows_that_are_still_there_count(django_assert_num_queries) -> None:
    rows = blobs(3)
    Blob.objects.filter(pk=rows[1].pk).delete()
    assert update_each(rows, "size") == 2
    with django_assert_num_queries(0):
        assert update_each([], "size") == 0


@pytest.mark.only_on("postgresql")
def test_what_is_too_long_is_refused_never_cut() -> None:
    thread = Thread.objects.create(subject="x")
    thread.key = "T" * 300
    with pytest.raises(DataError):
        update_each([thread], "key")


def planned(*keys: str) -> list[TicketUpdate]:
    """Due at once."""
    return [
        TicketUpdate(thread_key="T1", kind="link", key=key, text=key, not_before=None)
        for key in keys
    ]


def test_what_a_unique_rule_knows_is_left_as_it_is(django_assert_num_queries) -> None:
    add_unless_known(planned("1"), due="not_before")
    TicketUpdate.objects.update(text="first")
    with django_assert_num_queries(1):
        add_unless_known(planned("1", "2", "2"), due="not_before")
    assert list(TicketUpdate.objects.values_list("key", "text")) == [("1", "first"), ("2", "2")]


def test_due_at_once_is_the_databases_present_moment() -> None:
    held, fixed, _now = rows = planned("held", "fixed", "now")
    fixed.not_before = datetime(2030, 1, 1, tzinfo=UTC)
    add_unless_known(rows[1:], due="not_before")
    held.not_before = in_seconds(30)  # an expression among them
    add_unless_known([held, *planned("more")], due="not_before")
    due = TicketUpdate.objects.filter(not_before__lte=Now()).values_list("key", flat=True)
    assert sorted(due) == ["more", "now"]
    assert TicketUpdate.objects.get(key="fixed").not_before == fixed.not_before
    assert TicketUpdate.objects.get(key="held").not_before > timezone.now()


def test_each_new_row_gets_its_key_in_one_statement(django_assert_num_queries) -> None:
    begun = timezone.now()
    threads = [Thread(subject=f"{number} ' \" %s \\ é") for number in range(30)]
    with django_assert_num_queries(1):
        assert add_all(one for one in threads) == threads
    kept = Thread.objects.in_bulk()
    assert [kept[one.pk].subject for one in threads] == [one.subject for one in threads]
    assert [kept[one.pk].key for one in threads] == [one.key for one in threads]
    assert all(kept[one.pk].created_at == one.created_at >= begun for one in threads)
    assert not any(one._state.adding for one in threads)
    with django_assert_num_queries(0):
        assert add_all([]) == []


def test_new_rows_of_every_kind_of_value() -> None:
    house = make_house()
    thread = Thread(subject="x")
    later = Session(thread=thread, queue=house.support, subject=gettext_lazy("New"))
    add_all([thread])
    (session,) = add_all([later])
    moment = datetime(2024, 2, 29, 23, 59, 59, 123456, UTC)
    facts = {"a": [1, None, "ü \\ \" '"], "b": {}}
    rows = add_all(
        SessionEvent(session=session, kind=kind, before="b", why="w", facts=said, at=moment)
        for kind, said in ((SessionEvent.Kind.ASSIGNED, facts), ("status", {}))
    )
    assert Session.objects.get().thread == thread and Session.objects.get().subject == "New"
    kept = [SessionEvent.objects.get(pk=row.pk) for row in rows]
    assert [(one.kind, one.facts, one.by) for one in kept] == [
        ("assigned", facts, None),
        ("status", {}, None),
    ]


def test_new_rows_with_an_expression_or_a_key_are_added_as_well() -> None:
    lease, other = Lease(name="1", until=in_seconds(30)), Lease(name="2")
    add_all([lease, other])
    assert Lease.objects.filter(until__gt=Now()).get().name == "1"
    add_all([Blob(pk=4711, pack="p", offset=0, length=1, coding="plain", size=1, sha256="")])
    assert Blob.objects.get().pk == 4711


def test_rows_that_are_new_are_answered_and_the_others_stay(django_assert_num_queries) -> None:
    names = ["1", "2 ' \" %s \\ é", "2 ' \" %s \\ é", "3"]
    with django_assert_num_queries(1):
        assert add_new(Lease, {"name": names[:1]}, answer=["name"], holder="first") == [("1",)]
    with django_assert_num_queries(1):
        added = add_new(Lease, {"name": names}, answer=["name", "holder"], until=in_seconds(9))
    assert sorted(added) == [(names[1], ""), ("3", "")]
    assert Lease.objects.get(name="1").holder == "first"
    assert set(Lease.objects.filter(until__gt=Now()).values_list("name", flat=True)) == {*names[1:]}


def test_no_rows_cost_no_statement(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert add_new(Lease, {"name": []}, answer=["name"]) == []


def test_a_column_that_is_not_named_gets_its_default() -> None:
    columns = {"thread_key": ["T1", "T2"], "kind": ["link", "copy"]}
    added = add_new(TicketUpdate, columns, answer=["id", "kind"], key="1", text="x")
    rows = TicketUpdate.objects.order_by("id")
    assert sorted(added) == list(rows.values_list("id", "kind"))
    plain = rows.values_list("key", "facts", "blob", "status", "tries", "error", "posted_at")
    assert list(plain) == [("1", {}, None, "planned", 0, "", None)] * 2
    assert all(row.not_before <= row.created_at <= timezone.now() for row in rows)


@pytest.mark.only_on("postgresql")
def test_a_new_row_with_too_long_a_text_is_refused() -> None:
    with pytest.raises(DataError):
        add_new(Lease, {"name": ["x" * 121]}, answer=["name"])

"""The list in JSON: who sees what, in which order, a load at a time, at what price."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.console.desk.list_choice import ListChoice, Mark
from apps.console.desk.lists import chosen, reader_of
from apps.queues.models import Queue
from apps.tickets.models import Draft, Session
from tests.console.asking import queries, read
from tests.console.conftest import SignIn
from tests.people import (
    House,
    make_agent,
    make_attachment,
    make_message,
    make_queue,
    make_session,
)


def ask(client: Client, query: str = "") -> Any:
    return read(client, f"sessions/{query}")


def subjects(client: Client, query: str = "") -> list[str]:
    return [row["subject"] for row in ask(client, query)["rows"]]


def aged(session: Session, **ago: float) -> Session:
    moment = timezone.now() - timedelta(**ago)
    Session.objects.filter(pk=session.pk).update(updated_at=moment, waiting_since=moment)
    return session


def test_everybody_sees_the_sessions_of_their_queues(house: House, as_user: SignIn) -> None:
    make_session(house.support, subject="for support")
    make_session(house.other, subject="for others")

    assert subjects(as_user(house.alice.user)) == ["for support"]
    assert subjects(as_user(house.charlie.user)) == ["for others"]
    assert subjects(as_user(house.irene)) == ["for support"]
    assert sorted(subjects(as_user(house.auditor))) == ["for others", "for support"]


def test_what_is_assigned_to_me_is_mine_wherever_it_lies(house: House, as_user: SignIn) -> None:
    make_session(house.other, subject="lent", agent=house.alice)

    alice = as_user(house.alice.user)
    assert subjects(alice) == subjects(alice, "?view=mine") == ["lent"]
    assert subjects(as_user(house.bob.user)) == []


def test_views_and_statuses_choose(house: House, alice: Client) -> None:
    make_session(house.support, subject="free")
    make_session(house.support, subject="mine", agent=house.alice)
    make_session(house.support, subject="of Bob", agent=house.bob)
    make_session(house.support, subject="done", agent=house.alice, status="resolved")
    make_session(house.other, subject="hidden")

    assert subjects(alice, "?view=mine") == ["mine"]
    assert subjects(alice, "?view=unassigned") == ["free"]
    assert subjects(alice, f"?queue={house.support.pk}") == ["of Bob", "mine", "free"]
    assert subjects(alice, "?view=mine&status=resolved") == ["done"]
    assert len(subjects(alice, "?status=any")) == 4


def test_a_queue_shows_what_lies_below_it_too(house: House, as_user: SignIn) -> None:
    orders, returns = (
        make_queue(path.rpartition("/")[2], path=path, members=[house.alice])
        for path in ("Orders", "Orders/Returns")
    )
    hidden = make_queue("Fraud", path="Orders/Fraud", members=[house.charlie])
    beside = make_queue("Orders2", path="Orders2", members=[house.alice])
    for queue in (orders, returns, hidden, beside):
        make_session(queue, subject=queue.name)
    alice = as_user(house.alice.user)

    assert subjects(alice, f"?queue={orders.pk}") == ["Returns", "Orders"]
    assert subjects(alice, f"?queue={returns.pk}") == ["Returns"]
    assert ask(alice, f"?queue={orders.pk}")["total"] == 2


def test_a_queue_of_others_is_not_there(house: House, alice: Client) -> None:
    for queue in (house.other.pk, 10**17):
        answer = alice.get(f"/desk/sessions/?queue={queue}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_sorts_are_newest_oldest_and_longest_waiting(house: House, alice: Client) -> None:
    for hours in (2, 1, 3):
        aged(make_session(house.support, subject=str(hours)), hours=hours)
    patient = Session.objects.get(subject="1")
    Session.objects.filter(pk=patient.pk).update(waiting_since=timezone.now() - timedelta(days=9))

    assert subjects(alice) == ["1", "2", "3"]
    assert subjects(alice, "?sort=oldest") == ["3", "2", "1"]
    assert subjects(alice, "?sort=waiting") == ["1", "3", "2"]


def test_days_are_those_of_the_reader(house: House, as_user: SignIn) -> None:
    user = house.alice.user
    user.time_zone = "Asia/Tokyo"  # nine hours ahead
    user.save()
    late = make_session(house.support, subject="late")
    moment = timezone.datetime(2026, 3, 1, 20, 0, tzinfo=timezone.get_default_timezone())
    Session.objects.filter(pk=late.pk).update(updated_at=moment)
    alice = as_user(user)

    assert subjects(alice, "?since=2026-03-02&until=2026-03-02") == ["late"]
    assert subjects(alice, "?until=2026-03-01") == []


def test_closed_looks_back_sixty_days(house: House, alice: Client) -> None:
    for days in (59, 61):
        session = make_session(house.support, subject=str(days), status="closed")
        moment = timezone.now() - timedelta(days=days)
        Session.objects.filter(pk=session.pk).update(updated_at=moment, finished_at=moment)
    make_session(house.support, subject="resolved", status="resolved")

    assert subjects(alice, "?view=closed") == ["59"]


@pytest.mark.parametrize("sort", ["newest", "oldest", "waiting"])
def test_loads_follow_each_other_without_gap_or_double(
    house: House, alice: Client, sort: str
) -> None:
    for number in range(60):
        aged(make_session(house.support, subject=str(number)), minutes=number // 2)  # pairs

    found: list[str] = []
    mark: str | None = ""
    while mark is not None:
        told = ask(alice, f"?sort={sort}&before={mark}")
        found += [row["subject"] for row in told["rows"]]
        mark = told["next"]

    assert len(found) == len(set(found)) == 60
    assert found[:2] == (["1", "0"] if sort == "newest" else ["58", "59"])


def test_words_find_within_the_choice(house: House, alice: Client) -> None:
    session = make_session(house.support, subject="here")
    make_session(house.support, subject="not asked for")
    elsewhere = make_session(house.other, subject="not mine")

    assert subjects(alice, f"?q={session.public_id}") == ["here"]
    assert subjects(alice, f"?q={elsewhere.public_id}") == []


@pytest.mark.parametrize(
    "query",
    [
        "?before=x",
        "?before=1-",
        "?before=-5-7",
        f"?before={'9' * 18}-{'9' * 18}",
        "?queue=²",
        "?queue=-1",
        "?view=x&status=y&sort=z",
        "?view=drafts",
        "?since=yesterday&until=2026-02-30",
        "?since=0001-01-01&until=9999-12-31",
        "?q=%00",
    ],
)
def test_what_the_address_says_wrong_is_the_default(
    house: House, alice: Client, query: str
) -> None:
    make_session(house.support, subject="here")

    assert subjects(alice, query) == ["here"]


def test_a_mark_survives_the_address(house: House) -> None:
    session = make_session(house.support)
    text = ListChoice().mark_of(session.updated_at, session.pk)

    assert ListChoice.read({"before": text}).before == Mark(session.updated_at, session.pk)


# ---- what a row tells ---------------------------------------------------------------------------


def test_a_row_tells_who_what_and_when(house: House, alice: Client) -> None:
    session = make_session(
        house.support, agent=house.bob, subject="<b>Bold</b>", customer_name="Dana Lee"
    )
    message = make_message(session, text="Hello\n <script>")
    make_attachment(message)
    make_message(session, direction="out", status="failed", text="Sorry")

    (row,) = ask(alice)["rows"]

    assert row["customer"] == {"email": "customer@outside.test", "name": "Dana Lee"}
    assert (row["initials"], row["subject"], row["snippet"]) == ("DL", "<b>Bold</b>", "Sorry")
    assert (row["status"], row["status_word"]) == ("unopened", "Unopened")
    assert row["queue"] == {"id": str(house.support.pk), "name": "Support"}
    assert (row["agent"]["id"], row["agent"]["name"]) == (str(house.bob.pk), "Bob")
    assert (row["mine"], row["files"], row["count"], row["delivery"]) == (False, True, 2, "failed")
    assert row["updated_at"][10] == "T" and row["updated_at"][-6:] == "+00:00"


def test_a_sent_mail_is_no_trouble(house: House, alice: Client) -> None:
    make_message(make_session(house.support), direction="out", status="sent")

    assert ask(alice)["rows"][0]["delivery"] is None


def test_a_sender_to_be_careful_with_marks_the_row(house: House, alice: Client) -> None:
    make_message(make_session(house.support), trust={"level": "warning", "facts": []})

    assert ask(alice)["rows"][0]["warns"] is True


def test_only_my_own_drafts_mark_a_row(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    Draft.objects.create(author=house.alice.user, kind="reply", session=session)

    assert ask(as_user(house.alice.user))["rows"][0]["draft"] is True
    assert ask(as_user(house.bob.user))["rows"][0]["draft"] is False


# ---- rows again ---------------------------------------------------------------------------------


def test_rows_are_told_again_or_gone(house: House, alice: Client) -> None:
    stays, leaves, hidden = (
        make_session(house.support),
        make_session(house.support, status="closed"),
        make_session(house.other),
    )
    ids = [leaves.public_id, stays.public_id, hidden.public_id, "nonsense"]

    told = alice.get(f"/desk/rows/?ids={','.join(ids)}").json()

    assert [row["id"] for row in told["rows"]] == [stays.public_id]
    assert told["gone"] == [leaves.public_id, hidden.public_id, "nonsense"]


def test_rows_come_in_the_order_asked_for(house: House, alice: Client) -> None:
    ids = [make_session(house.support).public_id for _one in range(3)]

    told = alice.get(f"/desk/rows/?ids={','.join(ids)}").json()

    assert [row["id"] for row in told["rows"]] == ids


def test_too_many_rows_are_refused_in_a_sentence(alice: Client) -> None:
    answer = alice.get(f"/desk/rows/?ids={','.join(map(str, range(101)))}")

    assert (answer.status_code, answer.json()["code"]) == (400, "too-many")
    assert answer.json()["detail"] == "ask for at most 100 sessions at once."


# ---- totals -------------------------------------------------------------------------------------


def test_totals_are_known_where_they_are_kept(house: House, as_user: SignIn) -> None:
    alice = as_user(house.alice.user)
    make_session(house.support)
    make_session(house.support, agent=house.alice)
    make_session(house.other, agent=house.alice)

    assert ask(alice)["total"] == 3
    assert ask(alice, "?view=mine")["total"] == 2
    assert ask(alice, "?view=unassigned")["total"] == 1
    assert ask(as_user(house.admin))["total"] == 3


@pytest.mark.parametrize("query", ["?status=any", "?since=2026-01-01", "?q=x", "?view=closed"])
def test_totals_that_nobody_keeps_are_not_counted(alice: Client, query: str) -> None:
    assert ask(alice, query)["total"] is None


# ---- the price ----------------------------------------------------------------------------------


def cost(client: Client, path: str) -> int:
    return queries(lambda: client.get(f"/desk/{path}"))


def test_a_load_costs_the_same_for_one_row_and_many(house: House, as_user: SignIn) -> None:
    people = (house.alice.user, house.irene, house.admin)
    views = ("", "?view=mine", "?view=unassigned", f"?queue={house.support.pk}", "?view=closed")
    doors = {(one.username, view): as_user(one) for one in people for view in views}
    for agent in (None, house.alice):
        make_message(make_session(house.support, agent=agent))
    one = {door: cost(client, f"sessions/{door[1]}") for door, client in doors.items()}
    for _session in range(30):
        make_attachment(make_message(make_session(house.support, agent=house.alice)))

    assert {door: cost(client, f"sessions/{door[1]}") for door, client in doors.items()} == one
    assert max(one.values()) <= 10, one


def test_more_queues_cost_nothing(house: House, alice: Client) -> None:
    before = cost(alice, "sessions/")
    Queue.objects.bulk_create(Queue(name=f"Q{n}") for n in range(20))
    make_agent("dora", queues=list(Queue.objects.all()))

    assert cost(alice, "sessions/") == before


def test_rows_cost_the_same_for_one_and_many(house: House, alice: Client) -> None:
    ids = [make_session(house.support).public_id for _one in range(20)]

    one = cost(alice, f"rows/?ids={ids[0]}")
    assert cost(alice, f"rows/?ids={','.join(ids)}") == one <= 9


@pytest.mark.only_on("sqlite")  # PostgreSQL plans by what lies there
@pytest.mark.parametrize("sort", ["newest", "oldest", "waiting"])
@pytest.mark.parametrize("place", ["mine", "unassigned", "all", "closed", "queue", "tree"])
def test_no_list_is_sorted_before_it_is_cut(house: House, place: str, sort: str) -> None:
    """An index is walked in its order; only one agent's own open sessions are sorted at all."""
    make_queue("Below", path="Support/Below", members=[house.alice])
    under = {"queue": house.other, "tree": house.support}.get(place)
    query = {"queue": str(under.pk)} if under else {"view": place}
    reader = reader_of(house.admin if place == "queue" else house.alice.user)

    found = chosen(reader, choice := ListChoice.read(query | {"sort": sort}))
    plan = found.order_by(*choice.order).values_list("pk", choice.field)[:26].explain()

    assert ("TEMP B-TREE" in plan) == (place == "mine" and sort == "waiting"), plan
    assert "session_" in plan, plan

"""What stands around the list: people, views, the tree of queues, kept counts."""

from typing import Any

import pytest
from django.test import Client

from apps.channels.models import ChannelSettings
from apps.core.models import User
from apps.queues import loads
from apps.tickets.models import Draft, Session
from apps.tickets.sessions import assign, reopen, set_status, take, transfer
from tests.console.asking import post, queries, read
from tests.console.conftest import SignIn
from tests.people import House, crm_connection, make_agent, make_queue, make_session


def desk(client: Client) -> Any:
    return read(client, "")


def counts(client: Client) -> dict[str, int | None]:
    return {view["id"]: view["count"] for view in desk(client)["views"]}


def test_nobody_is_told_to_sign_in(db: None) -> None:
    answer = Client().get("/desk/")

    assert (answer.status_code, answer.json()["code"]) == (401, "signed-out")


def test_a_page_of_somebody_who_signed_out_since_is_answered_nothing(
    house: House, alice: Client
) -> None:
    answer = alice.get("/desk/", headers={"X-Reader": str(house.bob.user.pk)})

    assert (answer.status_code, answer.json()["code"]) == (401, "another-user")
    assert answer.json()["detail"] == "Alice is signed in with this browser now."
    own = alice.get("/desk/", headers={"X-Reader": str(house.alice.user.pk)})
    assert own.status_code == 200


def test_the_desk_knows_who_reads(house: House, alice: Client) -> None:
    told = desk(alice)

    assert told["user"]["name"] == "Alice"
    assert (told["user"]["initials"], told["user"]["language"]) == ("A", "en")
    assert told["user"]["keys"] is True
    assert told["channel"] == {"enabled": True}
    assert told["undo_seconds"] == 10
    assert len(told["csrf"]) == 64
    assert told["version"] > 1_700_000_000_000


def test_a_channel_that_is_off_is_told(house: House, alice: Client) -> None:
    ChannelSettings.objects.update(enabled=False)

    assert desk(alice)["channel"] == {"enabled": False}


def test_words_are_in_the_language_of_the_reader(house: House, as_user: SignIn) -> None:
    User.objects.filter(pk=house.alice.user.pk).update(language="es")

    told = desk(as_user(house.alice.user))

    assert told["views"][1]["title"] == "Sin asignar"


@pytest.mark.parametrize(
    ("person", "new", "board", "settings"),
    [
        ("alice", True, None, None),
        ("irene", True, "/board/", "/admin/"),
        ("admin", True, "/board/", "/admin/"),
        ("auditor", False, "/board/", "/admin/"),
        ("robot", False, None, None),
    ],
)
def test_ways_on_are_for_whom_they_lead_somewhere(
    house: House, as_user: SignIn, person: str, new: bool, board: str | None, settings: str | None
) -> None:
    user = getattr(getattr(house, person), "user", getattr(house, person))

    assert desk(as_user(user))["may"] == {
        "new": new,
        "tickets": "/tickets/",
        "board": board,
        "settings": settings,
    }


def test_tickets_of_another_crm_are_not_ours_to_show(house: House, alice: Client) -> None:
    connection = crm_connection()
    connection.kind = "rt"
    connection.save()

    assert desk(alice)["may"]["tickets"] is None


# ---- counts -------------------------------------------------------------------------------------


def test_counts_are_those_of_the_reader(house: House, as_user: SignIn) -> None:
    make_session(house.support)
    make_session(house.support, agent=house.alice)
    make_session(house.support, status="closed")
    make_session(house.other, agent=house.alice)
    make_session(house.other)
    Draft.objects.create(author=house.alice.user, kind="new")
    Draft.objects.create(author=house.bob.user, kind="new")

    assert counts(as_user(house.alice.user)) == {
        "mine": 2,
        "unassigned": 1,
        "all": 3,
        "drafts": 1,
        "closed": None,
    }
    assert counts(as_user(house.admin))["all"] == 4


def test_counts_follow_every_move(house: House, as_user: SignIn) -> None:
    """Kept by the verbs; compared with what is there."""
    admin = as_user(house.admin)
    first, second, third = (make_session(house.support) for _one in range(3))
    first = take(first, house.alice)
    second = assign(second, house.bob, by=house.irene)
    third = transfer(third, house.other, by=house.irene)
    first = set_status(first, "paused", by=house.alice.user)
    first = reopen(first, why="A mail arrived.")
    second = transfer(second, house.support, by=house.irene)
    third = set_status(third, "resolved", by=house.admin)
    third = reopen(third, why="A mail arrived.")

    told = counts(admin)

    free = Session.objects.waiting().count()
    assert told["unassigned"] == free == 2
    assert told["all"] == Session.objects.filter(status__in=Session.OPEN).count() == 3
    queues = {queue["name"]: queue["count"] for queue in desk(admin)["queues"]}
    assert queues == {"Support": 2, "Other": 1}


def test_folding_keeps_the_numbers(house: House, alice: Client) -> None:
    for _number in range(loads.FOLD_AFTER + 5):
        loads.shift_waiting({house.support.pk: 1, house.other.pk: 1})

    loads.fold_waiting()

    assert counts(alice)["unassigned"] == loads.FOLD_AFTER + 5
    assert loads.WaitingShift.objects.count() == 2


def test_many_changes_are_folded_by_themselves(
    house: House, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for _number in range(loads.FOLD_AFTER):
            loads.shift_waiting({house.support.pk: 1})

    assert loads.WaitingShift.objects.count() < loads.FOLD_AFTER
    assert loads.open_sessions([house.support.pk]).waiting[house.support.pk] == loads.FOLD_AFTER


# ---- the tree -----------------------------------------------------------------------------------


def test_queues_are_a_tree_in_which_parents_sum_up(house: House, as_user: SignIn) -> None:
    agent = make_agent("dora")
    places = ["Orders", "Orders/Returns", "Orders/Returns/Late", "Legal/Claims"]
    queues = {
        path: make_queue(path.rpartition("/")[2], path=path, members=[agent]) for path in places
    }
    make_queue("Zebra", members=[agent])
    for path in places:
        make_session(queues[path])

    told = desk(as_user(agent.user))["queues"]

    assert [(one["name"], one["depth"], one["count"]) for one in told] == [
        ("Legal", 0, 1),
        ("Claims", 1, 1),
        ("Orders", 0, 3),
        ("Returns", 1, 2),
        ("Late", 2, 1),
        ("Zebra", 0, 0),
    ]
    by_name = {one["name"]: one for one in told}
    assert (by_name["Legal"]["id"], by_name["Claims"]["parent"]) == (None, None)
    assert by_name["Late"]["parent"] == by_name["Returns"]["id"]
    assert by_name["Returns"]["short"] == "Re"


def test_a_queue_out_of_use_is_shown_while_something_lies_in_it(
    house: House, as_user: SignIn
) -> None:
    off = make_queue("Off", enabled=False)
    admin = as_user(house.admin)
    assert "Off" not in [one["name"] for one in desk(admin)["queues"]]

    make_session(off)

    assert "Off" in [one["name"] for one in desk(admin)["queues"]]


# ---- single-letter keys -------------------------------------------------------------------------


def test_single_letter_keys_are_switched_off_for_good(house: House, alice: Client) -> None:
    assert post(alice, "keys/", on=False).json() == {"keys": False}

    assert desk(alice)["user"]["keys"] is False
    assert User.objects.get(pk=house.alice.user.pk).single_keys is False


@pytest.mark.parametrize("on", [None, "yes", 1, []])
def test_a_switch_is_on_or_off(alice: Client, on: Any) -> None:
    assert post(alice, "keys/", on=on).json()["code"] == "on-missing"


# ---- the price ----------------------------------------------------------------------------------


def test_the_desk_costs_the_same_for_one_queue_and_many(house: House, alice: Client) -> None:
    def cost() -> int:
        return queries(lambda: desk(alice))

    make_session(house.support)
    before = cost()
    for number in range(5):
        queue = make_queue(path=f"Many/{number}", members=[house.alice])
        make_session(queue, agent=house.alice)
        make_session(queue)

    assert cost() == before <= 19

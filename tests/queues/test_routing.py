"""Who gets the next session: least loaded first, never above capacity, ties by waiting longest."""

import pytest
from django.db import transaction

from apps.queues import loads
from apps.queues.models import AgentLoad, Queue
from apps.queues.routing import line_of, members, queues_of
from tests.people import make_agent, make_mailbox, make_queue, make_team

pytestmark = pytest.mark.django_db


def test_members_come_alone_and_by_team_and_once() -> None:
    alice, bob, charlie = (make_agent(name) for name in ("alice", "bob", "charlie"))
    queue = make_queue(members=[alice, make_team(members=[alice, bob])])
    assert set(members(queue)) == {alice, bob}
    assert charlie not in members(queue)


def test_a_person_who_left_is_no_member() -> None:
    alice = make_agent("alice")
    queue = make_queue(members=[alice])
    alice.user.is_active = False
    alice.user.save()
    assert not members(queue).exists()


def test_the_least_loaded_agent_is_next() -> None:
    alice, bob = make_agent("alice"), make_agent("bob")
    queue = make_queue(members=[alice, bob], capacity=5)
    loads.shift(queue.pk, alice.pk, 2)
    line = line_of(queue)
    names = [choice.agent.pk for _turn in range(4) if (choice := line.choose_agent())]
    assert names[:2] == [bob.pk, bob.pk]
    assert set(names[2:]) == {alice.pk, bob.pk}


def test_load_in_other_queues_counts_but_capacity_is_per_queue() -> None:
    alice, bob = make_agent("alice"), make_agent("bob")
    other = make_queue(members=[alice])
    queue = make_queue(members=[alice, bob], capacity=1)
    loads.shift(other.pk, alice.pk, 5)
    line = line_of(queue)
    assert [one.agent.pk for one in (line.choose_agent(), line.choose_agent()) if one] == [
        bob.pk,
        alice.pk,
    ]
    assert line.choose_agent() is None


def test_equals_take_turns_by_the_longest_wait() -> None:
    agents = [make_agent(name) for name in ("alice", "bob", "charlie")]
    queue = make_queue(members=agents, capacity=10)
    loads.shift(queue.pk, agents[0].pk, 1)
    loads.shift(queue.pk, agents[0].pk, -1)
    loads.given(queue.pk, [agents[0].pk])
    line = line_of(queue)
    first = line.choose_agent()
    assert first is not None
    assert first.agent in agents[1:]


def test_the_choice_keeps_the_facts_it_follows_from() -> None:
    alice, bob = make_agent("alice"), make_agent("bob")
    queue = make_queue(members=[alice, bob], capacity=3)
    loads.shift(queue.pk, alice.pk, 1)
    choice = line_of(queue).choose_agent()
    assert choice is not None
    assert choice.facts["eligible"] == 2
    assert choice.facts["candidates"] == [
        {"agent": bob.pk, "open": 0, "in_queue": 0},
        {"agent": alice.pk, "open": 1, "in_queue": 1},
    ]


def test_a_load_goes_up_and_down_with_its_row_made_at_need() -> None:
    alice = make_agent("alice")
    queue = make_queue(members=[alice])
    with transaction.atomic():
        loads.shift(queue.pk, alice.pk, 1)
        loads.shift(queue.pk, alice.pk, 1)
        loads.shift(queue.pk, alice.pk, -1)
    assert AgentLoad.objects.get().open_sessions == 1


def test_a_mailbox_leads_to_its_queue_only_while_it_is_in_use() -> None:
    queue = make_queue()
    mailbox = make_mailbox(queue=queue)
    assert queues_of([mailbox.pk]) == {mailbox.pk: queue}
    Queue.objects.update(enabled=False)
    assert queues_of([mailbox.pk]) == {}

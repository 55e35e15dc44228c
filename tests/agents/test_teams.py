"""The tree of teams, and who sees and steers whom in it."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from apps.agents.models import Agent, Team
from apps.agents.people import put_under
from apps.agents.teams import refuse_cycle, with_parents, with_subteams
from apps.core.errors import Invalid
from apps.core.models import Role
from apps.core.people import set_roles
from apps.queues.models import Queue
from apps.queues.routing import members
from tests.people import (
    House,
    make_agent,
    make_house,
    make_queue,
    make_supervisor,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def tree() -> list[Team]:
    """Europe over North over Harbour, and South beside North."""
    europe, north, harbour, south = (make_team(n) for n in ("Europe", "North", "Harbour", "South"))
    put_under(north, europe)
    put_under(harbour, north)
    put_under(south, europe)
    return [europe, north, harbour, south]


def test_a_team_has_what_is_below_and_above_it(tree: list[Team]) -> None:
    europe, north, harbour, south = (team.pk for team in tree)
    assert with_subteams([north]) == {north, harbour}
    assert with_subteams([europe]) == {europe, north, harbour, south}
    assert with_parents([harbour]) == {harbour, north, europe}
    assert with_subteams([]) == with_parents([]) == set()


def test_a_circle_in_the_data_ends_the_walk(tree: list[Team]) -> None:
    europe, north, harbour, _south = tree
    Team.objects.filter(pk=europe.pk).update(parent=harbour)
    circle = {europe.pk, north.pk, harbour.pk}
    assert with_subteams([north.pk]) >= circle
    assert with_parents([north.pk]) == circle


def test_a_deep_tree_needs_no_stack(django_assert_num_queries: object) -> None:
    first = Team.objects.create(name="T0").pk
    Team.objects.bulk_create(
        Team(pk=first + number, name=f"T{number}", parent_id=first + number - 1)
        for number in range(1, 3000)
    )
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert len(with_subteams([first])) == 3000


@pytest.mark.parametrize("below", [0, 1, 2])
def test_a_circle_is_refused_wherever_it_is_asked_for(tree: list[Team], below: int) -> None:
    europe = tree[0]
    for refused in (refuse_cycle, put_under):
        with pytest.raises(Invalid) as error:
            refused(europe, tree[below])
        assert error.value.code == "team-cycle"
    europe.parent = tree[below]
    with pytest.raises(ValidationError) as invalid:
        europe.clean()
    assert invalid.value.error_dict["parent"][0].code == "team-cycle"
    assert Team.objects.get(name="Europe").parent is None


def test_the_admins_form_says_what_is_wrong(tree: list[Team]) -> None:
    client = Client()
    client.force_login(make_user(roles=[Role.ADMINISTRATOR]))
    address = reverse("admin:agents_team_change", args=[tree[0].pk])
    page = client.post(address, {"name": "Europe", "parent": tree[2].pk})
    assert "a team cannot be part of itself or of a team below it" in page.content.decode()
    assert client.post(address, {"name": "All", "parent": ""}).status_code == 302
    assert Team.objects.get(pk=tree[0].pk).name == "All"


def test_a_new_team_can_stand_anywhere(tree: list[Team]) -> None:
    refuse_cycle(Team(name="New"), tree[2])
    refuse_cycle(tree[2], None)


def test_a_queue_of_a_team_is_worked_by_its_sub_teams(tree: list[Team]) -> None:
    europe, _north, harbour, _south = tree
    hanna, outside = make_agent("hanna", teams=[harbour]), make_agent("outside")
    queue = make_queue(members=[europe])
    assert list(members(queue)) == [hanna]
    assert list(Queue.objects.worked_by(hanna.user)) == [queue]
    assert not Queue.objects.worked_by(outside.user)


def test_a_queue_of_a_sub_team_is_not_worked_from_above(tree: list[Team]) -> None:
    erik = make_agent("erik", teams=[tree[0]])
    queue = make_queue(members=[tree[2]])
    assert not members(queue)
    assert not Queue.objects.visible_to(erik.user)


def test_a_supervisor_sees_the_queues_and_agents_of_what_is_below(tree: list[Team]) -> None:
    _europe, north, harbour, south = tree
    hanna, sam = make_agent("hanna", teams=[harbour]), make_agent("sam", teams=[south])
    own, alone = make_queue(members=[harbour]), make_queue(members=[hanna])
    foreign = make_queue(members=[south])
    irene = make_supervisor("irene", teams=[north])
    assert set(Queue.objects.visible_to(irene)) == {own, alone}
    assert list(Agent.objects.visible_to(irene)) == [hanna]
    assert set(Team.objects.visible_to(irene)) == {north, harbour}
    assert foreign in Queue.objects.visible_to(sam.user)


def test_a_supervisor_sees_a_queue_that_the_team_gets_from_above(tree: list[Team]) -> None:
    queue = make_queue(members=[tree[0]])
    assert list(Queue.objects.steered_by(make_supervisor(teams=[tree[2]]))) == [queue]


def test_a_supervisor_of_nothing_sees_nobody(tree: list[Team]) -> None:
    make_agent("hanna", teams=[tree[2]], queues=[make_queue()])
    nobody = make_supervisor("nora")
    for model in (Agent, Team, Queue):
        assert not model.objects.visible_to(nobody)  # type: ignore[attr-defined]


def test_supervising_needs_the_role_besides_the_team(tree: list[Team]) -> None:
    irene = make_supervisor("irene", teams=[tree[0]])
    make_agent("hanna", teams=[tree[2]])
    set_roles(irene, [])
    assert not Agent.objects.steered_by(irene)
    assert not Team.objects.visible_to(irene)


def test_who_may_steer_whom() -> None:
    house: House = make_house()
    assert set(Agent.objects.steered_by(house.admin)) == set(Agent.objects.all())
    assert set(Agent.objects.steered_by(house.irene)) == {house.alice, house.bob}
    for person in (house.auditor, house.robot, house.alice.user):
        assert not Agent.objects.steered_by(person)


def test_agents_know_their_colleagues() -> None:
    house = make_house()
    house.bob.user.is_active = False
    house.bob.user.save()
    assert set(Agent.objects.visible_to(house.charlie.user)) == {house.alice, house.charlie}
    assert not Agent.objects.visible_to(make_user("guest"))


@pytest.mark.parametrize("leaves", ["role", "switched off"])
def test_who_is_no_agent_any_more_is_a_member_of_nothing(leaves: str) -> None:
    house = make_house()
    if leaves == "role":
        set_roles(house.alice.user, [Role.AUDITOR])
    else:
        type(house.alice.user).objects.filter(pk=house.alice.user_id).update(is_active=False)
    assert list(members(house.support)) == [house.bob]
    assert not Queue.objects.worked_by(house.alice.user)
    assert set(Agent.objects.steered_by(house.irene)) == {house.bob}

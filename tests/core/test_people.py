"""Roles and switching off: somebody can always put it right, and sockets follow at once."""

from collections.abc import Iterator

import pytest
from django.test import Client

from apps.agents.models import Team
from apps.agents.people import put_under
from apps.core import people
from apps.core.errors import Guarded
from apps.core.live import user_topic
from apps.core.models import Role, User
from apps.core.people import end_logins, set_roles, switch_off
from apps.queues.models import Queue, QueueMembership
from tests.people import House, make_house, make_queue, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def hung_up(
    house: House, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> Iterator[set[str]]:
    """The topics whose sockets were closed when the test's `with` ended."""
    topics: set[str] = set()
    monkeypatch.setattr(people, "hang_up", topics.add)
    yield topics


@pytest.mark.parametrize("verb", [lambda user: set_roles(user, [Role.AGENT]), switch_off])
def test_the_last_administrator_stays(house: House, verb: object) -> None:
    with pytest.raises(Guarded) as error:
        verb(house.admin)  # type: ignore[operator]
    assert error.value.code == "last-administrator"
    assert "Admin is the last administrator" in error.value.sentence
    admin = User.objects.get(pk=house.admin.pk)
    assert admin.is_active and admin.is_superuser and admin.has_role(Role.ADMINISTRATOR)


def test_a_switched_off_administrator_does_not_count(house: House) -> None:
    make_user("old", roles=[Role.ADMINISTRATOR], is_active=False)
    with pytest.raises(Guarded):
        switch_off(house.admin)


def test_one_of_two_administrators_may_go(house: House) -> None:
    second = make_user("second", roles=[Role.ADMINISTRATOR])
    set_roles(house.admin, [])
    with pytest.raises(Guarded):
        switch_off(second)


def test_ending_logins_ends_all_of_one_and_none_of_others(house: House) -> None:
    browsers = [Client() for _number in range(3)]
    for browser, user in zip(browsers, [house.irene, house.irene, house.admin], strict=True):
        browser.force_login(user)
    assert end_logins(house.irene) == 2
    assert [browser.get("/").status_code for browser in browsers] == [302, 302, 200]


def _users(*users: User) -> set[str]:
    return {user_topic(user.pk) for user in users}


def test_roles_close_the_sockets_of_their_user(
    house: House, hung_up: set[str], django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        set_roles(house.irene, [Role.SUPERVISOR, Role.AGENT])
        set_roles(house.auditor, [Role.AUDITOR])
    assert hung_up == _users(house.irene)


CHANGES = {
    "joins a team": lambda house: house.charlie.teams.add(Team.objects.get()),
    "is put into a team": lambda house: Team.objects.get().members.add(house.charlie),
    "teams are set": lambda house: house.charlie.teams.set([Team.objects.get()]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_who_joins_a_team_and_its_supervisor_hear_of_it(
    house: House, hung_up: set[str], django_capture_on_commit_callbacks: object, change: str
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        CHANGES[change](house)
    assert hung_up == _users(house.charlie.user, house.irene)


@pytest.mark.parametrize("clear", ["members", "supervisors", "delete"])
def test_who_is_taken_out_of_a_team_hears_of_it(
    house: House, hung_up: set[str], django_capture_on_commit_callbacks: object, clear: str
) -> None:
    team = Team.objects.get()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        team.delete() if clear == "delete" else getattr(team, clear).clear()
    everybody = (house.alice.user, house.bob.user, house.irene)
    assert hung_up == _users(*([house.irene] if clear == "supervisors" else everybody))


def test_a_team_that_moves_is_told_on_both_sides(
    house: House, hung_up: set[str], django_capture_on_commit_callbacks: object
) -> None:
    before, after = make_team("Before"), make_team("After")
    old, new = make_user("old"), make_user("new")
    before.supervisors.add(old)
    after.supervisors.add(new)
    team = Team.objects.get(name="North")
    put_under(team, before)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        put_under(team, after)
    inside = (house.alice.user, house.bob.user, house.irene)
    assert hung_up == _users(*inside, old, new)


def test_members_of_a_queue_hear_of_joining_and_leaving(
    house: House, hung_up: set[str], django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        member = QueueMembership.objects.create(queue=house.support, agent=house.charlie)
    assert hung_up == _users(house.charlie.user)
    hung_up.clear()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        member.agent, member.team = None, Team.objects.get()
        member.queue = house.other
        member.save()
    in_north = (house.alice.user, house.bob.user, house.irene)
    assert hung_up == _users(house.charlie.user, *in_north)


def test_who_sees_everything_hears_of_a_new_queue(
    house: House, hung_up: set[str], django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        make_queue("New")
    assert hung_up == _users(house.admin, house.auditor, house.robot)


def test_a_queue_out_of_use_is_told_to_its_members(
    house: House, hung_up: set[str], django_capture_on_commit_callbacks: object
) -> None:
    queue = Queue.objects.get(pk=house.other.pk)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        queue.enabled = False
        queue.save()
    assert hung_up == _users(house.charlie.user)

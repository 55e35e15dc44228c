"""Users with their roles, and teams."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from apps.agents.models import Agent, Team
from apps.agents.people import put_under
from apps.core.errors import Guarded, Invalid
from apps.core.models import User
from apps.core.people import set_roles, switch_off
from config.configure.rows import CannotApply, Changes, Values, delete, picked, save, set_many


def put_user(values: Values, changes: Changes) -> None:
    name = values["user"]
    user = User.objects.filter(username=name).first()
    new = user is None
    user = user or User(username=name)
    fields = picked(values, "email", "language", "time_zone") | {"is_active": True}
    if "name" in values:
        fields["first_name"], _space, fields["last_name"] = values["name"].partition(" ")
    changed = save(user, fields)
    changed |= _set_password(user, values.get("password", ""), new=new)
    if "roles" in values:
        with _refused("roles"):
            changed |= set_roles(user, values["roles"])
    changes.put("user", name, new=new, changed=changed)


@contextmanager
def _refused(key: str) -> Iterator[None]:
    try:
        yield
    except Guarded as guard:
        raise CannotApply(key, guard.sentence) from None


def _set_password(user: User, password: str, *, new: bool) -> bool:
    """An administrator may choose any; a new user without one cannot sign in yet."""
    if password and not user.check_password(password):
        user.set_password(password)
    elif new:
        user.set_unusable_password()
    else:
        return False
    user.save(update_fields=["password"])
    return True


def remove_user(name: str, changes: Changes) -> None:
    """Users stay for the history they wrote; they can do nothing any more."""
    user = User.objects.filter(username=name, is_active=True).first()
    if user is not None:
        with _refused("absent"):
            switch_off(user)
        user.tokens.all().delete()
        changes.note("user", name, "switched off")


def make_teams(teams: Sequence[Values], changes: Changes) -> None:
    """Before anything refers to them: a team may be part of one that stands below it."""
    for values in teams:
        if Team.objects.get_or_create(name=values["name"])[1]:
            changes.note("team", values["name"], "created")


def put_team(values: Values, changes: Changes) -> None:
    team = Team.objects.get(name=values["name"])
    changed = False
    if "parent" in values:
        changed |= _set_parent(team, values["parent"])
    if "members" in values:
        changed |= set_many(team.members, agents_named(values["members"]))
    if "supervisors" in values:
        people = User.objects.filter(username__in=values["supervisors"])
        changed |= set_many(team.supervisors, people)
    changes.put("team", team.name, new=False, changed=changed)


def _set_parent(team: Team, name: str | None) -> bool:
    parent = Team.objects.get(name=name) if name else None
    if team.parent == parent:
        return False
    try:
        put_under(team, parent)
    except Invalid:
        raise CannotApply("parent", "A team cannot be part of itself.") from None
    return True


def remove_team(name: str, changes: Changes) -> None:
    cure = "take the teams below it away first"
    delete(Team.objects.filter(name=name), "team", name, changes, cure)


def agents_named(names: Sequence[str]) -> list[Agent]:
    return list(Agent.objects.filter(user__username__in=names))

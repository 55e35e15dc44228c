"""The tree of teams: what stands below a team, what above, and that it stays a tree.

Teams are few, so the pairs (team, parent) are read once and walked here. A circle that is in the
data already ends the walk instead of the process.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.translation import gettext as _

from apps.core.errors import Invalid
from apps.core.models import Role, User

Neighbours = dict[int, list[int]]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a user stands in the tree."""

    works_for: frozenset[int]  # the teams that a working agent is in, with those above
    supervises: frozenset[int]  # own teams with those below, whether or not the role is there
    reached: frozenset[int]  # the supervised ones with those above: their queues are worked there


def standing(user: User) -> Standing:
    """Read once for each user that a request loads, as its roles are."""
    known = user.__dict__.get("standing")
    if not isinstance(known, Standing):
        known = user.__dict__["standing"] = _read_standing(user)
    return known


def _read_standing(user: User) -> Standing:
    """One look at the whole tree, since it is small and every request needs its place in it."""
    rows = _teams().annotate(
        mine=_has("members", agent__user=user), own=_has("supervisors", user=user)
    )
    teams = list(rows.values_list("pk", "parent_id", "mine", "own"))
    pairs = [(team, parent) for team, parent, _mine, _own in teams if parent]
    works = user.is_active and user.has_role(Role.AGENT)
    supervises = _walk({team for team, _parent, _mine, own in teams if own}, _below(pairs))
    return Standing(
        works_for=frozenset(_walk({row[0] for row in teams if row[2] and works}, _above(pairs))),
        supervises=frozenset(supervises),
        reached=frozenset(_walk(supervises, _above(pairs))),
    )


def _teams() -> "models.QuerySet[Any]":
    """models.py asks this module, so it cannot be imported here."""
    return apps.get_model("agents", "Team")._default_manager.order_by()


def _has(relation: str, **who: User) -> models.Exists:
    through = getattr(apps.get_model("agents", "Team"), relation).through
    return models.Exists(through.objects.filter(team=models.OuterRef("pk"), **who))


def with_subteams(team_ids: Iterable[int]) -> set[int]:
    """These teams and everything below them."""
    return _walk(wanted := set(team_ids), _below(_pairs(wanted)))


def with_parents(team_ids: Iterable[int]) -> set[int]:
    """These teams and everything above them."""
    return _walk(wanted := set(team_ids), _above(_pairs(wanted)))


def each_with_parents(team_ids: Iterable[int]) -> dict[int, set[int]]:
    """Each of these teams with everything above it, by one look at the tree."""
    above = _above(_pairs(wanted := set(team_ids)))
    return {team: _walk({team}, above) for team in wanted}


def refuse_cycle(team: models.Model, parent: models.Model | None) -> None:
    """Invalid `team-cycle` when PARENT is TEAM or stands below it."""
    if parent is not None and team.pk is not None and team.pk in with_parents([parent.pk]):
        raise Invalid(
            "team-cycle",
            _("parent: a team cannot be part of itself or of a team below it."),
        )


def _pairs(wanted: set[int]) -> list[tuple[int, int]]:
    """Team and parent."""
    if not wanted:
        return []
    return list(_teams().filter(parent__isnull=False).values_list("pk", "parent_id"))


def _below(pairs: list[tuple[int, int]]) -> Neighbours:
    below: Neighbours = {}
    for team, parent in pairs:
        below.setdefault(parent, []).append(team)
    return below


def _above(pairs: list[tuple[int, int]]) -> Neighbours:
    return {team: [parent] for team, parent in pairs}


def _walk(start: set[int], neighbours: Neighbours) -> set[int]:
    found, ahead = set(start), list(start)
    while ahead:
        new = set(neighbours.get(ahead.pop(), ())) - found
        found |= new
        ahead.extend(new)
    return found

"""The tree of teams: what stands below a team, what above, and that it stays a tree.

Teams are few, so the pairs (team, parent) are read once and walked here. A circle that is in the
data already ends the walk instead of the process.
"""

from collections.abc import Iterable

from django.apps import apps
from django.db import models
from django.utils.translation import gettext as _

from apps.core.errors import Invalid


def with_subteams(team_ids: Iterable[int]) -> set[int]:
    """These teams and everything below them."""
    below: dict[int, list[int]] = {}
    for team, parent in _pairs(team_ids := set(team_ids)):
        below.setdefault(parent, []).append(team)
    return _walk(team_ids, below)


def with_parents(team_ids: Iterable[int]) -> set[int]:
    """These teams and everything above them."""
    return _walk(team_ids := set(team_ids), {team: [parent] for team, parent in _pairs(team_ids)})


def refuse_cycle(team: models.Model, parent: models.Model | None) -> None:
    """Invalid `team-cycle` when PARENT is TEAM or stands below it."""
    if parent is not None and team.pk is not None and team.pk in with_parents([parent.pk]):
        raise Invalid(
            "team-cycle",
            _("parent: a team cannot be part of itself or of a team below it."),
        )


def _pairs(wanted: set[int]) -> list[tuple[int, int]]:
    """Team and parent. models.py asks this module, so it cannot be imported here."""
    if not wanted:
        return []
    teams = apps.get_model("agents", "Team")._default_manager.filter(parent__isnull=False)
    return list(teams.order_by().values_list("pk", "parent_id"))


def _walk(start: set[int], neighbours: dict[int, list[int]]) -> set[int]:
    found, ahead = set(start), list(start)
    while ahead:
        new = set(neighbours.get(ahead.pop(), ())) - found
        found |= new
        ahead.extend(new)
    return found

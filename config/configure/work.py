"""Queues with their members."""

from apps.agents.models import Team
from apps.queues.auto_response import PARTS as ANSWER_PARTS
from apps.queues.models import Queue, QueueMembership
from config.configure.people import agents_named
from config.configure.rows import Changes, Values, delete, picked, save_by_rules

KEYS = (
    *("path", "routing", "capacity", "eligible_states", "enabled"),
    *("hours", "holidays", "time_zone", "auto_response"),
)
PARTS = {f"auto_response_{part}": f"auto_response.{part}" for part in ANSWER_PARTS}
TEAM = "team:"


def put_queue(values: Values, changes: Changes) -> None:
    queue, new = Queue.objects.get_or_create(name=values["name"])
    changed = save_by_rules(queue, picked(values, *KEYS), PARTS)
    if "members" in values:
        changed |= _set_members(queue, values["members"])
    changes.put("queue", queue.name, new=new, changed=changed)


def _set_members(queue: Queue, names: list[str]) -> bool:
    teams = [name.removeprefix(TEAM) for name in names if name.startswith(TEAM)]
    people = [name for name in names if not name.startswith(TEAM)]
    wanted = {("agent", agent.pk) for agent in agents_named(people)}
    wanted |= {("team", team.pk) for team in Team.objects.filter(name__in=teams)}
    rows = list(queue.memberships.all())
    have = {("agent", row.agent_id) if row.agent_id else ("team", row.team_id): row for row in rows}
    for side_and_pk in have.keys() - wanted:
        have[side_and_pk].delete()
    for side, pk in wanted - have.keys():  # one by one: who joins is told by a signal
        QueueMembership.objects.create(queue=queue, **{f"{side}_id": pk})
    return have.keys() != wanted


def remove_queue(name: str, changes: Changes) -> None:
    cure = "move its sessions and mailboxes first, or set enabled: false"
    delete(Queue.objects.filter(name=name), "queue", name, changes, cure)

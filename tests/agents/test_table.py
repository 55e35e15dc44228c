"""Every action in every situation of the transition table, against the product.

All situations of one place (channel and queues alike) are agents side by side: so each action is
done by all of them before anybody is looked at, and none may move another.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import groupby
from typing import Any

import pytest
from django.db import transaction
from django.test import TestCase
from django.utils import timezone

from apps.agents import lent, live, states
from apps.agents.models import Agent, AgentState, Contact, CustomState, StateChange, Team
from apps.agents.presence import seen
from apps.agents.signals import state_changed
from apps.agents.telling import choices_of, states_of
from apps.agents.upkeep import end_absences, uphold_guards
from apps.channels.models import ChannelSettings
from apps.core.errors import Problem
from apps.core.models import Role, RoleGrant, User
from apps.core.people import set_roles
from apps.queues.models import Queue, QueueMembership
from apps.tickets import tasks
from tests.agents.table import (
    ACTIONS,
    AGENT,
    CHOOSABLE,
    CUSTOM,
    SUPERVISOR,
    TAKES,
    WHY_NOT,
    Outcome,
    Situation,
    cells,
    situations,
)
from tests.people import make_agent, make_queue, make_supervisor, make_team, make_user

# Each row is asked one after the other, so that one database tells as much as two.
pytestmark = [pytest.mark.django_db, pytest.mark.only_on("sqlite")]

LONG_AGO, TOO_LONG = timedelta(hours=2), timedelta(minutes=11)


@dataclass
class House:
    """One place, and an agent in each of its situations."""

    agents: dict[Situation, Agent]
    crew: Team  # through which they work, where they do so through a team
    irene: User  # supervises them in a team that works in no queue
    otto: User
    bob: User
    robot: User


def build(channel: bool, basis: str, here: list[Situation]) -> House:
    switch(on=channel)
    CustomState.objects.create(name=CUSTOM, accepts_calls=True)
    agents = _agents(here)
    bob = make_agent("bob", state="Break")
    crew, above, watch = make_team("Crew"), make_team("Above"), make_team("Watch", members=agents)
    if basis in ("team", "sub-team", "two"):
        crew.members.set(agents)
    if basis == "sub-team":
        Team.objects.filter(pk=crew.pk).update(parent=above)
    if basis in ("own", "switched-off", "two"):
        own = make_queue("Own", enabled=basis != "switched-off")
        QueueMembership.objects.bulk_create(QueueMembership(queue=own, agent=a) for a in agents)
    if basis in ("team", "sub-team", "two"):
        make_queue("By team", members=[above if basis == "sub-team" else crew])
    make_queue("Of others", members=[bob])
    return House(
        dict(zip(here, agents, strict=True)),
        crew,
        make_supervisor("irene", teams=[watch]),
        make_supervisor("otto", teams=[make_team("Elsewhere", members=[bob])]),
        bob.user,
        make_user("robot", roles=[Role.INTEGRATION]),
    )


def _agents(here: list[Situation]) -> list[Agent]:
    users = User.objects.bulk_create(User(username=f"agent{n}") for n in range(len(here)))
    RoleGrant.objects.bulk_create(RoleGrant(user=user, role=Role.AGENT) for user in users)
    agents = Agent.objects.bulk_create(Agent(user=user) for user in users)
    pairs = list(zip(agents, here, strict=True))
    AgentState.objects.bulk_create(_state(agent, now) for agent, now in pairs)
    Contact.objects.bulk_create(one for agent, now in pairs for one in _contacts(agent, now))
    return agents


def _state(agent: Agent, now: Situation) -> AgentState:
    then = timezone.now() - LONG_AGO
    return AgentState(
        agent=agent,
        chosen=now.chosen,
        overlay=now.overlay,
        effective=now.effective,
        pending=now.pending,
        chosen_at=then,
        since=then,
        seen_at=timezone.now(),
    )


def _contacts(agent: Agent, now: Situation) -> Iterator[Contact]:
    then = timezone.now() - LONG_AGO
    for kind, count in (("call", now.calls), ("chat", now.chats)):
        for number in range(count):
            yield Contact(agent=agent, kind=kind, session=f"{kind}{number}", entered_at=then)


# ---- the actions as calls: by each agent, or once for all of them --------------------------------

Each = Callable[[House, Agent, Situation], object]


def choose(state: str, *, by: str = "", reason: str = "") -> Each:
    def do(house: House, agent: Agent, now: Situation) -> None:
        user = getattr(house, by) if by else agent.user
        states.choose_state(agent, state, by=user, source="table", reason=reason)

    return do


def override(state: str, *, by: str = "irene") -> Each:
    def do(house: House, agent: Agent, now: Situation) -> None:
        states.override_state(agent, state, by=getattr(house, by), source="table")

    return do


def events(*told: str) -> Each:
    """Each as `verb session`; LAST is the newest one that is open."""

    def do(house: House, agent: Agent, now: Situation) -> None:
        for verb, session in map(str.split, told):
            kind = verb.partition("_")[2]
            last = f"{kind}{(now.calls if kind == 'call' else now.chats) - 1}"
            getattr(states, verb)(agent, session.replace("LAST", last))

    return do


def end_silent(hours: int) -> Each:
    def do(house: House, agent: Agent, now: Situation) -> None:
        heard = timezone.now() - timedelta(hours=hours)
        Contact.objects.filter(agent=agent).update(heard_at=heard)
        states.end_stale(agent, by=house.irene, source="table", reason="No word of it")

    return do


def sign_in_late(house: House, agent: Agent, now: Situation) -> None:
    be_away(agent=agent)
    states.signed_in(agent)


EACH: dict[str, Each] = {
    **{f"choose {state}": choose(state) for state in CHOOSABLE},
    **{f"override {state}": override(state) for state in CHOOSABLE},
    "choose in-email in small letters": choose(" in-email "),
    "choose In-Call": choose("In-Call"),
    "override In-Chat": override("In-Chat"),
    "choose a state that is none": choose("Sleeping"),
    "choose with too long a reason": choose("Break", reason="x" * 501),
    "a program chooses In-Email": choose("In-Email", by="robot"),
    "a program overrides with Break": override("Break", by="robot"),
    "a supervisor of others overrides with In-Email": override("In-Email", by="otto"),
    "a colleague overrides with Break": override("Break", by="bob"),
    "a supervisor chooses instead of overriding": choose("Break", by="irene"),
    "enter call": events("enter_call new"),
    "enter call, told twice": events("enter_call new", "enter_call new"),
    "enter the same call again": events("enter_call LAST"),
    "leave call": events("leave_call LAST"),
    "leave call, told twice": events("leave_call LAST", "leave_call LAST"),
    "leave and enter the same call": events("leave_call LAST", "enter_call LAST"),
    "leave a call that never began": events("leave_call never"),
    "leave a call before its enter": events("leave_call never", "enter_call never"),
    "enter chat": events("enter_chat new"),
    "enter chat, told twice": events("enter_chat new", "enter_chat new"),
    "enter the same chat again": events("enter_chat LAST"),
    "leave chat": events("leave_chat LAST"),
    "leave chat, told twice": events("leave_chat LAST", "leave_chat LAST"),
    "leave and enter the same chat": events("leave_chat LAST", "enter_chat LAST"),
    "leave a chat that never began": events("leave_chat never"),
    "leave a chat before its enter": events("leave_chat never", "enter_chat never"),
    "end what is silent": end_silent(9),
    "end what is not silent": end_silent(7),
    "sign in": lambda _house, agent, _now: states.signed_in(agent),
    "sign in after too long": sign_in_late,
    "sign out": lambda _house, agent, _now: states.signed_out(agent),
    "role taken away": lambda _house, agent, _now: set_roles(agent.user, []),
}


def be_away(**whose: object) -> None:
    gone = timezone.now() - TOO_LONG
    AgentState.objects.filter(**whose).update(seen_at=gone, present_until=None)


def come_back(house: House, *, late: bool = False) -> None:
    if late:
        be_away()
    seen([agent.user_id for agent in house.agents.values()])


def sweep(house: House, *, late: bool = False) -> None:
    if late:
        be_away()
    end_absences()
    uphold_guards()


def switch(*, on: bool) -> None:
    channel = ChannelSettings.load()
    channel.enabled, channel.external_url = on, "http://console.test"
    channel.save()


def hers() -> Any:
    return Queue.objects.exclude(name="Of others")


def switch_queues(*, on: bool, **which: str) -> None:
    for queue in hers().filter(**which):
        queue.enabled = on
        queue.save()


def off_and_on(turn: Callable[..., None]) -> None:
    with committed():
        turn(on=False)
    turn(on=True)


def delete_each(rows: Iterable[Any]) -> None:
    for row in rows:
        row.delete()


def move_away(crew: Team) -> None:
    crew.refresh_from_db()
    crew.parent = None
    crew.save()


def withdraw() -> None:
    custom = CustomState.objects.get(name=CUSTOM)
    custom.enabled = False
    custom.save()


ONCE: dict[str, Callable[[House], object]] = {
    "reconnect in time": come_back,
    "reconnect after too long": partial(come_back, late=True),
    "a sweep in time": sweep,
    "a sweep after too long": partial(sweep, late=True),
    "channel off": lambda _house: switch(on=False),
    "channel on": lambda _house: switch(on=True),
    "channel off and on": lambda _house: off_and_on(switch),
    "queues switched off": lambda _house: switch_queues(on=False),
    "queues switched off and on": lambda _house: off_and_on(switch_queues),
    "one queue of two switched off": lambda _house: switch_queues(on=False, name="By team"),
    "queues deleted": lambda _house: delete_each(hers()),
    "memberships deleted": lambda _house: delete_each(
        QueueMembership.objects.filter(queue__in=hers())
    ),
    "agents leave the team": lambda house: house.crew.members.clear(),
    "agents leave one basis of two": lambda house: house.crew.members.remove(
        *house.agents.values()
    ),
    "team moved away": lambda house: move_away(house.crew),
    "team deleted": lambda house: house.crew.delete(),
    "queue switched on": lambda _house: switch_queues(on=True),
    "agents join a queue": lambda house: make_queue("New", members=house.agents.values()),
    "state of the house switched off": lambda _house: withdraw(),
    "state of the house deleted": lambda _house: delete_each(CustomState.objects.all()),
}


# ---- the walk ------------------------------------------------------------------------------------


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def committed() -> Iterator[None]:
    """Runs what waits for the commit, as if there had been one."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        yield


def done(house: House, action: str, due: dict[Situation, Outcome]) -> dict[Situation, str]:
    """Does it; the codes of those who were refused."""
    if action in ONCE:
        with committed():
            ONCE[action](house)
        return {}
    refused = {}
    with committed():
        for now in due:
            try:
                EACH[action](house, house.agents[now], now)
            except Problem as problem:
                refused[now] = problem.code
    return refused


def compared(house: House, action: str, due: dict[Situation, Outcome]) -> list[str]:
    """Does ACTION everywhere, and says what is not as it should be."""
    before = _since()
    refused = done(house, action, due)
    agents = [house.agents[now] for now in due]
    told, rows, since = states_of(agents), _rows(), _since()
    barred = lent.refusals("In-Email", [agent.pk for agent in agents])
    wrong = _wrong_choices(house, action, due)
    for now, outcome in due.items():
        agent, after = house.agents[now], outcome.after
        state, changes = told[agent.pk], _due_rows(action, now, outcome, agent)
        facts: dict[str, tuple[object, object]] = {
            "refused": (refused.get(now, ""), outcome.refused),
            "chosen": (state.chosen, after.chosen),
            "overlay": (state.overlay or "", after.overlay),
            "effective": (state.effective, after.effective),
            "pending": (state.pending, after.chosen if after.pending else None),
            "accepts": (state.accepts, list(TAKES[after.effective])),
            "rows": (rows.get(agent.pk, []), changes),
            "since": (since[agent.pk] != before[agent.pk], any(a != b for a, b, *_ in changes)),
        }
        if after.chosen != now.chosen:
            by = _name(outcome.by, agent)
            facts["set by"] = ((state.set_by, state.code), (by, outcome.code))
        if outcome.working:
            code = barred[agent.pk].code if agent.pk in barred else ""
            facts["barred"] = (code, after.why_not_in_email)
        for name, (got, want) in facts.items():
            if got != want:
                wrong.append(f"{now}: {action}: {name}: {got!r}, not {want!r}")
    return wrong


def _since() -> dict[int, Any]:
    return dict(AgentState.objects.values_list("agent", "since"))


def _rows() -> dict[int, list[Any]]:
    fields = ("before", "after", "chosen", "overlay", "pending", "by__username", "code")
    rows: dict[int, list[Any]] = {}
    for agent, *row in StateChange.objects.order_by("pk").values_list("agent", *fields):
        rows.setdefault(agent, []).append(tuple(row))
    return rows


def _due_rows(action: str, now: Situation, outcome: Outcome, agent: Agent) -> list[Any]:
    """One if the chosen state or the overlay moved, or is overridden now; none for nothing."""
    after, rows = outcome.after, []
    if action == "sign in after too long" and now.chosen != "Offline":
        away = replace(now, chosen="Offline", pending=False)
        rows.append(_row(now, Outcome(away, "absent"), agent))
        now = away
    said_again = after.pending and not now.pending
    if said_again or (after.chosen, after.overlay) != (now.chosen, now.overlay):
        rows.append(_row(now, outcome, agent))
    return rows


def _row(now: Situation, outcome: Outcome, agent: Agent) -> tuple[Any, ...]:
    after, by = outcome.after, _name(outcome.by, agent)
    told = (after.effective, after.chosen, after.overlay, after.pending)
    return (now.effective, *told, by, outcome.code)


def _name(by: str | None, agent: Agent) -> str | None:
    return {AGENT: agent.user.username, SUPERVISOR: "irene", None: None}[by]


CUSTOM_GONE = {"state of the house switched off", "state of the house deleted"}


def _wrong_choices(house: House, action: str, due: dict[Situation, Outcome]) -> list[str]:
    """The picker of one of them; `barred` tells that of the others."""
    now, outcome = next(iter(due.items()))
    if not outcome.working:
        return []
    why_not = WHY_NOT.get(outcome.after.why_not_in_email)
    offered = [state for state in CHOOSABLE if state != CUSTOM or action not in CUSTOM_GONE]
    want = [(state, None if state != "In-Email" else why_not) for state in offered]
    got = [(one.state, one.reason) for one in choices_of(house.agents[now])]
    allowed = all(one.allowed == (one.reason is None) for one in choices_of(house.agents[now]))
    return [] if got == want and allowed else [f"{action}: can choose {got!r}, not {want!r}"]


def _place(now: Situation) -> tuple[bool, str]:
    return now.channel, now.basis


PLACES = {place: list(found) for place, found in groupby(situations(), key=_place)}
SIZE = 22_284


@pytest.fixture
def nobody_listens() -> Iterator[None]:
    """Sockets, and mail that waits, are other tests'; here they would only cost time."""
    listeners = (live._on_state_changed, tasks._state_changed)
    for listener in listeners:
        state_changed.disconnect(listener)
    yield
    for listener in listeners:
        state_changed.connect(listener)


@pytest.mark.usefixtures("nobody_listens")
@pytest.mark.contract("1.2.b", "1.2.e", "1.2.f", "1.2.g", "1.2.h", "1.2.i", "1.2.j")
@pytest.mark.parametrize(("channel", "basis"), PLACES)
def test_the_table(channel: bool, basis: str) -> None:
    house = build(channel, basis, PLACES[channel, basis])
    wrong = []
    for action, rule in ACTIONS.items():
        due = {now: outcome for now in house.agents if (outcome := rule(now))}
        if due:
            with undone():
                wrong += compared(house, action, due)
    assert wrong == []


def test_the_size_of_the_table() -> None:
    assert set(EACH) | set(ONCE) == set(ACTIONS)
    assert sum(1 for _cell in cells()) == SIZE


@pytest.mark.contract("1.2.c")
def test_only_a_person_brings_in_email() -> None:
    """The walk above holds the product to these rules."""
    brings = {
        action
        for now, action, due in cells()
        if due.after.chosen == "In-Email" and now.chosen != "In-Email"
    }
    assert brings == {
        "choose In-Email",
        "choose in-email in small letters",
        "override In-Email",
    }

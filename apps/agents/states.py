"""The moves of an agent's state. Each is one verb under the row's lock, and leaves a StateChange.

Two things are kept apart: the *chosen* state, which a person sets, and the *busy overlay*, which
follows open calls and chats. The effective state is the overlay if there is one. When it ends,
the chosen state shows again and nothing was set: In-Email never comes from anything but a person.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.agents import contacts, lent
from apps.agents.choices import choosable_states, sign_in_state, state_named
from apps.agents.models import Agent, AgentSettings, AgentState, Contact, StateChange
from apps.agents.signals import state_changed
from apps.agents.vocabulary import OFFLINE
from apps.core.announce import announce
from apps.core.errors import Conflict, Forbidden, Guarded, Invalid
from apps.core.leases import expired
from apps.core.models import Role, User

LONGEST_REASON = 500
Kind = Contact.Kind


@dataclass(frozen=True, slots=True)
class Move:
    """What the row will say; TO is the new chosen state, None leaves it as it is."""

    code: str
    source: str
    by: User | None = None
    reason: str = ""
    to: str | None = None
    at: datetime | None = None  # now, unless it was due earlier


Decide = Callable[[AgentState], Move | None]


def choose_state(
    agent: Agent, state: str, *, by: User, source: str, reason: str = ""
) -> AgentState:
    """The agent's own choice; Forbidden `person-required` for an integration."""
    _person_or_refuse(by)
    if by.pk != agent.user_id:
        raise Forbidden("not-your-state", _("Only the agent or a supervisor sets this state."))
    return _set(agent, state, "chosen", by, source, reason)


def override_state(
    agent: Agent, state: str, *, by: User, source: str, reason: str = ""
) -> AgentState:
    """By a supervisor of the agent's team. During a call or chat it applies after that."""
    _steering_or_refuse(agent, by)
    return _set(agent, state, "overridden", by, source, reason)


def enter_call(agent: Agent, session: str, at: datetime | None = None) -> AgentState:
    """Idempotent by SESSION, the call's id in its own system; AT is that system's clock."""
    _working_or_refuse(agent)
    return _report(agent, "entered-call", contacts.enter(agent, Kind.CALL, session, at))


def leave_call(agent: Agent, session: str, at: datetime | None = None) -> AgentState:
    """May come before its `enter_call`, which then changes nothing; and for who left, too."""
    return _report(agent, "left-call", contacts.leave(agent, Kind.CALL, session, at))


def enter_chat(agent: Agent, session: str, at: datetime | None = None) -> AgentState:
    """As `enter_call`; several chats at a time are fine."""
    _working_or_refuse(agent)
    return _report(agent, "entered-chat", contacts.enter(agent, Kind.CHAT, session, at))


def leave_chat(agent: Agent, session: str, at: datetime | None = None) -> AgentState:
    return _report(agent, "left-chat", contacts.leave(agent, Kind.CHAT, session, at))


def end_stale(agent: Agent, *, by: User, source: str, reason: str) -> AgentState:
    """A supervisor ends calls and chats that were silent for too long; Conflict `not-stale`."""
    _steering_or_refuse(agent, by)
    said = _checked(reason)
    if not said:
        raise Invalid("reason-missing", _("reason: say why the call or chat is ended."))

    def decide(state: AgentState) -> Move:
        if not contacts.end_stale(agent, by):
            raise Conflict("not-stale", _("No call or chat of this agent has gone silent."))
        return Move("stale-ended", source, by, said)

    return _change(agent.pk, decide)


def signed_in(agent: Agent) -> AgentState:
    """The first sign-in of a shift sets the sign-in state; a second browser changes nothing."""
    if AgentState.objects.filter(expired("present_until"), agent=agent).exists():
        leave_if_absent(agent.pk)

    def decide(state: AgentState) -> Move:
        state.seen_at = timezone.now()
        return Move("signed-in", "sign-in", to=sign_in_state() if state.chosen == OFFLINE else None)

    return _change(agent.pk, decide)


def signed_out(agent: Agent) -> AgentState:
    return _change(agent.pk, lambda _state: Move("signed-out", "sign-out", to=OFFLINE))


def leave_if_absent(agent_id: int) -> AgentState:
    """To Offline, dated to the moment when the patience of the settings ended.

    Whoever calls it has asked the database's clock whether somebody is there: ours may be ahead.
    """
    patience = timedelta(minutes=AgentSettings.load().absent_after_minutes)

    def decide(state: AgentState) -> Move | None:
        last = state.seen_at or state.chosen_at
        if state.chosen == OFFLINE or timezone.now() - last <= patience:
            return None
        return Move("absent", "absence", to=OFFLINE, at=last + patience)

    return _change(agent_id, decide)


def leave_if_refused(agent_id: int) -> AgentState:
    """Out of a state whose basis is lost; a basis that returns restores nothing."""

    def decide(state: AgentState) -> Move | None:
        code = _refused_now(state)
        if not code:
            return None
        return Move(code, "product", to=OFFLINE if code == "not-an-agent" else sign_in_state())

    return _change(agent_id, decide)


def _set(agent: Agent, state: str, code: str, by: User, source: str, reason: str) -> AgentState:
    wanted, said = state_named(state), _checked(reason)
    _working_or_refuse(agent)
    if refusal := lent.refusals(wanted, [agent.pk]).get(agent.pk):
        raise Guarded(f"{wanted.lower()}-not-available", refusal.sentence)
    after = _change(agent.pk, lambda _state: Move(code, source, by, said, to=wanted))
    # The basis may have gone between the question and the commit: whoever comes second undoes it.
    transaction.on_commit(partial(leave_if_refused, agent.pk))
    return after


def _report(agent: Agent, code: str, note: Callable[[], None]) -> AgentState:
    def decide(state: AgentState) -> Move:
        note()
        return Move(code, "agent-events")

    return _change(agent.pk, decide)


def _change(agent_id: int, decide: Decide) -> AgentState:
    """Under the row's lock: decide, apply, and a row about it if anything is different."""
    with transaction.atomic():
        state = _locked(agent_id)
        before = copy(state)
        move = decide(state)
        if move is None:
            return state
        now = _apply(state, move)
        if _told(state) != _told(before):
            state.version += 1
            _remember(before, state, move, now)
            announce(state_changed, agent_ids=[agent_id])
        state.save()
    return state


def _locked(agent_id: int) -> AgentState:
    mine = AgentState.objects.select_for_update(of=("self",)).filter(agent=agent_id)
    if state := mine.first():
        return state
    AgentState.objects.bulk_create([AgentState(agent_id=agent_id)], ignore_conflicts=True)
    return mine.get()


def _apply(state: AgentState, move: Move) -> datetime:
    """Answers when it happened."""
    # A clock that was set back must not make a state end before it began.
    now = max(move.at or timezone.now(), state.chosen_at, state.since)
    state.overlay = contacts.overlay_of(state.agent_id)
    if move.by:
        state.seen_at = max(now, state.seen_at or now)
    if move.to and (move.to != state.chosen or _is_said_again(state, move)):
        state.chosen, state.chosen_at = move.to, now
        state.set_by, state.code = move.by, move.code
        state.source, state.reason = move.source, move.reason
        state.pending = move.by is not None
    state.pending = state.pending and bool(state.overlay)
    effective = state.overlay or state.chosen
    if effective != state.effective:
        state.effective, state.since = effective, now
    return now


def _is_said_again(state: AgentState, move: Move) -> bool:
    """A supervisor names the chosen state during a call or chat: both sides are to see it."""
    return move.code == "overridden" and bool(state.overlay) and not state.pending


def _told(state: AgentState) -> tuple[object, ...]:
    """What a row tells of; a second chat beside the first is told by its contact alone."""
    return state.chosen, state.overlay, state.chosen_at


def _remember(before: AgentState, after: AgentState, move: Move, at: datetime) -> None:
    StateChange.objects.create(
        agent_id=after.agent_id,
        at=at,
        before=before.effective,
        after=after.effective,
        chosen=after.chosen,
        overlay=after.overlay,
        pending=after.pending,
        by=move.by,
        source=move.source,
        code=move.code,
        reason=move.reason,
    )


def _refused_now(state: AgentState) -> str:
    """The code of the reason why the chosen state cannot stay, or nothing."""
    if state.chosen == OFFLINE:
        return ""
    if not Agent.objects.working().filter(pk=state.agent_id).exists():
        return "not-an-agent"
    if state.chosen not in choosable_states():
        return "state-withdrawn"
    refusal = lent.refusals(state.chosen, [state.agent_id]).get(state.agent_id)
    return refusal.code if refusal else ""


def _working_or_refuse(agent: Agent) -> None:
    if not Agent.objects.working().filter(pk=agent.pk).exists():
        raise Guarded("not-an-agent", _("%(agent)s is no agent any more.") % {"agent": agent.name})


def _person_or_refuse(user: User) -> None:
    if user.has_role(Role.INTEGRATION):
        raise Forbidden("person-required", _("A state is set by a person, never by a program."))


def _steering_or_refuse(agent: Agent, user: User) -> None:
    _person_or_refuse(user)
    if not Agent.objects.steered_by(user).filter(pk=agent.pk).exists():
        raise Forbidden("not-your-agent", _("This agent is in none of your teams."))


def _checked(reason: str) -> str:
    said = " ".join(reason.split())
    if len(said) > LONGEST_REASON:
        raise Invalid(
            "reason-too-long",
            _("reason: at most %(most)d characters; this one has %(count)d.")
            % {"most": LONGEST_REASON, "count": len(said)},
        )
    return said

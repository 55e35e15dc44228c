"""An agent's state as it is told: the same facts for the API, the console and the admin."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.agents import lent
from apps.agents.choices import accepted, choosable
from apps.agents.contacts import stale_contacts
from apps.agents.models import Agent, AgentState
from apps.agents.vocabulary import EMAIL, KINDS

# Codes of StateChange in words; those of guards are lent by the floor that knows them.
CAUSES = {
    "chosen": _("Chosen by the agent."),
    "overridden": _("Set by a supervisor."),
    "entered-call": _("A call began."),
    "left-call": _("The call ended."),
    "entered-chat": _("A chat began."),
    "left-chat": _("The chat ended."),
    "stale-ended": _("A silent call or chat was ended by a supervisor."),
    "signed-in": _("Signed in."),
    "signed-out": _("Signed out."),
    "absent": _("The console was closed for too long."),
    "state-withdrawn": _("The state is not in use any more."),
    "not-an-agent": _("The role of agent was taken away."),
}


@dataclass(frozen=True, slots=True)
class StateChoice:
    state: str
    allowed: bool
    reason: str | None  # why not
    colour: str = ""  # of a custom state: the class that names it


@dataclass(frozen=True, slots=True)
class ToldState:
    """PENDING: the chosen state, set during a call or chat, that shows when it ends."""

    chosen: str
    overlay: str | None
    effective: str
    pending: str | None
    set_by: str | None  # user name; nobody: the product did
    set_by_name: str | None
    by_agent: bool
    code: str
    source: str
    why: str
    reason: str
    since: datetime
    chosen_at: datetime
    accepts: list[str]
    present: bool
    version: int


def why_in_words(code: str) -> str:
    """In the reader's language."""
    return str(CAUSES[code]) if code in CAUSES else lent.cause_in_words(code)


def state_of(agent: Agent) -> ToldState:
    return states_of([agent])[agent.pk]


def states_of(agents: Collection[Agent]) -> dict[int, ToldState]:
    """Of all of them in a number of queries that no agent raises."""
    rows = AgentState.objects.filter(agent__in=agents).select_related("set_by", "agent")
    known = {row.agent_id: row for row in rows}
    kinds = accepted()
    asked = Agent.objects.filter(pk__in=[agent.pk for agent in agents])
    mail = set(asked.filter(lent.takes_mail_by_queue()).values_list("pk", flat=True))
    return {
        agent.pk: _told(
            known.get(agent.pk) or AgentState(agent=agent),
            {EMAIL} if agent.pk in mail else set(),
            kinds,
        )
        for agent in agents
    }


def choices_of(agent: Agent) -> list[StateChoice]:
    """Every state that can be chosen; a guarded one with the reason why it cannot be now."""
    refusals = {
        state: refusal
        for state in lent.guarded_states()
        if (refusal := lent.refusals(state, [agent.pk]).get(agent.pk))
    }
    return [
        StateChoice(
            state,
            state not in refusals,
            _sentence(refusals.get(state)),
            custom.css_class if custom else "",
        )
        for state, custom in choosable().items()
    ]


def is_stale(agent: Agent) -> bool:
    """A call or chat of which nothing was heard for too long: a supervisor can end it."""
    return stale_contacts().filter(agent=agent).exists()


def _told(row: AgentState, also: set[str], kinds: "dict[str, frozenset[str]]") -> ToldState:
    takes = kinds.get(row.effective, frozenset()) | also
    return ToldState(
        chosen=row.chosen,
        overlay=row.overlay or None,
        effective=row.effective,
        pending=row.chosen if row.pending else None,
        set_by=row.set_by.username if row.set_by else None,
        set_by_name=row.set_by.display_name if row.set_by else None,
        by_agent=row.set_by_id is not None and row.set_by_id == row.agent.user_id,
        code=row.code,
        source=row.source,
        why=why_in_words(row.code) if row.code else "",
        reason=row.reason,
        since=row.since,
        chosen_at=row.chosen_at,
        accepts=[kind for kind in KINDS if kind in takes],
        present=row.present_until is not None and row.present_until > timezone.now(),
        version=row.version,
    )


def _sentence(refusal: lent.Refusal | None) -> str | None:
    return refusal.sentence if refusal else None

"""One's own state: which it is and why, and what else could be chosen now.

Presence is the open socket of a page (core/live.py), or a program of the agent's own. Asking tells
nothing of it: reading changes nothing, and mail would come to a page that nobody has open.
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.agents.models import Agent, AgentState, StateChange
from apps.agents.telling import StateChoice, choices_of, why_in_words
from apps.agents.vocabulary import IN_CALL, OFFLINE, SYSTEM_STATES, label
from apps.core.models import Role, User


@dataclass(frozen=True, slots=True)
class Look:
    """Glyph, word and colour: never one of them alone."""

    state: str
    colour: str = ""  # of a custom state: the class that names it

    @property
    def word(self) -> str:
        return label(self.state)

    @property
    def glyph(self) -> str:
        return f"state-{self._slug}"

    @property
    def css(self) -> str:
        return f"is-{self._slug} {self.colour}".rstrip()

    @property
    def _slug(self) -> str:
        return self.state.lower() if self.state in SYSTEM_STATES else "custom"


@dataclass(frozen=True, slots=True)
class Offer:
    look: Look
    chosen: bool
    reason: str | None  # why it cannot be chosen now


@dataclass(frozen=True, slots=True)
class OwnState:
    row: AgentState
    now: Look
    then: Look | None  # the chosen one, while a call or chat covers it
    offers: list[Offer]

    @property
    def asked(self) -> bool:
        """Signed in, and Offline: the page asks for a state, and gives none by itself."""
        return self.row.chosen == OFFLINE

    @property
    def by_self(self) -> bool:
        return self.row.set_by_id == self.row.agent.user_id

    @property
    def by_other(self) -> User | None:
        """Who set the chosen state, if it was not the agent."""
        return None if self.by_self else self.row.set_by

    @property
    def in_call(self) -> bool:
        return self.row.overlay == IN_CALL

    @property
    def moved(self) -> bool:
        """The product moved the agent, because what the state rests on was lost."""
        return self.row.source == "product"

    @property
    def why(self) -> str:
        return why_in_words(self.row.code)

    @property
    def why_inside(self) -> str:
        """To stand behind a colon."""
        return self.why[:1].lower() + self.why[1:]

    @property
    def left(self) -> str:
        """The state that was chosen before this one, in words. Asked only after a move."""
        changes = StateChange.objects.filter(agent=self.row.agent_id).order_by("-pk")
        before = changes.exclude(chosen=self.row.chosen).values_list("chosen", flat=True).first()
        return label(before) if before else ""


def own_state(user: User) -> OwnState | None:
    """Nothing for who is no working agent. As many queries, however many states there are."""
    agent = agent_of(user)
    return _told(agent, choices_of(agent)) if agent else None


def agent_of(user: User) -> Agent | None:
    if not user.has_role(Role.AGENT):
        return None
    return Agent.objects.filter(user=user).select_related("user", "state__set_by").first()


def _told(agent: Agent, choices: list[StateChoice]) -> OwnState:
    row = getattr(agent, "state", None) or AgentState(agent=agent)
    looks = {one.state: Look(one.state, one.colour) for one in choices}
    chosen = looks.get(row.chosen, Look(row.chosen))
    return OwnState(
        row=row,
        now=looks.get(row.effective, Look(row.effective)),
        then=chosen if row.overlay else None,
        offers=[Offer(looks[one.state], one.state == row.chosen, one.reason) for one in choices],
    )

"""What the live board shows, in a number of queries that neither an agent nor a queue raises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery
from django.utils.safestring import SafeString

from apps.agents import lent, looks
from apps.agents.choices import choosable_states
from apps.agents.facts import Facts, facts_of
from apps.agents.models import Agent
from apps.agents.vocabulary import SYSTEM_STATES
from apps.core.models import User
from apps.queues.loads import open_sessions
from apps.queues.models import Queue
from apps.tickets.models import Session


@dataclass(frozen=True, slots=True)
class Offer:
    state: str
    look: SafeString
    why_not: str  # it would be refused now


@dataclass(frozen=True, slots=True)
class Card:
    """One agent. Without OFFERS the reader only looks."""

    agent: Agent
    facts: Facts
    look: SafeString
    offers: list[Offer]

    @property
    def teams(self) -> str:
        return ", ".join(self.facts.teams)

    @property
    def after(self) -> str:
        return looks.after_what(self.facts.told)

    @property
    def setter(self) -> str:
        return looks.setter(self.facts.told)

    @property
    def by_other(self) -> bool:
        return self.facts.told.set_by_name is not None and not self.facts.told.by_agent

    @property
    def since(self) -> SafeString:
        return looks.age_look(self.facts.told.since)

    @property
    def there(self) -> SafeString:
        return looks.presence_look(present=self.facts.told.present)


@dataclass(frozen=True, slots=True)
class Line:
    """A queue with what nobody has taken."""

    queue: Queue
    waiting: int
    oldest: datetime | None

    @property
    def age(self) -> str | SafeString:
        return looks.age_look(self.oldest) if self.oldest else ""


@dataclass(frozen=True, slots=True)
class Board:
    cards: list[Card]
    counts: list[tuple[SafeString, int]]
    lines: list[Line]


def board_of(user: User) -> Board:
    agents = list(Agent.objects.working().watched_by(user).select_related("user"))
    facts, custom = facts_of(agents, user), looks.colours()
    offers = _offers([pk for pk, one in facts.items() if one.steered], custom)
    cards = [
        Card(
            agent,
            facts[agent.pk],
            looks.full_look(facts[agent.pk].told, custom),
            offers.get(agent.pk, []),
        )
        for agent in agents
    ]
    cards.sort(key=_by_team_and_name)
    return Board(cards, _counted(cards, custom), _lines(user))


def _by_team_and_name(card: Card) -> tuple[bool, str, str, int]:
    """Those in no team come last."""
    return not card.teams, card.teams.casefold(), card.agent.name.casefold(), card.agent.pk


def _offers(agent_ids: Collection[int], custom: looks.Colours) -> Mapping[int, list[Offer]]:
    """All that can be chosen; a guarded state says beforehand why it would be refused."""
    if not agent_ids:
        return {}
    shown = {state: looks.state_look(state, custom) for state in choosable_states()}
    guarded = {state: lent.refusals(state, agent_ids) for state in lent.guarded_states()}

    def why_not(state: str, pk: int) -> str:
        refusal = guarded.get(state, {}).get(pk)
        return refusal.sentence if refusal else ""

    return {
        pk: [Offer(state, look, why_not(state, pk)) for state, look in shown.items()]
        for pk in agent_ids
    }


def _counted(cards: list[Card], custom: looks.Colours) -> list[tuple[SafeString, int]]:
    """The system's states first, in their order; only those that somebody is in."""
    found = Counter(card.facts.told.effective for card in cards)
    order = [*SYSTEM_STATES, *sorted(set(found) - set(SYSTEM_STATES))]
    return [(looks.state_look(one, custom), found[one]) for one in order if found[one]]


def _lines(user: User) -> list[Line]:
    """Queues in use, and those out of use in which something still waits.

    How many wait is kept, and who has waited longest is the first row of an index: neither takes
    longer the more wait.
    """
    line = Session.objects.waiting().filter(queue=OuterRef("pk")).order_by("waiting_since")
    oldest = Subquery(line.values("waiting_since")[:1])
    queues: list[Any] = list(Queue.objects.visible_to(user).annotate(oldest=oldest))
    waiting = open_sessions(queue.pk for queue in queues).waiting
    return [
        Line(queue, waiting.get(queue.pk, 0), queue.oldest)
        for queue in queues
        if queue.enabled or waiting.get(queue.pk)
    ]

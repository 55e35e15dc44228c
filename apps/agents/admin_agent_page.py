"""What an agent's page in the admin tells: now, today, and every change before."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.safestring import SafeString

from apps.agents import looks
from apps.agents.facts import Facts, facts_of
from apps.agents.models import Agent, StateChange
from apps.agents.shift_days import Span, span_of
from apps.agents.shifts import time_in_state
from apps.agents.telling import why_in_words
from apps.core.models import User

CHANGES = 50  # on a page
_PRODUCT = "Carteria"  # a name, in every language


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A row of history in words; THEN is a state that was set during a call or chat."""

    row: StateChange
    before: SafeString
    after: SafeString
    then: SafeString | str
    by: str
    by_other: bool
    source: str
    why: str


@dataclass(frozen=True, slots=True)
class AgentPage:
    agent: Agent
    facts: Facts
    look: SafeString
    presence: SafeString
    since: SafeString
    set_by: str
    why: str
    set_by_other: bool
    after_what: str
    today: list[tuple[SafeString, str]]  # state and time, the longest first
    shift: str
    span: Span
    changes: "Page[StateChange]"
    history: list[ShownChange]


def page_of(agent: Agent, reader: User, number: str) -> AgentPage:
    facts, custom = facts_of([agent], reader)[agent.pk], looks.colours()
    told, span = facts.told, span_of({}, reader)
    mine = Agent.objects.filter(pk=agent.pk)
    [today] = time_in_state(mine, span.first, span.last, span.zone)
    rows = StateChange.objects.filter(agent=agent).select_related("by").order_by("-pk")
    changes: Page[Any] = Paginator(rows, CHANGES).get_page(number)
    longest = sorted(today.states.items(), key=lambda one: -one[1])
    return AgentPage(
        agent=agent,
        facts=facts,
        look=looks.full_look(told, custom),
        presence=looks.presence_look(present=told.present),
        since=looks.age_look(told.since),
        set_by=looks.setter(told) if told.set_by else _PRODUCT if told.code else "",
        why=told.reason or ("" if told.set_by else told.why),
        set_by_other=told.set_by is not None and not told.by_agent,
        after_what=looks.after_what(told),
        today=[(looks.state_look(name, custom), looks.clock_time(n)) for name, n in longest],
        shift=looks.clock_time(today.shift),
        span=span,
        changes=changes,
        history=[_shown(row, agent, custom) for row in changes],
    )


def _shown(row: StateChange, agent: Agent, custom: looks.Colours) -> ShownChange:
    covered = row.before == row.after  # then the state below the call or chat has changed
    return ShownChange(
        row=row,
        before=looks.state_look(row.before, custom),
        after=looks.state_look(row.after, custom),
        then=looks.state_look(row.chosen, custom) if covered else "",
        by=row.by.display_name if row.by else "",
        by_other=row.by_id is not None and row.by_id != agent.user_id,
        source=looks.source_in_words(row.source),
        why=why_in_words(row.code),
    )

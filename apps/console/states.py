"""One's own state in the shell: which it is and why, and the way to choose another.

Presence is the open socket of a page (core/live.py), or a program of the agent's own. Loading a
page tells nothing of it: reading changes nothing, and mail given to a page without a script would
come there unseen. Such a page offers every state and every mail, but none is given to it by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from apps.agents.models import Agent, AgentState, StateChange
from apps.agents.states import choose_state
from apps.agents.telling import StateChoice, choices_of, why_in_words
from apps.agents.vocabulary import IN_CALL, OFFLINE, SYSTEM_STATES, label
from apps.console.frame import Visit, page
from apps.core.errors import Problem
from apps.core.models import Role, User

SOURCE = "console"


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
    def first_choices(self) -> list[Offer]:
        return [one for one in self.offers if not one.reason and one.look.state != OFFLINE]

    @property
    def refused(self) -> list[Offer]:
        return [one for one in self.offers if one.reason]

    @property
    def by_self(self) -> bool:
        return self.row.set_by_id == self.row.agent.user_id

    @property
    def by_other(self) -> User | None:
        """Who set the chosen state, if it was not the agent."""
        return None if self.by_self else self.row.set_by

    @property
    def colours(self) -> list[str]:
        """The classes that the page needs."""
        return [one.look.colour for one in self.offers if one.look.colour]

    @property
    def in_call(self) -> bool:
        return self.row.overlay == IN_CALL

    @property
    def moved(self) -> bool:
        """The product moved the agent, because what the state rests on was lost."""
        return self.row.source == "product"

    @property
    def told(self) -> bool:
        return self.moved or self.by_other is not None

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
    agent = _agent(user)
    return _told(agent, choices_of(agent)) if agent else None


@require_POST
@page
def choose(request: Visit) -> HttpResponse:
    """Back to the page; a refusal is said there in its sentence."""
    agent = _agent(request.user)
    if agent is None:
        raise Http404
    try:
        choose_state(agent, request.POST.get("state", ""), by=request.user, source=SOURCE)
    except Problem as problem:
        messages.error(request, problem.sentence)
    return redirect(_page_before(request))


def _agent(user: User) -> Agent | None:
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


def _page_before(request: Visit) -> str:
    """Of this site only."""
    wanted = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else reverse("sessions")

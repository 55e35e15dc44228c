"""The form by which supervisors set the state of agents, and the sentences that answer it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.agents import lent
from apps.agents.choices import choosable_states
from apps.agents.looks import colours, state_look
from apps.agents.models import Agent
from apps.agents.override import Effect, Outcome, by_effect
from apps.agents.states import LONGEST_REASON
from apps.agents.vocabulary import label

NAMED = 12  # more names than that nobody reads


@dataclass(frozen=True, slots=True)
class Offer:
    """A state to choose. WHY_NOT says for whom it cannot be; CLOSED: for none of them."""

    state: str
    look: SafeString
    why_not: str
    closed: bool


class SetStateForm(forms.Form):
    """Not told which agents: the page checks those."""

    state = forms.ChoiceField(
        label=_("State"), error_messages={"required": _("Choose the state to set.")}
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST_REASON,
        error_messages={"required": _("Say why. The agent reads it, and history keeps it.")},
        help_text=_("The agent reads it beside your name, and history keeps it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(name, label(name)) for name in choosable_states()]
        self.fields["state"].choices = names  # type: ignore[attr-defined]


def offers(agents: QuerySet[Agent]) -> list[Offer]:
    """All that can be chosen; a guarded state says beforehand for whom it will be refused."""
    ids = list(agents.values_list("pk", flat=True))
    guarded = {state: lent.refusals(state, ids) for state in lent.guarded_states()}
    looks = colours()
    return [
        Offer(
            state,
            state_look(state, looks),
            _why_not(guarded.get(state, {}), len(ids)),
            closed=bool(ids) and len(guarded.get(state, {})) == len(ids),
        )
        for state in choosable_states()
    ]


def _why_not(refusals: "dict[int, lent.Refusal] | Any", asked: int) -> str:
    if not refusals:
        return ""
    why = " ".join(dict.fromkeys(one.sentence for one in refusals.values()))
    if len(refusals) == asked:
        return why
    facts = {"n": len(refusals), "asked": asked, "why": why}
    return gettext("Not for %(n)d of these %(asked)d: %(why)s") % facts


def told(outcomes: Iterable[Outcome], state: str) -> list[tuple[int, str]]:
    """Level and sentence of each group of agents that fared alike."""
    return [
        (
            _LEVELS.get(effect, messages.SUCCESS),
            str(_SENTENCES[effect]) % {"state": label(state), "agents": _named(agents), "why": why},
        )
        for (effect, why), agents in by_effect(outcomes).items()
    ]


def _named(agents: list[Agent]) -> str:
    names = ", ".join(agent.name for agent in agents[:NAMED])
    more = len(agents) - NAMED
    if more <= 0:
        return names
    rest = ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more}
    return f"{names} {rest}"


_LEVELS = {Effect.REFUSED: messages.WARNING, Effect.UNCHANGED: messages.INFO}
_SENTENCES: dict[Effect, Any] = {
    Effect.AT_ONCE: _("%(state)s applies at once: %(agents)s."),
    Effect.AFTER_CALL: _("%(state)s applies after the call: %(agents)s."),
    Effect.AFTER_CHAT: _("%(state)s applies after the chat: %(agents)s."),
    Effect.UNCHANGED: _("In %(state)s already: %(agents)s."),
    Effect.REFUSED: _("Not set for %(agents)s: %(why)s"),
}

"""Conditions that floors above lend: who may enter a state, and whose queues take mail in others.

`agents` knows no queue and no channel; `queues/availability.py` registers both at start.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody may not be in a state: a code to store, and the sentence for people."""

    code: str
    sentence: str


Guard = Callable[[Collection[int]], Mapping[int, Refusal]]
_guards: dict[str, Guard] = {}
_causes: dict[str, Any] = {}
_takers: list[Callable[[], Q]] = []


def lend_guard(state: str, guard: Guard, causes: Mapping[str, Any]) -> None:
    """GUARD answers for agent ids who may not be in STATE; CAUSES are its codes in words."""
    _guards[state] = guard
    _causes.update(causes)


def lend_mail_takers(takers: Callable[[], Q]) -> None:
    """TAKERS finds agents whose queue takes mail in the state that they are in."""
    _takers.append(takers)


def guarded_states() -> list[str]:
    return list(_guards)


def refusals(state: str, agent_ids: Collection[int]) -> Mapping[int, Refusal]:
    guard = _guards.get(state)
    return guard(agent_ids) if guard and agent_ids else {}


def cause_in_words(code: str) -> str:
    """In the reader's language; empty for a code that no floor lent."""
    return str(_causes.get(code, ""))


def takes_mail_by_queue() -> Q:
    """True for agents who take mail although their state itself does not."""
    found = Q(pk__in=())
    for takers in _takers:
        found |= takers()
    return found

"""Which states a person can choose, and what each of them takes: constants and custom rows."""

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.agents.models import AgentSettings, CustomState
from apps.agents.vocabulary import (
    ACCEPTS,
    AVAILABLE,
    CALL,
    CHAT,
    CHOOSABLE,
    IN_EMAIL,
    OFFLINE,
    OVERLAYS,
    is_system_name,
)
from apps.core.errors import Guarded, Invalid


def choosable_states() -> list[str]:
    return list(choosable())


def choosable() -> dict[str, CustomState | None]:
    """The system's first, Offline last; with a custom state its row."""
    custom = {state.name: state for state in _custom_states() if state.enabled}
    system = dict.fromkeys(name for name in CHOOSABLE if name != OFFLINE)
    return {**system, **custom, OFFLINE: None}


def accepted() -> dict[str, frozenset[str]]:
    """What every state that somebody can be in takes."""
    custom = {state.name: _accepts(state) for state in _custom_states()}
    return {**custom, **ACCEPTS}


def state_named(word: str) -> str:
    """The state that a person means, in any case; Invalid `unknown-state` otherwise."""
    known = {name.casefold(): name for name in choosable_states()}
    if found := known.get(word.strip().casefold()):
        return found
    if word.strip().casefold() in {name.casefold() for name in OVERLAYS}:
        raise Guarded(
            "set-by-calls-only",
            _("state: %(state)s comes from calls and chats; nobody can choose it.")
            % {"state": word.strip()},
        )
    raise Invalid(
        "unknown-state",
        _("state: there is no such state. Choose one of: %(states)s.")
        % {"states": ", ".join(known.values())},
    )


def sign_in_state() -> str:
    """The setting; Available when it names a state that is gone, and never In-Email."""
    wanted = AgentSettings.load().sign_in_state
    return wanted if wanted in choosable_states() and wanted != IN_EMAIL else AVAILABLE


def in_states_that_accept(kind: str) -> Q:
    """On AgentState: whoever is in a state that takes KIND by itself."""
    return Q(effective__in=[name for name, kinds in accepted().items() if kind in kinds])


def _custom_states() -> list[CustomState]:
    """A row that bears a system's name, however it got there, is none: constants win."""
    return [state for state in CustomState.objects.all() if not is_system_name(state.name)]


def _accepts(state: CustomState) -> frozenset[str]:
    calls = {CALL} if state.accepts_calls else set()
    return frozenset(calls | ({CHAT} if state.accepts_chats else set()))

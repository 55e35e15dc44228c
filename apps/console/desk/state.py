"""One's own state in JSON, the way to choose another, and the switch for single-letter keys."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.agents.states import choose_state
from apps.agents.vocabulary import IN_EMAIL
from apps.console.answers import as_json, body_of
from apps.console.desk.own_state import Look, Offer, OwnState, agent_of, own_state
from apps.console.desk.rows import moment
from apps.console.frame import Visit
from apps.console.templatetags.console import clock
from apps.core.errors import Invalid, Missing
from apps.core.models import User

SOURCE = "console"


@require_POST
@as_json
def choose(request: Visit) -> dict[str, Any]:
    agent = agent_of(request.user)
    if agent is None:
        raise Missing("not-an-agent", _("You are no agent, so you have no state."))
    wanted = body_of(request).get("state")
    if not isinstance(wanted, str):
        raise Invalid("state-missing", _("state: say which state you choose."))
    choose_state(agent, wanted, by=request.user, source=SOURCE)
    return own_state_json(request.user) or {}


@require_POST
@as_json
def keys(request: Visit) -> dict[str, Any]:
    on = body_of(request).get("on")
    if not isinstance(on, bool):
        raise Invalid("on-missing", _("on: say true or false."))
    user = request.user
    if user.single_keys != on:
        user.single_keys = on
        user.save(update_fields=["single_keys"])
    return {"keys": on}


def own_state_json(user: User) -> dict[str, Any] | None:
    """Nothing for who is no agent."""
    own = own_state(user)
    return _as_json(own) if own else None


def look_json(look: Look) -> dict[str, str]:
    return {"state": look.state, "word": look.word, "glyph": look.glyph, "css": look.css}


def _as_json(own: OwnState) -> dict[str, Any]:
    row, other = own.row, own.by_other
    return {
        "agent": str(row.agent_id),
        "version": row.version,
        "effective": look_json(own.now),
        "then": look_json(own.then) if own.then else None,
        "since": moment(row.since),
        "chosen_at": moment(row.chosen_at) if row.chosen_at else None,
        "by_self": own.by_self,
        "set_by": other.display_name if other else None,
        "reason": row.reason,
        "told": told_in_words(own) or None,
        "moved": own.moved,
        "asked": asked_in_words(own) or None,
        "offers": [_offer_json(one) for one in own.offers],
    }


def _offer_json(offer: Offer) -> dict[str, Any]:
    note = _("Mail, and still calls and chats") if offer.look.state == IN_EMAIL else None
    facts = {"reason": offer.reason, "chosen": offer.chosen, "note": note}
    return {**look_json(offer.look), **facts}


def told_in_words(own: OwnState) -> str:
    """Who or what set the state, if it was not the agent."""
    row = own.row
    if own.moved:
        left = own.left
        facts = {"state": left, "why": own.why_inside}
        return _("You left %(state)s: %(why)s") % facts if left else own.why
    if own.by_other is None:
        return ""
    facts = {
        "who": own.by_other.display_name,
        "time": clock(row.chosen_at),
        "state": own.then.word if own.then else "",
    }
    said = _set_by_other(own) % facts
    return f"{said}: {row.reason}" if row.reason else said


def _set_by_other(own: OwnState) -> str:
    if not own.row.pending:
        return _("Set by %(who)s, %(time)s")
    if own.in_call:
        return _("Set to %(state)s by %(who)s, %(time)s: applies after the call")
    return _("Set to %(state)s by %(who)s, %(time)s: applies after the chat")


def asked_in_words(own: OwnState) -> str:
    """What an agent is told who is offline, and would wait for mail in vain."""
    if not own.asked:
        return ""
    why = {"absent": own.why, "signed-out": _("You signed out in another window.")}
    parts = [_offline_in_words(own), why.get(own.row.code, ""), _("Choose a state to get mail.")]
    return " ".join(filter(None, parts))


def _offline_in_words(own: OwnState) -> str:
    if own.then is None:
        return _("You are offline.")
    return (
        _("After the call you are offline.")
        if own.in_call
        else _("After the chat you are offline.")
    )

"""The transition table of agent states, as data: what SPEC 1.2 says of every situation and action.

Written from the contract and without the product: it imports nothing of `apps`, so that a mistake
there is not repeated here. `test_table.py` does every action in every situation and compares.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product

CUSTOM = "Phone duty"  # a state of the house's own that takes calls
CHOOSABLE = ("Available", "In-Email", "Break", "Unavailable", CUSTOM, "Offline")
SIGN_IN = "Available"  # the setting

TAKES = {
    "Available": ("call", "chat"),
    "In-Email": ("email", "call", "chat"),
    "Break": (),
    "Unavailable": (),
    "Offline": (),
    CUSTOM: ("call",),
    "In-Chat": ("call", "chat"),
    "In-Call": (),
}

AGENT, SUPERVISOR = "the agent", "the supervisor"  # by whom; None: the product

# How an agent belongs to email queues: how many of them are in use.
BASES = {"none": 0, "switched-off": 0, "own": 1, "team": 1, "sub-team": 1, "two": 2}

WHY_NOT = {
    "channel-off": "The email channel is switched off.",
    "no-email-queue": "No email queue that is in use has this agent as a member.",
}


@dataclass(frozen=True)
class Situation:
    channel: bool
    basis: str
    chosen: str
    calls: int
    chats: int
    pending: bool = False  # chosen during this call or chat

    @property
    def overlay(self) -> str:
        return "In-Call" if self.calls else "In-Chat" if self.chats else ""

    @property
    def effective(self) -> str:
        return self.overlay or self.chosen

    @property
    def why_not_in_email(self) -> str:
        if not self.channel:
            return "channel-off"
        return "" if BASES[self.basis] else "no-email-queue"

    def __str__(self) -> str:
        switch = "on" if self.channel else "off"
        busy = f"{self.calls} calls, {self.chats} chats"
        return f"{switch}/{self.basis}/{self.chosen}/{busy}{'/pending' if self.pending else ''}"


@dataclass(frozen=True)
class Outcome:
    """REFUSED: the code of the error; then nothing moved. CODE, BY: of the row, if one is due."""

    after: Situation
    code: str = ""
    by: str | None = None
    refused: str = ""
    working: bool = True


Rule = Callable[[Situation], Outcome | None]  # None: the action makes no sense there


def situations() -> Iterator[Situation]:
    """In-Email without its basis cannot be: losing the basis is among the actions."""
    for channel, basis, chosen, calls, chats in product(
        (True, False), BASES, CHOOSABLE, (0, 1), (0, 1, 2)
    ):
        here = Situation(channel, basis, chosen, calls, chats)
        if chosen == "In-Email" and here.why_not_in_email:
            continue
        yield here
        if here.overlay and (channel, basis) == (True, "own"):
            yield replace(here, pending=True)


# ---- rules ---------------------------------------------------------------------------------------


def _set(state: str, code: str, by: str) -> Rule:
    """By a person: at once, or after the call or chat."""

    def rule(now: Situation) -> Outcome:
        if state == "In-Email" and now.why_not_in_email:
            return Outcome(now, refused="in-email-not-available")
        said_again = code == "overridden" and now.overlay and not now.pending
        if state == now.chosen and not said_again:
            return Outcome(now)
        return Outcome(replace(now, chosen=state, pending=bool(now.overlay)), code, by)

    return rule


def _moved(now: Situation, state: str, code: str) -> Outcome:
    """By the product: nothing is pending then, nobody set it."""
    if state == now.chosen:
        return Outcome(now)
    return Outcome(replace(now, chosen=state, pending=False), code)


def _refused(code: str) -> Rule:
    return lambda now: Outcome(now, refused=code)


def _stays(now: Situation) -> Outcome:
    return Outcome(now)


def _busy(now: Situation, code: str, *, calls: int = 0, chats: int = 0) -> Outcome:
    """What is pending waits for the last call and chat."""
    after = replace(now, calls=now.calls + calls, chats=now.chats + chats)
    return Outcome(replace(after, pending=now.pending and bool(after.overlay)), code)


def _enter_call(now: Situation) -> Outcome:
    return _busy(now, "entered-call", calls=1)


def _leave_call(now: Situation) -> Outcome | None:
    return _busy(now, "left-call", calls=-1) if now.calls else None


def _enter_chat(now: Situation) -> Outcome:
    return _busy(now, "entered-chat", chats=1)


def _leave_chat(now: Situation) -> Outcome | None:
    return _busy(now, "left-chat", chats=-1) if now.chats else None


def _call_is_there(now: Situation) -> Outcome | None:
    return Outcome(now) if now.calls else None


def _chat_is_there(now: Situation) -> Outcome | None:
    return Outcome(now) if now.chats else None


def _sign_in(now: Situation) -> Outcome:
    return _moved(now, SIGN_IN, "signed-in") if now.chosen == "Offline" else Outcome(now)


def _sign_in_later(now: Situation) -> Outcome:
    """Two rows, the absence and the sign-in; the second is checked."""
    away = _moved(now, "Offline", "absent").after
    return _moved(away, SIGN_IN, "signed-in")


def _sign_out(now: Situation) -> Outcome:
    return _moved(now, "Offline", "signed-out")


def _absent(now: Situation) -> Outcome:
    return _moved(now, "Offline", "absent")


def _end_silent(now: Situation) -> Outcome | None:
    if not now.overlay:
        return None
    return replace(_busy(now, "stale-ended", calls=-now.calls, chats=-now.chats), by=SUPERVISOR)


def _end_nothing_silent(now: Situation) -> Outcome:
    return Outcome(now, refused="not-stale")


def _without(now: Situation, after: Situation) -> Outcome:
    """In-Email goes when its last basis goes; every other state stays."""
    if now.chosen != "In-Email" or not after.why_not_in_email:
        return Outcome(after)
    return _moved(after, SIGN_IN, after.why_not_in_email)


def _channel_off(now: Situation) -> Outcome:
    return _without(now, replace(now, channel=False))


def _channel_on(now: Situation) -> Outcome:
    return Outcome(replace(now, channel=True))


def _channel_off_and_on(now: Situation) -> Outcome:
    went = _channel_off(now)
    return replace(went, after=replace(went.after, channel=True))


def _loses(*bases: str, to: str = "none") -> Rule:
    """The last queue goes; without one there is nothing to lose."""

    def rule(now: Situation) -> Outcome | None:
        return _without(now, replace(now, basis=to)) if now.basis in bases else None

    return rule


def _queues_off_and_on(now: Situation) -> Outcome | None:
    went = _loses(*IN_USE, to="switched-off")(now)
    return went and replace(went, after=replace(went.after, basis=now.basis))


def _queue_on(now: Situation) -> Outcome | None:
    return Outcome(replace(now, basis="own")) if now.basis == "switched-off" else None


def _joins_queue(now: Situation) -> Outcome | None:
    return Outcome(replace(now, basis="own")) if now.basis == "none" else None


def _loses_role(now: Situation) -> Outcome:
    return replace(_moved(now, "Offline", "not-an-agent"), working=False)


def _state_withdrawn(now: Situation) -> Outcome:
    return _moved(now, SIGN_IN, "state-withdrawn") if now.chosen == CUSTOM else Outcome(now)


IN_USE = ("own", "team", "sub-team", "two")

ACTIONS: dict[str, Rule] = {
    **{f"choose {state}": _set(state, "chosen", AGENT) for state in CHOOSABLE},
    **{f"override {state}": _set(state, "overridden", SUPERVISOR) for state in CHOOSABLE},
    "choose in-email in small letters": _set("In-Email", "chosen", AGENT),
    "choose In-Call": _refused("set-by-calls-only"),
    "override In-Chat": _refused("set-by-calls-only"),
    "choose a state that is none": _refused("unknown-state"),
    "choose with too long a reason": _refused("reason-too-long"),
    "a program chooses In-Email": _refused("person-required"),
    "a program overrides with Break": _refused("person-required"),
    "a supervisor of others overrides with In-Email": _refused("not-your-agent"),
    "a colleague overrides with Break": _refused("not-your-agent"),
    "a supervisor chooses instead of overriding": _refused("not-your-state"),
    "enter call": _enter_call,
    "enter call, told twice": _enter_call,
    "enter the same call again": _call_is_there,
    "leave call": _leave_call,
    "leave call, told twice": _leave_call,
    "leave and enter the same call": _leave_call,
    "leave a call that never began": _stays,
    "leave a call before its enter": _stays,
    "enter chat": _enter_chat,
    "enter chat, told twice": _enter_chat,
    "enter the same chat again": _chat_is_there,
    "leave chat": _leave_chat,
    "leave chat, told twice": _leave_chat,
    "leave and enter the same chat": _leave_chat,
    "leave a chat that never began": _stays,
    "leave a chat before its enter": _stays,
    "end what is silent": _end_silent,
    "end what is not silent": _end_nothing_silent,
    "sign in": _sign_in,
    "sign in after too long": _sign_in_later,
    "sign out": _sign_out,
    "reconnect in time": _stays,
    "reconnect after too long": _absent,
    "a sweep in time": _stays,
    "a sweep after too long": _absent,
    "channel off": _channel_off,
    "channel on": _channel_on,
    "channel off and on": _channel_off_and_on,
    "queues switched off": _loses(*IN_USE, to="switched-off"),
    "queues switched off and on": _queues_off_and_on,
    "one queue of two switched off": _loses("two", to="own"),
    "queues deleted": _loses(*IN_USE),
    "memberships deleted": _loses(*IN_USE),
    "agents leave the team": _loses("team", "sub-team"),
    "agents leave one basis of two": _loses("two", to="own"),
    "team moved away": _loses("sub-team"),
    "team deleted": _loses("team", "sub-team"),
    "queue switched on": _queue_on,
    "agents join a queue": _joins_queue,
    "role taken away": _loses_role,
    "state of the house switched off": _state_withdrawn,
    "state of the house deleted": _state_withdrawn,
}


def cells() -> Iterator[tuple[Situation, str, Outcome]]:
    for here in situations():
        for action, rule in ACTIONS.items():
            if (due := rule(here)) is not None:
                yield here, action, due

"""How states look in the admin and on the board: glyph, word and colour, ages, and who set what."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.agents.models import CustomState
from apps.agents.telling import ToldState
from apps.agents.vocabulary import IN_CALL, SYSTEM_STATES, label

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SOURCES: dict[str, Any] = {
    "console": gettext_lazy("Console"),
    "board": gettext_lazy("Live board"),
    "admin": gettext_lazy("Administration"),
    "api": gettext_lazy("API"),
    "sign-in": gettext_lazy("Sign-in"),
    "sign-out": gettext_lazy("Sign-out"),
    "absence": gettext_lazy("Absence"),
    "product": gettext_lazy("Carteria"),
    "agent-events": gettext_lazy("Call or chat system"),
}
Colours = Mapping[str, str]


def colours() -> Colours:
    """The classes of the custom states' colours; read once for a page."""
    return {state.name: state.css_class for state in CustomState.objects.all()}


def state_look(name: str, custom: Colours) -> SafeString:
    if name in SYSTEM_STATES:
        slug = name.lower()
        return format_html(
            '<span class="state is-{0}"><svg class="i" aria-hidden="true">'
            '<use href="#i-state-{0}"/></svg>{1}</span>',
            slug,
            label(name),
        )
    return format_html(
        '<span class="state {}"><svg class="i" aria-hidden="true">'
        '<use href="#i-state-custom"/></svg><bdi>{}</bdi></span>',
        custom.get(name, ""),
        name,
    )


def full_look(told: ToldState, custom: Colours) -> SafeString:
    """In-Call, then In-Email."""
    now = state_look(told.effective, custom)
    if not told.overlay:
        return now
    return format_html(
        '{} <span class="then">{} {}</span>', now, _("then"), state_look(told.chosen, custom)
    )


def after_what(told: ToldState) -> str:
    """What a pending choice waits for."""
    if not told.pending:
        return ""
    in_call = told.overlay == IN_CALL
    return _("applies after the call") if in_call else _("applies after the chat")


def setter(told: ToldState) -> str:
    """Who set the chosen state, or what did."""
    if told.set_by_name is None:
        return told.why
    return _("the agent") if told.by_agent else told.set_by_name


def presence_look(*, present: bool) -> SafeString:
    """No colour of its own: being there is no state."""
    glyph, word = ("here", _("Here")) if present else ("gone", _("Not here"))
    return format_html(
        '<span class="there there--{0}"><svg class="i" aria-hidden="true">'
        '<use href="#i-agent-{0}"/></svg>{1}</span>',
        glyph,
        word,
    )


def age(moment: datetime) -> str:
    """`now`, `18 m`, `3 h 5 m`, `2 d`."""
    passed = timezone.now() - moment
    if passed < MINUTE:
        return _("now")
    if passed < HOUR:
        return _("%(n)d m") % {"n": passed // MINUTE}
    if passed < DAY:
        facts = {"h": passed // HOUR, "m": passed % HOUR // MINUTE}
        return _("%(h)d h %(m)d m") % facts
    return _("%(n)d d") % {"n": passed // DAY}


def age_look(moment: datetime) -> SafeString:
    local = timezone.localtime(moment)
    whole = date_format(local, "DATETIME_FORMAT")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', local.isoformat(), whole, age(moment)
    )


def source_in_words(source: str) -> str:
    return str(SOURCES.get(source, source))


def clock_time(seconds: int) -> str:
    """2:05:09"""
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"

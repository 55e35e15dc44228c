"""Small words and shapes of the pages: icons, ages, names, and what a verdict means."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.attachments.models import Attachment
from apps.channels.parsed import Address
from apps.tickets.models import Session

register = template.Library()

MINUTE, HOUR, DAY, WEEK = (
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
    timedelta(days=7),
)
VERDICT_ICONS = {
    "clean": "shield-check",
    "waiting": "hourglass",
    "refused": "ban",
    "infected": "shield-x",
    "withheld": "lock",
}
REASONS = {
    "type-not-allowed": gettext_lazy("this type is not on the list of allowed types"),
    "type-denied": gettext_lazy("programs and archives are not accepted"),
    "content-denied": gettext_lazy("its content is a program or an archive"),
    "polyglot": gettext_lazy("it pretends to be two types at once"),
    "encrypted": gettext_lazy("password-protected, so nobody could look inside"),
    "too-big": gettext_lazy("too large or too deeply packed to be checked"),
    "scanner-down": gettext_lazy("the virus scanner is not running"),
    "scanner-options": gettext_lazy("the virus scanner lacks a setting; tell your administrator"),
    "unscannable": gettext_lazy("the virus scanner could not read it"),
}


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """Decoration: the word stands beside it, or in the label of the button."""
    return format_html(
        '<svg class="i {}" aria-hidden="true"><use href="#i-{}"/></svg>', extra, name
    )


@register.filter
def status_icon(session: Session) -> str:
    return f"s-{session.status}"


@register.filter
def age(moment: datetime) -> str:
    """`now`, `18 m`, `3 h`, `2 d`, then the date."""
    passed = timezone.now() - moment
    if passed < MINUTE:
        return _("now")
    if passed < HOUR:
        return _("%(n)d m") % {"n": passed // MINUTE}
    if passed < DAY:
        return _("%(n)d h") % {"n": passed // HOUR}
    if passed < WEEK:
        return _("%(n)d d") % {"n": passed // DAY}
    return short_date(moment)


@register.filter
def clock(moment: datetime) -> str:
    """The hour today, the day and the hour before that."""
    local = timezone.localtime(moment)
    hour = date_format(local, "H:i")
    return hour if local.date() == timezone.localdate() else f"{short_date(moment)}, {hour}"


def short_date(moment: datetime) -> str:
    """With the year only where it is another one."""
    local = timezone.localtime(moment)
    same_year = local.year == timezone.localdate().year
    return date_format(local, _("j M") if same_year else _("j M Y"))


@register.filter
def full_time(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), _("l, j F Y, H:i:s"))


@register.filter
def tint(name: Any) -> int:
    """One of six quiet colours, the same for the same name every time."""
    return sum(str(name).encode()) % 6 + 1


@register.filter
def initials(name: str) -> str:
    """Of the first two words; of an address its first letter."""
    words = [word for word in name.replace("@", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[: 1 if "@" in name else 2]).upper() or "?"


@register.filter
def extension(name: str) -> str:
    """In up to four letters, for the tile of a file."""
    _stem, dot, letters = name.rpartition(".")
    return letters[:4].upper() if dot and letters.isalnum() else "?"


@register.filter
def people(addresses: Iterable[dict[str, str] | Address]) -> str:
    """Names where they are known, else addresses; stored people are dicts."""
    known = (Address(**one) if isinstance(one, dict) else one for one in addresses)
    return ", ".join(one.name or one.email for one in known)


@register.filter
def verdict_icon(attachment: Attachment) -> str:
    return VERDICT_ICONS.get(attachment.verdict, "hourglass")


@register.filter
def reason(attachment: Attachment) -> str:
    """The code of a verdict as words; empty where the verdict says it all."""
    code, _colon, detail = attachment.reason.partition(":")
    if code == "infected":
        return _("%(virus)s; it stays locked away") % {"virus": detail or _("virus")}
    if code == "released":
        return _("released by %(user)s") % {"user": detail}
    return str(REASONS.get(code, attachment.reason))

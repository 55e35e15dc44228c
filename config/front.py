"""The rows of the admin's front page, each setting with a sentence, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from apps.core.models import User
from config.front_facts import OF_READER, OK, ROWS, WARN, Fact, nothing


@dataclass(frozen=True, slots=True)
class Row:
    label: str  # of the model
    title: str
    help: str
    url: str
    fact: Fact
    add_url: str = ""


@dataclass(frozen=True, slots=True)
class Hint:
    """What to do next, where something is not finished."""

    title: str
    sentence: str
    url: str
    button: str


# ---- the rows -----------------------------------------------------------------------------------


def rows_of(models: Iterable[dict[str, Any]], reader: User) -> list[Row]:
    """From Django's list, which holds what the reader may see."""
    return [_row(one, reader) for one in models]


def _row(shown: dict[str, Any], reader: User) -> Row:
    key = shown["model"]._meta.label
    title, sentence, question = ROWS.get(key, (None, "", nothing))
    return Row(
        label=key,
        title=str(title or capfirst(shown["name"])),
        help=str(sentence),
        url=shown["admin_url"],
        fact=OF_READER[key](reader) if key in OF_READER else question(),
        add_url=shown.get("add_url") or "",
    )


def page_named(name: str) -> str:
    """Its address, or nothing while that page does not exist."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def next_step(rows: Sequence[Row]) -> Hint | None:
    """Only for the way to the first fetched mail; what goes wrong later stands at its row."""
    url = page_named("admin:email-setup")
    facts = {row.label: row for row in rows}
    channel = facts.get("email_channels.ChannelSettings")
    account = facts.get("email_channels.EmailAccount")
    if not url or channel is None or account is None or not account.add_url:
        return None
    if account.fact.tone == WARN:
        return Hint(
            _("Connect your first mailbox"),
            _(
                "The set-up goes with you from the mail account to the first answered mail. It"
                " tests each step and fetches nothing before you say so. About ten minutes."
            ),
            url,
            _("Begin the set-up"),
        )
    if channel.fact.tone != OK:
        return Hint(
            _("Mail is not fetched yet"),
            _("The set-up shows what is done and what is open, up to the switch."),
            url,
            _("Go on with the set-up"),
        )
    return None

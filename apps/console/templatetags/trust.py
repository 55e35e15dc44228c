"""The trust line of a mail that came in: its title, its icon and its sentences."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.channels.lookalikes import visible as with_numbers
from apps.channels.parsed import Address
from apps.channels.trust_words import TITLES, advice_of, marked_sentences_of, sentences_of
from apps.tickets.models import Message

register = template.Library()


@register.filter
def trust_title(message: Message) -> str:
    return str(TITLES.get(message.trust.get("level", ""), ""))


@register.filter
def trust_sentences(message: Message) -> list[SafeString]:
    return marked_sentences_of(message.trust)


@register.filter
def trust_hint(message: Message) -> str:
    """All of it in one line, for a title."""
    return " ".join(sentences_of(message.trust))


@register.filter
def trust_advice(message: Message) -> str:
    return advice_of(message.trust)


@register.filter
def in_full(addresses: Iterable[Address]) -> str:
    """Whom an answer goes to: a name alone can be anybody's."""
    shown = (f"{one.name} <{one.email}>" if one.name else one.email for one in addresses)
    return with_numbers(", ".join(shown))


@register.simple_tag
def address(email: str) -> SafeString:
    """Where room is short, what stands before the @ is cut, and never a domain's end."""
    local, at, domain = with_numbers(email).rpartition("@")
    if not at:
        return format_html("<bdi>{}</bdi>", domain)
    return format_html(
        '<bdi class="address-box">{}</bdi><span class="address-domain"><bdi>@{}</bdi></span>',
        local,
        domain,
    )


@register.filter
def visible(text: Any) -> str:
    """An address in which no character hides."""
    return with_numbers(str(text))

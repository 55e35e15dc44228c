"""The trust line of a mail that came in: its title, its icon and its sentences."""

from typing import Any

from django import template
from django.utils.safestring import SafeString

from apps.channels.lookalikes import visible as with_numbers
from apps.channels.trust_words import TITLES, marked_sentences_of, sentences_of
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
def visible(text: Any) -> str:
    """An address in which no character hides."""
    return with_numbers(str(text))

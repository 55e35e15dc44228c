"""Small words of the account pages."""

from typing import Any

from django import template

from apps.core import second_factor

register = template.Library()


@register.simple_tag(takes_context=True)
def second_factor_needed(context: dict[str, Any]) -> bool:
    return second_factor.is_required(context["request"].user)


@register.simple_tag(takes_context=True)
def second_factor_missing(context: dict[str, Any]) -> bool:
    return second_factor.is_missing(context["request"].user)


@register.filter
def in_fours(key: str) -> str:
    """So that an eye can follow it from a screen to a phone."""
    return " ".join(key[start : start + 4] for start in range(0, len(key), 4))

"""Words of the guides: text to be copied, and one guide in its frame."""

from datetime import date
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.channels.guides import CHECKED, GUIDES, POP3, Guide

register = template.Library()


@register.simple_tag
def copied(text: str) -> SafeString:
    """TEXT as it is typed at the provider, with a button where the browser can copy. It belongs to
    no form, or the page would begin at it.

    Empty is the redirect URI while nobody has said where Carteria is."""
    if not text:
        return format_html("<em>{}</em>", _("say the console address first"))
    return format_html(
        '<span class="copied"><code>{0}</code><button type="button" form="" class="copy" hidden'
        ' data-copied="{2}" aria-label="{1}: {0}">{1}</button></span>',
        escape(text),  # a word in a template counts as safe by itself
        _("Copy"),
        _("Copied"),
    )


@register.simple_tag(takes_context=True)
def guide(context: Any, one: Guide) -> SafeString:
    return render_to_string(one.template, {**context.flatten(), "guide": one, "checked": CHECKED})


@register.simple_tag
def mail_guides() -> tuple[Guide, ...]:
    return (*GUIDES, POP3)


@register.simple_tag
def guides_checked() -> date:
    return CHECKED

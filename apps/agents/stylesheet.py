"""The colours of custom states as a stylesheet, since the policy of pages forbids style attributes.

The address carries the colours themselves: the answer needs no database and never changes.
"""

import re
from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from apps.agents.colours import PREFIX, class_of, dark_twin

MOST = 100

_HEX = re.compile(r"[0-9a-f]{6}")


def link_to_colours(classes: Iterable[str]) -> SafeString:
    """For the head of a page that shows colours by these classes; nothing for none."""
    named = sorted({one.removeprefix(PREFIX) for one in classes})
    if not named:
        return SafeString("")
    address = reverse("state-colours", args=["-".join(named[:MOST])])
    return format_html('<link rel="stylesheet" href="{}">', address)


@require_safe
def state_colours(request: HttpRequest, named: str) -> HttpResponse:
    """`a1b2c3-d4e5f6.css`; whatever is no colour is left out."""
    rules = [_rule(f"#{one}") for one in named.split("-")[:MOST] if _HEX.fullmatch(one)]
    response = HttpResponse("\n".join(rules), content_type="text/css")
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _rule(colour: str) -> str:
    """For `--c` of a state: readable in both themes."""
    return f".{class_of(colour)} {{ --c: light-dark({colour}, {dark_twin(colour)}); }}"

"""Signatures: one's own, written in the console, and what a new mail begins with."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.console.answers import Answer, as_json, body_of
from apps.console.frame import Visit
from apps.console.models import Signature
from apps.console.words_of_ours import stored_words
from apps.console.writing.draft_body import text_in
from apps.core.errors import Invalid
from apps.core.html import html_to_text
from apps.core.models import User
from apps.queues.models import Queue

LONGEST = 20_000  # characters
EMPTY_LINE = "<p><br></p>"  # where the author begins


def opening_of(user: User, queue: Queue | None) -> str:
    """The person's signature, then the queue's, below an empty line; nothing without any."""
    wanted = Q(user=user) | Q(queue=queue) if queue else Q(user=user)
    found = sorted(Signature.objects.filter(wanted), key=lambda one: one.user_id is None)
    written = [f"<div>{one.html}</div>" for one in found if html_to_text(one.html).strip()]
    return "".join([EMPTY_LINE, *written]) if written else ""


@require_http_methods(["GET", "PUT"])
@as_json
def own_signature(request: Visit) -> Answer:
    if request.method == "PUT":
        _put(request.user, text_in(body_of(request), "html"))
    own = Signature.objects.filter(user=request.user).first()
    return {"html": own.html if own else ""}


def _put(user: User, html: str) -> None:
    """Without words there is no signature."""
    if len(html) > LONGEST:
        told = {"limit": LONGEST}
        raise Invalid("too-long", _("html: at most %(limit)s characters.") % told)
    html = stored_words(html)
    if html_to_text(html).strip():
        Signature.objects.update_or_create(user=user, defaults={"html": html})
    else:
        Signature.objects.filter(user=user).delete()

"""A mail's HTML on an address of its own: cleaned, without scripts, under its own policy."""

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.console.frame import Visit, page
from apps.console.reading import content_url
from apps.console.remote_images import picture_urls
from apps.console.text import linked
from apps.core.html import clean_html
from apps.core.html_images import has_embedded_images
from apps.core.html_links import with_true_hosts
from apps.tickets.models import Message, MessageFile

# The same flags stand in the iframe. Without same-origin, inline pictures get no cookie and the
# page cannot measure the frame; without scripts, same-origin gives the mail nothing.
SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"
HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox {SANDBOX}"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-DNS-Prefetch-Control": "off",  # looking up the hosts of links would tell of the reading
}


@require_safe
@page
def mail_frame(request: Visit, message_id: int) -> HttpResponse:
    """`?images=1` shows remote pictures, in this one answer, because the reader asked.

    `?as=text` shows the mail's words alone.
    """
    message = get_object_or_404(Message.objects.visible_to(request.user), pk=message_id)
    if request.GET.get("as") == "text":
        shown = _words(message) | {"chosen": bool(message.html)}
    else:
        shown = _shown(message, remote=request.GET.get("images") == "1")
    response = render(request, "console/mail_frame.html", shown)
    for name, value in HEADERS.items():
        response[name] = value
    return response


def _shown(message: Message, *, remote: bool) -> dict[str, object]:
    if not message.html:
        return _words(message)
    safe = clean_html(
        message.html,
        cid_url=_addresses(message),
        remote_url=picture_urls(message) if remote else None,
        text=message.text,
    )
    return {
        # Safe: rebuilt from an allow-list, and the policy above would stop what slips through.
        "body": mark_safe(with_true_hosts(safe.html)),
        "as_text": safe.as_text,
        "left_out": not safe.as_text and has_embedded_images(message.html),
    }


def _words(message: Message) -> dict[str, object]:
    if not message.text.strip():
        return {"body": _("This mail has no text.")}
    return {"body": mark_safe(f'<pre class="plain">{linked(message.text)}</pre>')}


def _addresses(message: Message) -> Callable[[str], str | None]:
    """Inline pictures by their Content-ID, as far as they are clean."""
    files = MessageFile.objects.filter(message=message).select_related("attachment")
    urls = {
        file.content_id: content_url(file.attachment, inline=True)
        for file in files
        if file.content_id
    }
    return lambda content_id: urls.get(content_id) or None

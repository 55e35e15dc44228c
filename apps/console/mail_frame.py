"""A mail's HTML on an address of its own: cleaned, without scripts, under its own policy."""

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from apps.console.frame import Visit, page
from apps.console.reading import content_url
from apps.console.text import linked
from apps.core.html import safe_html
from apps.tickets.models import Message, MessageFile

# The same flags stand in the iframe. Without same-origin, inline pictures get no cookie and the
# page cannot measure the frame; without scripts, same-origin gives the mail nothing.
SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"


@require_safe
@page
def mail_frame(request: Visit, message_id: int) -> HttpResponse:
    """`?images=1` loads remote pictures, for this one answer, because the reader asked."""
    message = get_object_or_404(Message.objects.visible_to(request.user), pk=message_id)
    remote = request.GET.get("images") == "1"
    response = render(request, "console/mail_frame.html", {"body": _body(message, remote=remote)})
    response["Content-Security-Policy"] = policy(remote=remote)
    response["X-Content-Type-Options"] = "nosniff"
    response["Referrer-Policy"] = "no-referrer"
    return response


def policy(*, remote: bool) -> str:
    pictures = "'self' https:" if remote else "'self'"
    return f"default-src 'none'; img-src {pictures}; style-src 'unsafe-inline'; sandbox {SANDBOX}"


def _body(message: Message, *, remote: bool) -> str:
    if not message.html:
        return mark_safe(f'<pre class="plain">{linked(message.text)}</pre>')
    return mark_safe(safe_html(message.html, cid_url=_addresses(message), remote_images=remote))


def _addresses(message: Message) -> Callable[[str], str | None]:
    """Inline pictures by their Content-ID, as far as they are clean."""
    files = MessageFile.objects.filter(message=message).select_related("attachment")
    urls = {
        file.content_id: content_url(file.attachment, inline=True)
        for file in files
        if file.content_id
    }
    return lambda content_id: urls.get(content_id) or None

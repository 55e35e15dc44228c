"""A mail's HTML on an address of its own: cleaned, without scripts, under its own policy."""

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.console.conversation.remote_images import picture_urls
from apps.console.conversation.text import linked
from apps.console.frame import Visit, page
from apps.console.places import content_url
from apps.core.html import SafeHtml, clean_html
from apps.core.html_beginning import beginning
from apps.core.html_images import has_embedded_images
from apps.core.html_links import with_true_hosts
from apps.core.html_quotes import fold_quotes
from apps.tickets.models import Message, MessageFile

MOST_AT_ONCE = 160_000  # characters of clean HTML: laid out in less than 0.2 s

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

    `?as=text` shows the mail's words alone. Of a very long HTML mail there is the beginning, since
    it is laid out in the console's own thread; `&whole=1` shows all of it.
    """
    message = get_object_or_404(Message.objects.visible_to(request.user), pk=message_id)
    if request.GET.get("as") == "text":
        shown = _words(message) | {"chosen": bool(message.html)}
    else:
        shown = _shown(message, remote=request.GET.get("images") == "1")
    if message.html and len(str(shown["body"])) > MOST_AT_ONCE and "whole" not in request.GET:
        # Safe: a piece of what was cleaned, with every element closed.
        shown |= {"body": mark_safe(beginning(str(shown["body"]), MOST_AT_ONCE)), "cut": True}
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
        "body": mark_safe(_laid_out(safe, fold=not message.forwarded)),
        "as_text": safe.as_text,
        "left_out": not safe.as_text and has_embedded_images(message.html),
    }


def _laid_out(safe: SafeHtml, *, fold: bool) -> str:
    """What a mail passes on is why it came: there, nothing is folded."""
    if not fold:
        return with_true_hosts(safe.html)
    return fold_quotes(with_true_hosts(safe.marked), _fold_words)


def _fold_words(lines: int) -> str:
    show = ngettext("Show quoted text, %(n)d line", "Show quoted text, %(n)d lines", lines)
    return format_html(
        '<span lang="{lang}"><span class="to-show">{show}</span>'
        '<span class="to-hide">{hide}</span></span>',
        lang=get_language() or "en",
        show=show % {"n": lines},
        hide=_("Hide quoted text"),
    )


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

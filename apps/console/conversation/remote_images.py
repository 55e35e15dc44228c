"""Remote pictures of a mail, fetched by us and drawn anew, once the reader has asked for them.

The address is a number within this very mail: nobody can use us to fetch anything else.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from threading import BoundedSemaphore

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.console.frame import Visit, page
from apps.core.html_images import remote_images
from apps.core.outside import NotFetched, fetch
from apps.core.pictures import NotDrawn, Picture, redraw
from apps.tickets.models import Message

MOST_BYTES = 5 * 2**20
LONGEST = 2000  # pixels
AT_ONCE = 4  # of one process; the others wait
PATIENCE = 10.0  # seconds until it is our turn
SLOW_ONES = 3  # of one mail; then the others are not asked for a while
A_WHILE = 60.0
ACCEPT = "image/webp,image/png,image/jpeg,image/gif;q=0.9"
HEADERS = {
    "Cache-Control": "private, max-age=3600",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_turns = BoundedSemaphore(AT_ONCE)
_slow: defaultdict[int, list[float]] = defaultdict(list)  # when, by mail


def picture_urls(message: Message) -> Callable[[str], str | None]:
    """Where a remote address of this mail is served; the first hundred have a place."""
    numbers = {address: number for number, address in enumerate(remote_images(message.html))}

    def url(address: str) -> str | None:
        if address not in numbers:
            return None
        return reverse("mail-picture", args=[message.pk, numbers[address]])

    return url


@require_safe
@page
def picture(request: Visit, message_id: int, number: int) -> HttpResponse:
    """Whatever goes wrong is a 404 in words: the mail shows the picture's own words instead."""
    message = get_object_or_404(Message.objects.visible_to(request.user), pk=message_id)
    addresses = remote_images(message.html)
    if number >= len(addresses):
        raise Http404
    try:
        drawn = _drawn(message.pk, addresses[number])
    except (NotFetched, NotDrawn) as error:
        return HttpResponse(_reason(error.code), status=404, content_type="text/plain")
    return HttpResponse(drawn.content, content_type=drawn.content_type, headers=HEADERS)


def _drawn(message_id: int, address: str) -> Picture:
    if not _may_ask(message_id) or not _turns.acquire(timeout=PATIENCE):
        raise NotFetched("too-slow")
    try:
        return redraw(fetch(address, most_bytes=MOST_BYTES, accept=ACCEPT), longest=LONGEST)
    except NotFetched as error:
        if error.code == "too-slow":
            _slow[message_id].append(time.monotonic())
        raise
    finally:
        _turns.release()


def _may_ask(message_id: int) -> bool:
    """A browser loads a few at a time: many that never answer would hold up the whole console."""
    since = time.monotonic() - A_WHILE
    for other in [one for one, times in list(_slow.items()) if times[-1] < since]:
        _slow.pop(other, None)
    return len(_slow.get(message_id, ())) < SLOW_ONES


def _reason(code: str) -> str:
    if code == "too-big":
        return _("The picture is larger than 5 MB and is not shown.")
    if code == "too-slow":
        return _("The picture's server did not answer in time.")
    if code in ("refused", "not-an-address"):
        return _("The picture is not on a public server and is not fetched.")
    if code.startswith("http-") or code == "unreachable":
        return _("The picture's server did not hand it out.")
    return _("What the server sent is no picture that can be shown.")

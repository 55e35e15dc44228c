"""What the console's script asks is answered in JSON, every refusal as problem+json."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec, cast

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.channels.models import ChannelSettings
from apps.console.frame import Visit
from apps.core.errors import Invalid, Missing, Problem, TooLarge, Unavailable

Rest = ParamSpec("Rest")
Answer = dict[str, Any] | HttpResponse

LONGEST_BODY = 20 * 2**20  # bytes; the text of a mail, never its files


class _SignedOut(Problem):
    status = 401


def as_json(
    view: Callable[Concatenate[Visit, Rest], Answer],
) -> Callable[Concatenate[Any, Rest], HttpResponse]:
    """For signed-in users only; never cached; times in the reader's zone.

    VIEW answers the object, or a response where the status is not 200.
    """

    @wraps(view)
    def wrapped(request: Any, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
        try:
            response = _answered(view, request, *args, **kwargs)
        except Http404:
            gone = _("This is not there any more, or not yours to see.")
            response = refusal(Missing("not-found", gone))
        except Problem as problem:
            response = refusal(problem)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return cast(Callable[Concatenate[Any, Rest], HttpResponse], wrapped)


def _answered(
    view: Callable[Concatenate[Visit, Rest], Answer],
    request: Any,
    *args: Rest.args,
    **kwargs: Rest.kwargs,
) -> HttpResponse:
    if not request.user.is_authenticated:
        raise _SignedOut("signed-out", _("You are signed out."))
    _refuse_another(request)
    request.channel = ChannelSettings.load()
    with timezone.override(request.channel.zone_for(request.user)):
        answer = view(request, *args, **kwargs)
        return answer if isinstance(answer, HttpResponse) else JsonResponse(answer)


def _refuse_another(request: Any) -> None:
    """A page says for whom it asks: whoever signed in since reads and saves nothing by it."""
    reader = request.headers.get("X-Reader", "")
    if reader and reader != str(request.user.pk):
        words = _("%(name)s is signed in with this browser now.")
        raise _SignedOut("another-user", words % {"name": request.user.display_name})


def body_of(request: Visit) -> dict[str, Any]:
    """The JSON object that was sent. Raises Invalid for anything else."""
    try:
        body = json.loads(_raw(request) or b"{}")
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Invalid("not-json", _("The body is not a JSON object."))
    return body


def _raw(request: Visit) -> bytes:
    try:
        raw = request.body
    except RequestDataTooBig:
        raw = None
    except OSError:
        raise Unavailable("broken", _("The connection broke. Try again.")) from None
    if raw is None or len(raw) > LONGEST_BODY:
        raise TooLarge("too-much", _("That is more text than one mail can carry."))
    return raw


def refusal(problem: Problem, **more: Any) -> JsonResponse:
    """RFC 9457. A sentence that names its field is taken apart into `field` and `detail`."""
    field, colon, rest = problem.sentence.partition(": ")
    is_field = bool(colon) and field.isascii() and field.replace("_", "").isalpha()
    named = is_field and field == field.lower()
    body = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "code": problem.code,
        "field": field if named else "",
        "detail": rest if named else problem.sentence,
        **more,
    }
    return JsonResponse(body, status=problem.status, content_type="application/problem+json")

"""The addresses that mail providers post to, with the answers that they understand."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.channels.providers import inbound, news
from apps.core.errors import Problem


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def hook(request: HttpRequest, provider: str, key: str) -> HttpResponse:
    """200 for a mail that is safe, also for one that was before: Mailgun and Postmark take no
    other success. Some look by HEAD first whether anybody is there."""
    return _answer(request, inbound.take, provider, key)


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def news_hook(request: HttpRequest, provider: str, key: str) -> HttpResponse:
    """200 for whatever is kept: news of a sent mail, old or new, and events that say nothing."""
    return _answer(request, news.take, provider, key)


def _answer(
    request: HttpRequest, take: Callable[..., dict[str, Any]], provider: str, key: str
) -> HttpResponse:
    if request.method == "HEAD":
        return HttpResponse()
    try:
        response: HttpResponse = JsonResponse(take(request, provider, key))
    except Problem as problem:
        response = problem_answer(problem)
    response["Cache-Control"] = "no-store"
    return response


def problem_answer(problem: Problem) -> HttpResponse:
    """RFC 9457; whoever should come again hears when."""
    status = HTTPStatus(problem.status)
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status,
        "code": problem.code,
        "detail": problem.sentence,
    }
    response = JsonResponse(body, status=status, content_type="application/problem+json")
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response["Retry-After"] = "60"
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Basic realm="mail"'
    return response

"""Every error of the API as application/problem+json (RFC 9457) with a stable `code`."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from apps.core.blobs import is_out_of_room
from apps.core.errors import Problem


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception hook; unknown errors stay unknown (a 500 without details)."""
    if isinstance(error, Problem):
        return _answer(error.status, error.code, error.sentence, retry=error.status == 503)
    if is_out_of_room(error):
        sentence = _("There is no room on the server now. Try again later.")
        return _answer(503, "disk-full", sentence, retry=True)
    response = exception_handler(error, context)
    if response is None:
        return None
    code, sentence = _words(error, response.data)
    answer = _answer(response.status_code, code, sentence)
    for header in ("WWW-Authenticate", "Retry-After"):
        if header in response:
            answer[header] = response[header]
    return answer


def _answer(status: int, code: str, sentence: str, *, retry: bool = False) -> Response:
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": sentence,
    }
    response = Response(body, status=status, content_type="application/problem+json")
    if retry:
        response["Retry-After"] = "60"
    return response


def _words(error: Exception, data: Any) -> tuple[str, str]:
    if isinstance(error, Http404 | exceptions.NotFound):
        return "not-found", "There is no such thing, or it is not yours to see."
    if isinstance(error, PermissionDenied | exceptions.PermissionDenied):
        return "not-allowed", "Your role does not allow this."
    if isinstance(error, exceptions.ValidationError):
        return "invalid", _first_sentence(data)
    code = getattr(error, "default_code", "error").replace("_", "-")
    return code, str(data.get("detail", "")) if isinstance(data, dict) else str(error)


def _first_sentence(data: Any, field: str = "") -> str:
    """The first complaint as `field: sentence`."""
    if isinstance(data, dict) and data:
        name, inner = next(iter(data.items()))
        return _first_sentence(
            inner, f"{field}.{name}".strip(".") if name != "non_field_errors" else field
        )
    if isinstance(data, list) and data:
        return _first_sentence(data[0], field)
    return f"{field}: {data}" if field else str(data)

"""The base of every view of the API: who may, how errors look, keys of POSTs, pages."""

import logging
from typing import Any, ClassVar

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.utils.translation import gettext as _
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from apps.core.api.idempotency import answer_once
from apps.core.api.pagination import KeysetPagination
from apps.core.api.parsers import SafeJSONParser
from apps.core.api.permissions import RoleAllows, ScopeAllows
from apps.core.api.schema import ApiSchema
from apps.core.errors import Invalid, LengthRequired, Problem, TooLarge
from apps.core.logs import route_of
from apps.core.problems import problem_response

log = logging.getLogger(__name__)

MAX_BODY = 64 * 2**20


class AlwaysJson(BaseContentNegotiation):
    """One format, whatever `Accept` says: an error must be readable to who asked for a picture."""

    def select_parser(self, request: Request, parsers: Any) -> BaseParser | None:
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return next((one for one in parsers if one.media_type == kind), None)

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class ApiViewSet(GenericViewSet[Any]):
    """`roles` limits the view, `post_scope` is what a limited token needs, `page_order` sorts."""

    schema = ApiSchema()
    content_negotiation_class = AlwaysJson
    pagination_class: Any = KeysetPagination
    parser_classes: Any = [SafeJSONParser]
    permission_classes: Any = [IsAuthenticated, ScopeAllows, RoleAllows]
    roles: ClassVar[tuple[str, ...]] = ()
    page_order: ClassVar[str] = "-pk"
    max_body: ClassVar[int] = MAX_BODY

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After the checks: a POST with a key is answered through the memory of answers."""
        super().initial(request, *args, **kwargs)
        _check_length(request, self.max_body)
        key = request.headers.get("Idempotency-Key", "")
        if request.method == "POST" and key:
            self._answer_once(key)

    def _answer_once(self, key: str) -> None:
        """DRF looks its handler up on the instance after `initial`, so this one comes between."""
        handler = getattr(self, "post", self.http_method_not_allowed)

        def guarded(request: Request, *args: Any, **kwargs: Any) -> Response:
            def work() -> Response:
                try:
                    return handler(request, *args, **kwargs)
                except Exception as error:  # as an answer it can be kept; unknown ones are a 500
                    return self.handle_exception(error)

            return answer_once(request, key, work)

        self.post = guarded

    def handle_exception(self, exc: Exception) -> Response:
        """Every error is a problem; what nobody foresaw is logged and says no more than 500."""
        if isinstance(exc, SuspiciousOperation):
            exc = _foreseen(exc)
        try:
            return super().handle_exception(exc)
        except Exception as error:  # the rim: DRF gives back what it does not know
            log.exception("a request failed", extra={"route": route_of(self.request)})
            got_request_exception.send(sender=type(self), request=self.request)
            return _internal_error(error)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def _check_length(request: Request, most: int) -> None:
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length and request.headers.get("Transfer-Encoding"):
        raise LengthRequired("length-required", _("Send the body with a Content-Length."))
    if length.isdigit() and int(length) > most:
        sentence = _("The body is larger than %(most)s MB.") % {"most": most // 2**20}
        raise TooLarge("too-large", sentence)


def _foreseen(error: SuspiciousOperation) -> Problem:
    if isinstance(error, RequestDataTooBig):
        return TooLarge("too-large", _("The body is too large."))
    return Invalid("invalid", _("The request is malformed."))


def _internal_error(error: Exception) -> Response:
    sentence = _("The server failed; the log of the server says more.")
    problem = Problem("internal-error", sentence)
    problem.status = 500
    response = problem_response(problem, {})
    assert response is not None
    return response

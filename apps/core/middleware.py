"""What every page gets: the reader's language and clock, and a content security policy."""

from collections.abc import Callable
from contextlib import ExitStack

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from apps.core.logs import new_trace, trace
from apps.core.models import User
from apps.core.zones import zone_named

Next = Callable[[HttpRequest], HttpResponse]

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "img-src 'self' data:",
        "style-src 'self' 'unsafe-inline'",
        "frame-src 'self'",
        "connect-src 'self' ws: wss:",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
)


def log_trace(get_response: Next) -> Next:
    """One id for all log lines of a request and of the tasks that it wakes."""

    def middleware(request: HttpRequest) -> HttpResponse:
        begun = trace.set(new_trace())
        try:
            response = get_response(request)
            response.headers["X-Request-ID"] = trace.get()
            return response
        finally:
            trace.reset(begun)

    return middleware


def reader_settings(get_response: Next) -> Next:
    """Language and time zone of whoever is signed in; others keep the browser's language."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with ExitStack() as stack:
            user = getattr(request, "user", None)
            if isinstance(user, User) and user.is_authenticated:
                stack.enter_context(translation.override(user.language))
                request.LANGUAGE_CODE = user.language
                if zone := zone_named(user.time_zone):
                    stack.enter_context(timezone.override(zone))
            return get_response(request)

    return middleware


def content_security_policy(get_response: Next) -> Next:
    """Our own files only; a page that needs another policy sets its own."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response

    return middleware

"""What every answer gets: the reader's language and clock, and a content security policy."""

from collections.abc import Callable
from contextlib import ExitStack

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from apps.core.logs import new_trace, trace
from apps.core.models import User
from apps.core.zones import zone_named

Next = Callable[[HttpRequest], HttpResponse]

# No page of ours carries a script, a handler or a style of its own: all of them are static files.
PAGE_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'{socket}",
        "frame-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
    ]
)
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
UNUSED = (
    "accelerometer camera display-capture geolocation gyroscope hid magnetometer"
    " microphone midi payment serial usb".split()
)
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in UNUSED)


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
    """Our own files only; an answer that needs another policy sets its own."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        headers = response.headers
        is_page = headers.get("Content-Type", "").startswith("text/html")
        if is_page and not 300 <= response.status_code < 400:
            headers.setdefault("Content-Security-Policy", page_policy(request))
        else:
            headers.setdefault("Content-Security-Policy", DATA_POLICY)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response

    return middleware


def page_policy(request: HttpRequest) -> str:
    """Not every browser counts the socket of the same host to 'self', so it is named."""
    try:
        host = request.get_host()
    except DisallowedHost:
        host = "["
    scheme = "wss" if request.is_secure() else "ws"
    is_nameable = not host.startswith("[")  # policies know no IPv6 addresses
    return PAGE_POLICY.format(socket=f" {scheme}://{host}" if is_nameable else "")

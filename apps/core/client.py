"""From which address somebody comes: proxies are believed only as far as the operator says."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "0.0.0.0"  # a Unix socket tells no address


def client_address(request: HttpRequest) -> str:
    """With TRUSTED_PROXIES=n the n-th entry of X-Forwarded-For from its end, which the outermost
    of our proxies wrote; whatever stands before it was written by anybody."""
    named = [request.META.get("REMOTE_ADDR", "")]
    if settings.TRUSTED_PROXIES:
        forwarded = request.headers.get("X-Forwarded-For", "").split(",")
        named = [*forwarded[-settings.TRUSTED_PROXIES :][:1], *named]
    return next(filter(None, map(_address, named)), UNKNOWN)


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return ""

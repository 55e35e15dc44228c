"""The lock after too many failures: django-axes counts them, the sign-in settings say how many.

A wrong password counts for its user name and the address it came from; a wrong code, which only
somebody with the password gets to type, for the user alone. Whatever fails from one address also
counts together, so that nobody tries one password on every name; that limit is wider, since many
people may share an address. Names are kept as keyed digests: people type their password into the
wrong field.
"""

from datetime import datetime, timedelta
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any

from axes.backends import AxesStandaloneBackend
from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from apps.core.client import UNKNOWN, client_address
from apps.core.models import SignInSettings, User

Credentials = dict[str, Any] | None
NAMES_OF_AN_ADDRESS = 10  # so many users' failures, before the address itself has to wait


class LockBackend(AxesStandaloneBackend):  # type: ignore[misc]
    """Refuses whoever is locked; it signs nobody in. Without a request nobody is outside."""

    def authenticate(self, request: HttpRequest | None, *args: Any, **kwargs: Any) -> None:
        if request is not None:
            super().authenticate(request, *args, **kwargs)


class Lock(AxesDatabaseHandler):  # type: ignore[misc]
    """Of a name at an address, and of an address that tries many names."""

    def is_locked(self, request: HttpRequest, credentials: Credentials = None) -> bool:
        return super().is_locked(request, credentials) or (
            not _is_code(credentials) and _address_opens(request) is not None
        )


def _address_opens(request: HttpRequest) -> datetime | None:
    """When enough of the failures from there are forgotten; None: it is not locked."""
    address = request.axes_ip_address  # type: ignore[attr-defined]
    if address == UNKNOWN:
        return None  # that of everybody
    recent = AccessAttempt.objects.filter(
        ip_address=address, attempt_time__gte=timezone.now() - cool_off()
    )
    rows = list(recent.values_list("attempt_time", "failures_since_start").order_by("attempt_time"))
    left = sum(failures for _at, failures in rows)
    limit = SignInSettings.load().failures * NAMES_OF_AN_ADDRESS
    opens = None
    for at, failures in rows:
        if left < limit:
            break
        left, opens = left - failures, at + cool_off()
    return opens


def code_failed(request: HttpRequest, user: User) -> None:
    AxesProxyHandler.user_login_failed(
        sender=__name__, credentials=_code_credentials(user), request=request
    )


def may_try_code(request: HttpRequest, user: User) -> bool:
    """False: the request is marked, so that its answer becomes the page of the lock."""
    credentials = _code_credentials(user)
    allowed = AxesProxyHandler.is_allowed(request, credentials)
    if not allowed:
        request.axes_locked_out = True  # type: ignore[attr-defined]
        request.axes_credentials = credentials  # type: ignore[attr-defined]
    return bool(allowed)


def code_succeeded(user: User) -> None:
    AccessAttempt.objects.filter(username=_counted(_code_credentials(user))).delete()


def unlock(user: User) -> bool:
    """True: somebody was locked, or on the way to it."""
    names = [_counted({"username": user.username}), _counted(_code_credentials(user))]
    return bool(AccessAttempt.objects.filter(username__in=names).delete()[0])


def minutes_to_wait(request: HttpRequest, credentials: Credentials) -> int:
    """Until the lock opens by itself; at least one."""
    attempts = AccessAttempt.objects.filter(username=_counted(credentials))
    if not _is_code(credentials):
        attempts = attempts.filter(ip_address=request.axes_ip_address)  # type: ignore[attr-defined]
    newest = attempts.order_by("-attempt_time").values_list("attempt_time", flat=True).first()
    opens = [newest + cool_off()] if newest else []
    if not _is_code(credentials) and (address_opens := _address_opens(request)):
        opens.append(address_opens)
    if not opens:
        return SignInSettings.load().lock_minutes
    left: timedelta = max(opens) - timezone.now()
    return max(1, -(-left // timedelta(minutes=1)))


def _code_credentials(user: User) -> dict[str, Any]:
    return {"username": user.username, "factor": "code"}


def _is_code(credentials: Credentials) -> bool:
    return "factor" in (credentials or {})


def _counted(credentials: Credentials) -> str:
    salt = "carteria.lockout.code" if _is_code(credentials) else "carteria.lockout.password"
    username = str((credentials or {}).get("username") or "")
    return salted_hmac(salt, username, algorithm="sha256").hexdigest()


# ---- what axes asks, named in the settings ----------------------------------------------------


def counted_name(request: HttpRequest, credentials: Credentials) -> str:
    return _counted(credentials)


def counted_by(request: HttpRequest, credentials: Credentials) -> list[list[str]]:
    return [["username"]] if _is_code(credentials) else [["username", "ip_address"]]


def counted_address(request: HttpRequest) -> str:
    """A line of IPv6 has 2**64 addresses, and who may take any of them has no more tries for it."""
    address = ip_address(client_address(request))
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False).network_address)


def failure_limit(request: HttpRequest, credentials: Credentials) -> int:
    return SignInSettings.load().failures


def cool_off(request: HttpRequest | None = None) -> timedelta:
    return timedelta(minutes=SignInSettings.load().lock_minutes)


def nobody(*facts: object) -> str:
    """What axes may write of a client into the log."""
    return "a client"

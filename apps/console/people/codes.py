"""Codes of the second factor: of the app on the phone, or recovery codes. Each counts once."""

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.mfa.utils import decrypt
from django.db import transaction

from apps.core.models import User

Type = Authenticator.Type


@transaction.atomic
def use_code(user: User, code: str) -> Authenticator | None:
    """What CODE belongs to, and from now on it is used up."""
    factors = Authenticator.objects.select_for_update().filter(user=user)
    for factor in factors.filter(type__in=[Type.TOTP, Type.RECOVERY_CODES]).order_by("-type"):
        used = _use_totp(factor, code) if factor.type == Type.TOTP else _use_recovery(factor, code)
        if used:
            return factor
    return None


def _use_totp(factor: Authenticator, code: str) -> bool:
    """allauth remembers used codes in a cache of one process; here the row remembers the period."""
    secret = decrypt(factor.data["secret"])
    periods = [p for p in yield_hotp_counters_from_time() if _is_code_of(secret, p, code)]
    if not periods or periods[-1] <= factor.data.get("period", 0):
        return False
    factor.data["period"] = periods[-1]
    factor.save(update_fields=["data"])
    return True


def _is_code_of(secret: str, period: int, code: str) -> bool:
    expected = format_hotp_value(hotp_value(secret, period))
    return bool(compare_user_code(actual=code, expected=expected))


def _use_recovery(factor: Authenticator, code: str) -> bool:
    return bool(factor.wrap().validate_code(code))

"""A second factor for people of tests: the codes that their app would show."""

import time

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.test import Client

from apps.core.models import SignInSettings, User

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PERIOD = 30


def give_second_factor(user: User, secret: str = SECRET) -> list[str]:
    """As if USER had set it up; answers the recovery codes."""
    TOTP.activate(user, secret)
    return RecoveryCodes.activate(user).generate_codes()


def code_of(secret: str = SECRET, *, periods: int = 0) -> str:
    """What the app shows now, or PERIODS later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // PERIOD + periods))


def require_second_factor(who: str) -> SignInSettings:
    row = SignInSettings.load()
    row.second_factor = who
    row.save()
    return row


def sign_in(user: User, *, code: str = "") -> Client:
    """By the form, as a browser does it."""
    client = Client()
    client.post("/accounts/login/", {"login": user.username, "password": user.username})
    if code:
        client.post("/accounts/2fa/code/", {"code": code})
    return client

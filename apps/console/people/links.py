"""Links that let somebody choose a password: for an invitation, or for a forgotten one.

A link is void once a password was chosen, somebody signed in, or the address changed: all of these
are part of its token.
"""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils.http import base36_to_int, int_to_base36

from apps.channels.models import ChannelSettings
from apps.core.models import User


class LinkTokens(PasswordResetTokenGenerator):
    """Django's, with a lifetime of its own, which PASSWORD_RESET_TIMEOUT must not undercut."""

    def __init__(self, kind: str, lifetime: timedelta) -> None:
        super().__init__()
        self.key_salt = f"carteria.link.{kind}"
        self.lifetime = lifetime

    def check_token(self, user: User | None, token: str | None) -> bool:
        return super().check_token(user, token) and self._age(token or "") <= self.lifetime

    def _age(self, token: str) -> timedelta:
        made = base36_to_int(token.partition("-")[0])
        return timedelta(seconds=self._num_seconds(self._now()) - made)


INVITATION = LinkTokens("invitation", timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT))
FORGOTTEN = LinkTokens("forgotten", timedelta(hours=2))


def link_for(user: User, tokens: LinkTokens) -> str:
    """With the console address of the settings: what a browser says of our name is no proof."""
    key = {"uidb36": int_to_base36(user.pk), "key": tokens.make_token(user)}
    path = reverse("account_reset_password_from_key", kwargs=key)
    return f"{console_address()}{path}"


def console_address() -> str:
    return (ChannelSettings.load().external_url or settings.EXTERNAL_URL).rstrip("/")


class AnyLinkTokens:
    """What the page of a link asks; both kinds lead there."""

    def check_token(self, user: User, token: str) -> bool:
        if not user.is_active:
            return False
        return any(tokens.check_token(user, token) for tokens in (INVITATION, FORGOTTEN))

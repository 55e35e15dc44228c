"""API tokens: made once, stored as a digest, checked in constant work."""

import hashlib
from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.core.models import ApiToken, User, new_key

USED_AT_STEP = timedelta(minutes=1)  # one write a minute and token, not one a request


def make_token(user: User, *, name: str = "", scopes: list[str] | None = None) -> str:
    """The key in clear; it cannot be read again."""
    key = new_key()
    ApiToken.objects.create(user=user, name=name, scopes=scopes or [], digest=_digest(key))
    return key


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer KEY`."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        word, _, key = request.headers.get("Authorization", "").partition(" ")
        if word.lower() != "bearer":
            return None
        token = ApiToken.objects.select_related("user").filter(digest=_digest(key.strip())).first()
        if token is None or not token.user.is_active:
            raise AuthenticationFailed("This token is not known, or its user is switched off.")
        _remember_use(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _remember_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > USED_AT_STEP:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "apps.core.tokens.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}

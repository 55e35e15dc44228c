"""Who may call: the token's scopes, then the role of its user; rows are up to the querysets."""

from collections.abc import Iterable
from typing import cast

from django.utils.translation import gettext as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.core.errors import Forbidden
from apps.core.models import ApiToken, Role, User

READ, WRITE = "read", "write"  # a view may name a scope of its own for its POST: `post_scope`
WRITING_ROLES = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR, Role.AGENT, Role.INTEGRATION})


def caller(request: Request) -> User:
    """The user behind the request, once the permissions have let it through."""
    return cast(User, request.user)


def require_role(user: User, *roles: str) -> None:
    if not user.has_role(*roles):
        raise Forbidden("role-required", _("This is for: %(roles)s.") % {"roles": _labels(roles)})


class ScopeAllows(BasePermission):
    """No scopes: whatever the user may. `read`: GET only; `write`: all; others: their own POST."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        scopes = request.auth.scopes if isinstance(request.auth, ApiToken) else []
        if not scopes or WRITE in scopes:
            return True
        if request.method in SAFE_METHODS:
            needed = READ
        else:
            needed = getattr(view, "post_scope", WRITE)
        if needed in scopes:
            return True
        sentence = _("This token lacks the scope %(scope)s.") % {"scope": needed}
        raise Forbidden("scope-missing", sentence)


class RoleAllows(BasePermission):
    """The view's own `roles`, if it names some; and who is only an auditor changes nothing."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = caller(request)
        roles: Iterable[str] = getattr(view, "roles", ())
        if roles:
            require_role(user, *roles)
        reads_only = user.has_role(Role.AUDITOR) and not user.has_role(*WRITING_ROLES)
        if reads_only and request.method not in SAFE_METHODS:
            raise Forbidden("read-only", _("Auditors read; they change nothing."))
        return True


def _labels(roles: Iterable[str]) -> str:
    return ", ".join(str(Role(role).label) for role in roles)

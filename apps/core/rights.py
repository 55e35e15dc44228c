"""What a role means to Django's own permission questions."""

from typing import Any

from django.contrib.auth.backends import BaseBackend

from apps.core.models import Role, User


class RoleBackend(BaseBackend):
    """Auditors may look at every page of the admin; administrators are superusers anyway."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        looks = perm.partition(".")[2].startswith("view_")
        return looks and self._audits(user_obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return self._audits(user_obj)

    def _audits(self, user: Any) -> bool:
        return isinstance(user, User) and user.is_active and user.has_role(Role.AUDITOR)

"""What a role means to Django's own permission questions."""

from typing import Any

from django.contrib.auth.backends import BaseBackend

from apps.core.models import Role, User

# Beside administrators, who are superusers. Which rows: `visible_to` of each model.
SUPERVISING = frozenset(
    {
        "agents.view_agent",
        "agents.view_team",
        "agents.view_statechange",
        "agents.override_state",  # of an agent, never a row's field: states.py checks whose
    }
)


class RoleBackend(BaseBackend):
    """Auditors look at every page of the admin; supervisors at their people alone."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        if perm in SUPERVISING and self._is(user_obj, Role.SUPERVISOR):
            return True
        looks = perm.partition(".")[2].startswith("view_")
        return looks and self._is(user_obj, Role.AUDITOR)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        supervises = any(one.startswith(f"{app_label}.") for one in SUPERVISING)
        return self._is(user_obj, Role.AUDITOR, *([Role.SUPERVISOR] if supervises else []))

    def _is(self, user: Any, *roles: str) -> bool:
        return isinstance(user, User) and user.is_active and user.has_role(*roles)

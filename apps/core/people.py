"""Verbs on people: make a user, give roles."""

from collections.abc import Callable, Iterable

from apps.core.models import Role, RoleGrant, User

STAFF_ROLES = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR, Role.AUDITOR})

Follower = Callable[[User, frozenset[str]], bool]
_followers: list[Follower] = []


def follow_roles(follower: Follower) -> None:
    """FOLLOWER keeps what a floor above derives from roles; True: it changed something."""
    if follower not in _followers:
        _followers.append(follower)


def set_roles(user: User, roles: Iterable[str]) -> bool:
    """Exactly these roles; administrators and other staff may enter the admin. True: changed."""
    wanted, had = set(roles), set(user.grants.values_list("role", flat=True))
    user.grants.exclude(role__in=wanted).delete()
    RoleGrant.objects.bulk_create(RoleGrant(user=user, role=role) for role in wanted - had)
    user.is_superuser = Role.ADMINISTRATOR in wanted
    user.is_staff = not STAFF_ROLES.isdisjoint(wanted)
    user.save(update_fields=["is_superuser", "is_staff"])
    user.__dict__.pop("role_names", None)
    followed = [follower(user, frozenset(wanted)) for follower in _followers]
    return wanted != had or any(followed)

"""Verbs on people: give roles, switch off, end logins; whoever's rights change learns at once."""

from collections.abc import Callable, Iterable
from functools import partial

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session as Login
from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.announce import announce
from apps.core.db.locks import lock_until_commit
from apps.core.errors import Guarded
from apps.core.live import hang_up, user_topic
from apps.core.models import Role, RoleGrant, User

STAFF_ROLES = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR, Role.AUDITOR})

Follower = Callable[[User, frozenset[str]], bool]
_followers: list[Follower] = []

rights_moved = Signal()  # user_ids: list[int], after commit


def follow_roles(follower: Follower) -> None:
    """FOLLOWER keeps what a floor above derives from roles; True: it changed something."""
    if follower not in _followers:
        _followers.append(follower)


def rights_changed(user_ids: Iterable[int]) -> None:
    """After commit their sockets close; the browser comes back and is asked again who it is."""
    concerned = sorted(set(user_ids))
    for pk in concerned:
        transaction.on_commit(partial(hang_up, user_topic(pk)))
    if concerned:
        announce(rights_moved, user_ids=concerned)


def keep_an_administrator(user: User) -> None:
    """Guarded `last-administrator` when nobody else could put it right; call it in a transaction.

    Held until commit, so that two of them cannot take the role from each other at once.
    """
    lock_until_commit("administrators")
    administrators = User.objects.administrators()
    if administrators.filter(pk=user.pk) and not administrators.exclude(pk=user.pk):
        raise Guarded(
            "last-administrator",
            _("%(user)s is the last administrator. Give somebody else that role first.")
            % {"user": user.display_name},
        )


@transaction.atomic
def set_roles(user: User, roles: Iterable[str]) -> bool:
    """Exactly these roles; administrators and other staff may enter the admin. True: changed."""
    wanted, had = set(roles), set(user.grants.values_list("role", flat=True))
    if Role.ADMINISTRATOR not in wanted:
        keep_an_administrator(user)
    user.grants.exclude(role__in=wanted).delete()
    for role in sorted(wanted - had):  # one by one: each leaves its row in the history
        RoleGrant.objects.create(user=user, role=role)
    user.is_superuser = Role.ADMINISTRATOR in wanted
    user.is_staff = not STAFF_ROLES.isdisjoint(wanted)
    user.save(update_fields=["is_superuser", "is_staff"])
    user.__dict__.pop("role_names", None)
    user.__dict__.pop("standing", None)
    if wanted != had:
        rights_changed([user.pk])
    followed = [follower(user, frozenset(wanted)) for follower in _followers]
    return wanted != had or any(followed)


@transaction.atomic
def switch_off(user: User) -> int:
    """Signs in no more, from now on; answers how many logins that ended."""
    keep_an_administrator(user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    return end_logins(user)


def end_logins(user: User) -> int:
    """Everywhere: the rows of the logins go, and the sockets close."""
    keys = logins_of(user)
    Login.objects.filter(session_key__in=keys).delete()
    rights_changed([user.pk])
    return len(keys)


def logins_of(user: User) -> list[str]:
    """Django keeps whose a login is inside its sealed data."""
    alive = Login.objects.filter(expire_date__gt=timezone.now()).iterator(chunk_size=500)
    return [row.session_key for row in alive if row.get_decoded().get(SESSION_KEY) == str(user.pk)]

"""Inviting somebody to choose a password; how the mail leaves is lent by a floor that can send."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.core.errors import Conflict, Problem, Unavailable
from apps.core.models import User


@dataclass(frozen=True, slots=True)
class Invited:
    """TROUBLE is empty when the mail has left; LINK, when there is one, works all the same."""

    trouble: str
    link: str


Inviter = Callable[[User], Invited]
_inviters: list[Inviter] = []


def lend_inviter(inviter: Inviter) -> None:
    """INVITER talks to a mail server: never inside a transaction."""
    _inviters[:] = [inviter]


def invite(user: User) -> Invited:
    """Never raises: whoever invites reads the cause, and hands the link over by hand."""
    try:
        return _inviter_for(user)(user)
    except Problem as problem:
        return Invited(problem.sentence, "")


def _inviter_for(user: User) -> Inviter:
    if not user.is_active:
        raise Conflict("switched-off", _("This user is switched off."))
    if user.has_usable_password():
        raise Conflict(
            "has-password",
            _("This user has a password already. “Forgotten?” on the sign-in page sends a link."),
        )
    if not _inviters:
        raise Unavailable("no-inviter", _("Nothing here can send an invitation."))
    return _inviters[0]

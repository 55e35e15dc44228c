"""Sign-ins: how long they last, where one user has them, and how they end.

A sign-in is a session of Django; allauth's UserSession beside it knows browser, address and times.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.sessions.middleware import SessionMiddleware
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import transaction
from django.db.models.signals import post_save, pre_save
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.core.client import client_address
from apps.core.live import hang_up, login_topic
from apps.core.models import SignInSettings, User
from apps.core.people import end_logins

SEEN_EVERY = 60  # seconds between two notes of "last seen", in each process
SIGNATURE = UserSession._meta.get_field("user_agent").max_length
FATEFUL = frozenset({"password", "is_active"})  # a change of these ends every sign-in


def logins_of(user: User) -> list[UserSession]:
    """The newest first; what ran out meanwhile is forgotten on the way."""
    alive: list[UserSession] = UserSession.objects.purge_and_list(user)
    return sorted(alive, key=lambda login: login.last_seen_at, reverse=True)


def end_login(user: User, login_id: int) -> bool:
    """False: it is over already, or somebody else's."""
    login = UserSession.objects.filter(user=user, pk=login_id).first()
    if login is not None:
        _end(login)
    return login is not None


def end_other_logins(user: User, *, keep: str | None) -> int:
    others = list(UserSession.objects.filter(user=user).exclude(session_key=keep or ""))
    for login in others:
        _end(login)
    return len(others)


def _end(login: UserSession) -> None:
    """The row of the session goes, so a request under way cannot write it back."""
    login.end()
    transaction.on_commit(partial(hang_up, login_topic(login.session_key)))


def forget_ended() -> None:
    """What ran out, with what is known of it; the sessions first, so that no live one is lost."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()


def set_end(request: HttpRequest) -> None:
    """A fixed hour: a browser that is used all day is asked again all the same."""
    end = timezone.now() + timedelta(hours=SignInSettings.load().hours)
    request.session.set_expiry(end)


class Logins(SessionMiddleware):
    """Only signing out takes the cookie away. Django's takes it with each answer to a request whose
    sign-in is gone, and one that comes late would end the sign-in that another tab just began.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response = super().process_response(request, response)
        if not request.session.modified:
            response.cookies.pop(settings.SESSION_COOKIE_NAME, None)
        return response


def follow_logins(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: notes where and when a sign-in was last used."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, User):
            _note(request, request.user)
        return get_response(request)

    return middleware


def _note(request: HttpRequest, user: User) -> None:
    key = request.session.session_key
    if not key or not cache.add(f"seen.{login_topic(key)}", True, SEEN_EVERY):
        return
    facts = {
        "user": user,
        "ip": client_address(request),
        "user_agent": request.headers.get("User-Agent", "")[:SIGNATURE],
        "last_seen_at": timezone.now(),
    }
    if not UserSession.objects.filter(session_key=key).update(**facts):
        UserSession.objects.bulk_create(
            [UserSession(session_key=key, **facts)], ignore_conflicts=True
        )


@receiver(user_logged_in)
def _signed_in(sender: object, request: HttpRequest, user: User, **facts: object) -> None:
    set_end(request)
    _note(request, user)


@receiver(user_logged_out)
def _signed_out(sender: object, request: HttpRequest, **facts: object) -> None:
    if key := request.session.session_key:
        UserSession.objects.filter(session_key=key).delete()
        hang_up(login_topic(key))


@receiver(pre_save, sender=User)
def _look_what_changes(
    sender: object, instance: User, update_fields: frozenset[str] | None = None, **facts: object
) -> None:
    """By whichever door a password is changed or somebody is switched off."""
    written = FATEFUL if update_fields is None else FATEFUL & set(update_fields)
    stored: dict[str, Any] = {}
    if written:
        stored = User.objects.filter(pk=instance.pk).values(*written).first() or {}
    changed = [name for name, value in stored.items() if value != getattr(instance, name)]
    instance.__dict__["_ends_logins"] = bool(changed)


@receiver(post_save, sender=User)
def _end_where_needed(sender: object, instance: User, **facts: object) -> None:
    if instance.__dict__.pop("_ends_logins", False):
        transaction.on_commit(partial(end_logins, instance))

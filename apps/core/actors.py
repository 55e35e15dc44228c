"""Who is at work just now, and from where: the request's user, or what a command said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import cast

from django.http import HttpRequest, HttpResponse

from apps.core.models import SettingsChange, User

Source = SettingsChange.Source

# The first that fits; any other page is the console's.
PLACES = (("/admin/", Source.ADMIN), ("/api/", Source.API))


@dataclass(frozen=True, slots=True)
class Actor:
    source: str
    user_id: int | None = None
    name: str = ""


_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)
_acting: ContextVar[Actor | None] = ContextVar("acting", default=None)


def remember_request(get_response: Callable[[HttpRequest], HttpResponse]) -> object:
    """The middleware: whoever changes a setting during this request is known by it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        token = _request.set(request)
        try:
            return get_response(request)
        finally:
            _request.reset(token)

    return middleware


@contextmanager
def acting(source: str, user: User | None = None) -> Iterator[None]:
    """For commands and jobs: what is changed within was changed from SOURCE, for USER."""
    token = _acting.set(_actor(source, user))
    try:
        yield
    finally:
        _acting.reset(token)


def current_actor() -> Actor:
    """Asked at the moment of a change, since a token of the API names its user late."""
    if acting := _acting.get():
        return acting
    request = _request.get()
    if request is None:
        return Actor(Source.COMMAND)
    places = (source for start, source in PLACES if request.path.startswith(start))
    return _actor(next(places, Source.CONSOLE), cast(object, getattr(request, "user", None)))


def _actor(source: str, user: object) -> Actor:
    if isinstance(user, User) and user.pk:
        return Actor(source, user.pk, user.display_name)
    return Actor(source)

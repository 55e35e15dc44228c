"""What every page of the console shares: who reads, in which time zone, and whom it lets in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.channels.models import ChannelSettings
from apps.core.models import User

Rest = ParamSpec("Rest")


class Visit(HttpRequest):
    """A request of somebody who is signed in; for the type checker."""

    user: User
    channel: ChannelSettings


Page = Callable[Concatenate[Visit, Rest], HttpResponse]


def page(view: Page[Rest]) -> Callable[Concatenate[Any, Rest], HttpResponse]:
    """Signed-in users only; never cached; times in the channel's zone unless the user has one."""

    @wraps(view)
    @login_required
    def wrapped(request: Any, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
        request.channel = ChannelSettings.load()
        with timezone.override(request.channel.zone_for(request.user)):
            response = view(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return cast(Callable[Concatenate[Any, Rest], HttpResponse], wrapped)

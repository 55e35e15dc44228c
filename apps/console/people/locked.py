"""What somebody sees who tried too often: how long to wait, and who can help."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.core.lockout import minutes_to_wait


def locked(
    request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None
) -> HttpResponse:
    minutes = minutes_to_wait(request, credentials)
    page = render(request, "console/people/locked.html", {"minutes": minutes}, status=429)
    page.headers["Retry-After"] = str(minutes * 60)
    return page

"""Bytes that a browser may only save: never shown, never guessed at, never run."""

from django.http import HttpResponse

from apps.core.file_names import disposition


def download(content: bytes, *, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = disposition(name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response

"""Static files: found and described by WhiteNoise, answered in one piece, packed where that helps.

Ours are small and many (a console of modules without a build), so they are kept in memory as they
travel: the first reader pays for the packing, and no answer is a stream, which an asynchronous
server would have to collect first.
"""

import gzip
import re
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from whitenoise.middleware import WhiteNoiseMiddleware

WORTH_PACKING = 1_000  # bytes
TEXT = ("text/", "application/json", "image/svg+xml", "application/manifest+json")

_takes_gzip = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))")


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # it is not typed
    def serve(self, static_file: Any, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        content = found.file.read() if found.file else b""
        if found.file:
            found.file.close()
        response = HttpResponse(content, status=int(found.status))
        for name, value in found.headers:
            response[name] = value
        if found.status == 200 and _is_text(response):
            self._pack(response, static_file, request)
        return response

    def _pack(self, response: HttpResponse, static_file: Any, request: HttpRequest) -> None:
        patch_vary_headers(response, ["Accept-Encoding"])
        if len(response.content) < WORTH_PACKING:
            return
        if not _takes_gzip.search(request.headers.get("Accept-Encoding", "").lower()):
            return
        response.content = self._packed_of(static_file, response.content)
        response["Content-Encoding"] = "gzip"
        response["Content-Length"] = str(len(response.content))
        del response["ETag"]  # it names the plain bytes

    def _packed_of(self, static_file: Any, content: bytes) -> bytes:
        if self.autorefresh:  # of a developer, whose files change
            return gzip.compress(content, mtime=0)
        if static_file not in self._packed:
            self._packed[static_file] = gzip.compress(content, mtime=0)
        return self._packed[static_file]

    @cached_property
    def _packed(self) -> dict[Any, bytes]:
        """By file; for as long as this process lives, since the files are part of the product."""
        return {}


def _is_text(response: HttpResponse) -> bool:
    return response.get("Content-Type", "").startswith(TEXT)

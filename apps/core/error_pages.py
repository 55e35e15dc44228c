"""What Django's own error page may show when DEBUG is on: where it broke, nobody's data."""

from types import FrameType
from typing import Any

from django.http import HttpRequest, QueryDict
from django.views.debug import SafeExceptionReporterFilter

SHOWN_META = frozenset({"REQUEST_METHOD", "CONTENT_TYPE", "CONTENT_LENGTH", "SERVER_PROTOCOL"})


class Discreet(SafeExceptionReporterFilter):
    """No settings, cookies, headers, typed values or local variables; with DEBUG as without."""

    def get_safe_settings(self) -> dict[str, Any]:
        return {}

    def get_safe_request_meta(self, request: HttpRequest | None) -> dict[str, Any]:
        meta = getattr(request, "META", {})
        return {name: value for name, value in meta.items() if name in SHOWN_META}

    def get_safe_cookies(self, request: HttpRequest | None) -> dict[str, Any]:
        return {}

    def get_post_parameters(self, request: HttpRequest | None) -> Any:
        """The names of the fields alone."""
        fields = QueryDict(mutable=True)
        for name in request.POST if request is not None else ():
            fields[name] = self.cleansed_substitute
        return fields

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> Any:
        return [(name, self.cleansed_substitute) for name in tb_frame.f_locals]

"""Pages by key: `next` goes on after the last row seen, so inserts neither repeat nor hide one."""

import base64
import binascii
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from apps.core.errors import Invalid

PAGE_SIZE = 25
MAX_PAGE_SIZE = 100
MAX_KEY_DIGITS = 18  # every database's big integer holds them


class KeysetPagination(BasePagination):
    """Ordered by primary key alone: the view's `page_order` is "pk" or "-pk"."""

    next_url: str | None = None

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        order = getattr(view, "page_order", "-pk")
        size = _page_size(request)
        after = _decode(request.query_params.get("cursor", ""))
        if after is not None:
            side = "pk__lt" if order.startswith("-") else "pk__gt"
            queryset = queryset.filter(**{side: after})
        rows = list(queryset.order_by(order)[: size + 1])
        page = rows[:size]
        if len(rows) > size:
            url = request.build_absolute_uri()
            self.next_url = replace_query_param(url, "cursor", _encode(page[-1].pk))
        return page

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.next_url})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": schema,
                "next": {"type": ["string", "null"], "format": "uri"},
            },
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE_SIZE}
        cursor = "Where the last page ended; `next` carries it."
        return [
            _parameter("cursor", {"type": "string"}, cursor),
            _parameter("page_size", size, "Rows per page."),
        ]


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": schema,
    }


def _page_size(request: Request) -> int:
    asked = request.query_params.get("page_size", "")
    if not asked:
        return PAGE_SIZE
    if not (asked.isascii() and asked.isdigit() and 1 <= int(asked[:9]) <= MAX_PAGE_SIZE):
        raise Invalid(
            "invalid",
            _("page_size: a number from 1 to %(most)s is needed.") % {"most": MAX_PAGE_SIZE},
        )
    return int(asked)


def _encode(key: int) -> str:
    return base64.urlsafe_b64encode(str(key).encode()).decode().rstrip("=")


def _decode(cursor: str) -> int | None:
    if not cursor:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    if not text.isdigit() or len(text) > MAX_KEY_DIGITS:
        raise Invalid("invalid", _("cursor: take it from `next`, whole and unchanged."))
    return int(text)

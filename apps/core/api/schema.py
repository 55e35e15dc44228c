"""What every operation of the OpenAPI schema has: its error answer, and the key of a POST."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from apps.core.api.idempotency import MAX_KEY, PROBLEM_TYPE


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457; `code` is stable, `detail` is one sentence for people."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()


class ApiSchema(AutoSchema):
    def get_override_parameters(self) -> list[Any]:
        if self.method != "POST":
            return []
        key = {"type": "string", "maxLength": MAX_KEY}
        sentence = "Repeat the request with the same key, and it takes effect once."
        return [
            OpenApiParameter(
                "Idempotency-Key", key, location=OpenApiParameter.HEADER, description=sentence
            )
        ]

    def _get_response_bodies(self, direction: Direction = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        problem = OpenApiResponse(ProblemSerializer, description="What went wrong.")
        bodies["default"] = self._get_response_for_code(  # type: ignore[no-untyped-call]
            problem, "default", media_types=[PROBLEM_TYPE], direction=direction
        )
        return bodies

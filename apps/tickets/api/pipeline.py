"""REST: pipeline/, what is still on its way."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.views import ApiViewSet
from apps.core.models import Role
from apps.tickets import pipeline
from apps.tickets.models import Session


def _counts(name: str, *words: str) -> Any:
    fields = {word: serializers.IntegerField() for word in words}
    return type(f"{name}CountsSerializer", (serializers.Serializer,), fields)()


class PipelineSerializer(serializers.Serializer[pipeline.Pipeline]):
    inbound = _counts("Inbound", "received")
    attachments = _counts("Attachment", "waiting")
    outbound = _counts("Outbound", "queued", "sending", "unknown")
    updates = _counts("Update", "planned", "failed")
    unassigned = serializers.IntegerField(help_text="Waiting sessions of automatic queues.")


class PipelineViewSet(ApiViewSet):
    """All zeros: every mail, file, answer and comment has come to rest."""

    roles = (Role.ADMINISTRATOR, Role.SUPERVISOR, Role.AUDITOR, Role.INTEGRATION)
    queryset = Session.objects.none()
    pagination_class = None
    serializer_class: Any = PipelineSerializer

    @extend_schema(responses=PipelineSerializer)
    def show(self, request: Request) -> Response:
        return Response(PipelineSerializer(pipeline.measure()).data)

"""REST: quarantine/, every mail that was held back, with its source and the way out."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.channels.api import ReceivedSerializer
from apps.channels.models import InboundEmail, QuarantinedEmail
from apps.channels.source import shown_source
from apps.core import blobs
from apps.core.api.files import download
from apps.core.api.ids import ID
from apps.core.api.permissions import caller, require_role
from apps.core.api.views import ApiViewSet
from apps.core.errors import Guarded
from apps.core.models import Role
from apps.tickets import inbound


class QuarantineSerializer(serializers.Serializer[InboundEmail]):
    id = serializers.CharField(source="pk", read_only=True)
    mailbox = serializers.CharField(source="mailbox.address", default=None, read_only=True)
    reason = serializers.CharField(read_only=True)
    code = serializers.CharField(read_only=True)
    sender = serializers.CharField(read_only=True)
    subject = serializers.CharField(read_only=True)
    size = serializers.IntegerField(read_only=True)
    received_at = serializers.DateTimeField(read_only=True)


class QuarantineViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Newest first."""

    serializer_class: Any = QuarantineSerializer
    roles = (Role.ADMINISTRATOR, Role.AUDITOR)
    lookup_url_kwarg = "id"
    lookup_value_regex = ID
    queryset = QuarantinedEmail.objects.all()

    def get_queryset(self) -> QuerySet[QuarantinedEmail]:
        held = QuarantinedEmail.objects.visible_to(caller(self.request))
        return held.select_related("mailbox", "raw")

    @extend_schema(responses={(200, "text/plain"): OpenApiTypes.STR})
    @action(detail=True)
    def raw(self, request: Request, id: str) -> HttpResponse:
        """The source as text; encoded files are counted, not shown: nobody has scanned them."""
        row: InboundEmail = self.get_object()
        if row.raw is None:
            raise Guarded("no-bytes", _("The bytes of this mail are missing."))
        text = shown_source(blobs.read(row.raw))
        return download(text.encode(), name=f"{id}.txt", content_type="text/plain; charset=utf-8")

    @extend_schema(request=None, responses=ReceivedSerializer)
    @action(detail=True, methods=["post"])
    def release(self, request: Request, id: str) -> Response:
        """Back to the start of its way; by an administrator."""
        require_role(caller(request), Role.ADMINISTRATOR)
        row: InboundEmail = self.get_object()
        inbound.release(row, by=caller(request))
        row.refresh_from_db()
        return Response(ReceivedSerializer(row).data)

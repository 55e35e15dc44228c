"""REST: messages/ with their raw source, and the content of clean attachments."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request

from apps.attachments.download import content_response
from apps.attachments.models import Attachment
from apps.core import blobs
from apps.core.api.files import download
from apps.core.api.ids import ID
from apps.core.api.permissions import caller, require_role
from apps.core.api.views import ApiViewSet
from apps.core.errors import Guarded
from apps.tickets.api.bodies import BINARY, MessageFilter
from apps.tickets.api.shapes import MAY_SEE_RAW, MessageSerializer, may_leave_raw
from apps.tickets.models import Message

LOOKUPS = {"session": "session__public_id", "inbound": "inbound"}


@extend_schema_view(list=extend_schema(parameters=[MessageFilter]))
class MessageViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Oldest first."""

    serializer_class: Any = MessageSerializer
    lookup_url_kwarg = "id"
    lookup_value_regex = ID
    page_order = "pk"
    queryset = Message.objects.all()

    def get_queryset(self) -> QuerySet[Message]:
        wanted = MessageFilter(data=self.request.query_params)
        wanted.is_valid(raise_exception=True)
        asked = {LOOKUPS[name]: value for name, value in wanted.validated_data.items()}
        mine = Message.objects.visible_to(caller(self.request)).filter(**asked)
        return mine.select_related("session", "inbound").prefetch_related("files__attachment")

    @extend_schema(responses={(200, "message/rfc822"): BINARY})
    @action(detail=True)
    def raw(self, request: Request, id: str) -> HttpResponse:
        """For administrators and auditors, once every file of the mail is clean."""
        message = self.get_object()
        require_role(caller(request), *MAY_SEE_RAW)
        if not may_leave_raw(message):
            raise Guarded("not-clean", _("The source is held back: not all its files are clean."))
        blob = message.inbound.raw
        return download(blobs.read(blob), name=f"{id}.eml", content_type="message/rfc822")


class AttachmentViewSet(ApiViewSet):
    """A file may leave when its verdict is clean, to whoever sees its message."""

    lookup_url_kwarg = "id"
    lookup_value_regex = ID
    queryset = Attachment.objects.all()

    def get_queryset(self) -> QuerySet[Attachment]:
        return Attachment.objects.visible_to(caller(self.request)).select_related("blob")

    @extend_schema(responses={(200, "application/octet-stream"): BINARY})
    @action(detail=True)
    def content(self, request: Request, id: str) -> HttpResponse:
        """`?inline=1` shows a picture in its place; Range is understood."""
        inline = request.query_params.get("inline") == "1"
        return content_response(self.get_object(), request._request, inline=inline)

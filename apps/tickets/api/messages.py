"""REST: messages/ with their raw source, and the content of clean attachments."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.attachments.download import content_response, sealed
from apps.attachments.links import make_link
from apps.attachments.models import Attachment
from apps.attachments.previews import PICTURES, preview_response
from apps.core.api.files import download
from apps.core.api.ids import ID
from apps.core.api.permissions import caller
from apps.core.api.views import ApiViewSet
from apps.core.errors import Missing
from apps.tickets.api.bodies import BINARY, MessageFilter, PreviewQuery, ResolveSerializer
from apps.tickets.api.regroupings import DoneSerializer, MoveSerializer, done_json
from apps.tickets.api.shapes import (
    MAY_SEE_RAW,
    FileSerializer,
    LinkSerializer,
    MessageSerializer,
    file_json,
)
from apps.tickets.file_verdicts import release_file
from apps.tickets.models import Message, MessageFile
from apps.tickets.raw import read_source
from apps.tickets.regrouping import by_hand
from apps.tickets.sending import doubts

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
        files = Prefetch("files", queryset=MessageFile.objects.select_related("attachment"))
        mine = Message.objects.visible_to(caller(self.request)).filter(**asked)
        return mine.select_related("session", "inbound").prefetch_related(files, "reports")

    @extend_schema(responses={(200, "message/rfc822"): BINARY})
    @action(detail=True)
    def raw(self, request: Request, id: str) -> HttpResponse:
        """For administrators and auditors, without the files that were stopped; remembered."""
        message = self.get_object()
        if not caller(request).has_role(*MAY_SEE_RAW):
            raise Missing("not-found", _("There is no such page."))
        source = read_source(message, by=caller(request))
        answer = download(source.content, name=f"{id}.eml", content_type="message/rfc822")
        answer["Cache-Control"] = "private, no-store"
        return sealed(answer)

    @extend_schema(request=MoveSerializer, responses=DoneSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, id: str) -> Response:
        """To the conversation of another session, or into one of its own. 409 `changed-since`:
        somebody was quicker; `on-its-way`: a mail that has yet to leave stays."""
        message = self.get_object()
        asked = MoveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        done = by_hand.move(
            message,
            given["session"],
            by=caller(request),
            with_later=given["with_later"],
            why=given["why"],
        )
        return done_json(done)

    @extend_schema(request=ResolveSerializer, responses=MessageSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, id: str) -> Response:
        """Of a mail that is *unknown*: it arrived, or it is sent again with the same Message-ID.
        409 `not-yours`; `too-late`: it is in doubt no more."""
        message = self.get_object()
        asked = ResolveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        doubts.resolve(message, asked.validated_data["outcome"], by=caller(request))
        return Response(self.get_serializer(self.get_object()).data)


class AttachmentViewSet(ApiViewSet):
    """A file may leave when its verdict is clean, to whoever sees its message."""

    lookup_url_kwarg = "id"
    lookup_value_regex = ID
    queryset = Attachment.objects.all()

    def get_queryset(self) -> QuerySet[Attachment]:
        return Attachment.objects.visible_to(caller(self.request)).select_related("blob")

    @extend_schema(responses={(200, "application/octet-stream"): BINARY})
    @action(detail=True)
    def content(self, request: Request, id: str) -> HttpResponseBase:
        """To be saved; Range is understood. `?inline=1` answers a picture as `preview/` does."""
        attachment = self.get_object()
        if request.query_params.get("inline") == "1" and attachment.detected_type in PICTURES:
            return preview_response(attachment, request._request)
        return content_response(attachment, request._request)

    @extend_schema(parameters=[PreviewQuery], responses={(200, "image/*"): BINARY})
    @action(detail=True)
    def preview(self, request: Request, id: str) -> HttpResponseBase:
        """A picture of the file or of one of its pages, drawn anew: never the original bytes."""
        asked = PreviewQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return preview_response(self.get_object(), request._request, **asked.validated_data)

    @extend_schema(request=None, responses=FileSerializer)
    @action(detail=True, methods=["post"])
    def release(self, request: Request, id: str) -> Response:
        """A password-protected file, on the word of a supervisor or an administrator."""
        released = release_file(self.get_object(), by=caller(request))
        file = MessageFile.objects.select_related("attachment").get(attachment=released)
        return Response(file_json(file, request))

    @extend_schema(request=None, responses={201: LinkSerializer})
    @action(detail=True, methods=["post"])
    def link(self, request: Request, id: str) -> Response:
        """An address that works without a token for ten minutes, while the file is clean."""
        link = make_link(self.get_object(), for_user=caller(request))
        url = request.build_absolute_uri(reverse("linked-file", args=[link.token]))
        return Response({"url": url, "expires_at": link.expires_at}, status=201)

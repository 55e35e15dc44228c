"""REST: tickets/ of the built-in CRM, for whoever sees a session of their conversations."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request

from apps.core import blobs
from apps.core.api.files import download
from apps.core.api.ids import ID
from apps.core.api.permissions import caller
from apps.core.api.views import ApiViewSet
from apps.crm.models import CrmConnection, Ticket, TicketComment, TicketFile, TicketLink
from apps.tickets.api.bodies import BINARY


class CommentSerializer(serializers.Serializer[TicketComment]):
    id = serializers.CharField(source="pk", read_only=True)
    kind = serializers.ChoiceField(["standard", "link", "copy", "note"], read_only=True)
    text = serializers.CharField(read_only=True)
    private = serializers.BooleanField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)


class TicketFileSerializer(serializers.Serializer[TicketFile]):
    name = serializers.CharField(read_only=True)
    size = serializers.IntegerField(read_only=True)
    url = serializers.SerializerMethodField()

    def get_url(self, file: TicketFile) -> str:
        path = reverse("api:ticket-file", kwargs={"id": file.ticket_id, "file_id": file.pk})
        return str(self.context["request"].build_absolute_uri(path))


class TicketSerializer(serializers.Serializer[Ticket]):
    id = serializers.CharField(source="pk", read_only=True)
    url = serializers.SerializerMethodField()
    subject = serializers.CharField(read_only=True)
    status = serializers.ChoiceField(Ticket.Status.choices, read_only=True)
    comments = CommentSerializer(many=True, read_only=True)
    files = TicketFileSerializer(many=True, read_only=True)

    def get_url(self, ticket: Ticket) -> str:
        """As its links say it; an empty one when no conversation has it."""
        return links_to(ticket).values_list("url", flat=True).first() or ""


class TicketViewSet(mixins.RetrieveModelMixin, ApiViewSet):
    serializer_class: Any = TicketSerializer
    lookup_url_kwarg = "id"
    lookup_value_regex = ID
    queryset = Ticket.objects.all()

    def get_queryset(self) -> QuerySet[Ticket]:
        mine = Ticket.objects.visible_to(caller(self.request))
        return mine.prefetch_related("comments", "files")

    @extend_schema(responses={(200, "application/octet-stream"): BINARY})
    @action(detail=True, url_path=rf"files/(?P<file_id>{ID})", url_name="file")
    def file(self, request: Request, id: str, file_id: str) -> HttpResponse:
        """Files of a ticket are clean by the time they are there."""
        files = TicketFile.objects.select_related("blob").filter(ticket=self.get_object())
        found = get_object_or_404(files, pk=file_id)
        kind = "application/octet-stream"
        return download(blobs.read(found.blob), name=found.name, content_type=kind)


def links_to(ticket: Ticket) -> QuerySet[TicketLink]:
    return TicketLink.objects.filter(
        connection__kind=CrmConnection.Kind.BUILTIN, ticket=str(ticket.pk)
    )

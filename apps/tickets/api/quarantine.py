"""REST: quarantine/, every mail that was held back: why, a safe look at it, and the ways out."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.channels.api import ReceivedSerializer
from apps.channels.models import InboundEmail, QuarantineAction, QuarantinedEmail
from apps.channels.source import shown_source
from apps.core import blobs
from apps.core.api.files import download
from apps.core.api.ids import ID, key_of
from apps.core.api.permissions import caller, require_role
from apps.core.api.views import ApiViewSet
from apps.core.errors import Guarded, Missing
from apps.core.models import Role
from apps.tickets.held import notice as sender_notice
from apps.tickets.held import quarantine
from apps.tickets.held.preview import preview_of
from apps.tickets.held.reasons import STAGES, codes_at, reason_of

MOST_AT_ONCE, MOST_TOLD_AT_ONCE = 1000, 100
STAGE_CHOICES = list(STAGES.items())


class QuarantineSerializer(serializers.Serializer[InboundEmail]):
    id = serializers.CharField(source="pk", read_only=True)
    mailbox = serializers.CharField(source="mailbox.address", default=None, read_only=True)
    stage = serializers.SerializerMethodField(help_text="The step at which it is held.")
    reason = serializers.CharField(read_only=True)
    code = serializers.CharField(read_only=True)
    cure = serializers.SerializerMethodField(help_text="What to do, in words.")
    sender = serializers.CharField(read_only=True)
    subject = serializers.CharField(read_only=True)
    size = serializers.IntegerField(read_only=True)
    received_at = serializers.DateTimeField(read_only=True)

    @extend_schema_field(serializers.ChoiceField(STAGE_CHOICES))
    def get_stage(self, row: InboundEmail) -> str:
        return reason_of(row.code).stage

    def get_cure(self, row: InboundEmail) -> str:
        return str(reason_of(row.code).cure)


class QuarantineFilter(serializers.Serializer[Any]):
    stage = serializers.ChoiceField(STAGE_CHOICES, required=False)
    code = serializers.CharField(required=False)
    mailbox = serializers.CharField(required=False, help_text="An address.")


class HeldFileSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes, decoded.")
    content_type = serializers.CharField(help_text="As declared: a claim.")


class HeldPreviewSerializer(serializers.Serializer[Any]):
    """Words and names alone: no HTML, no bytes of files."""

    sender = serializers.CharField()
    subject = serializers.CharField()
    text = serializers.CharField()
    is_cut = serializers.BooleanField(help_text="The text goes on.")
    files = HeldFileSerializer(many=True)
    more_files = serializers.IntegerField()
    can_be_read = serializers.BooleanField()


class TextSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(
        required=False,
        max_length=sender_notice.LONGEST_TEXT,
        help_text="Without one, the usual words. {date} becomes the day on which the mail came.",
    )


class ToldSerializer(serializers.Serializer[QuarantineAction]):
    inbound = serializers.CharField(source="inbound_id")
    to = serializers.CharField(source="recipient")
    told = serializers.ChoiceField(QuarantineAction.Outcome.choices, source="outcome")


class ManySerializer(serializers.Serializer[Any]):
    ids = serializers.ListField(child=serializers.CharField(), max_length=MOST_AT_ONCE)


class ManyToldSerializer(TextSerializer):
    ids = serializers.ListField(child=serializers.CharField(), max_length=MOST_TOLD_AT_ONCE)


class OneOfManySerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    ok = serializers.BooleanField()
    code = serializers.CharField(help_text="Why not; empty when it was done.")
    detail = serializers.CharField()


class ResultsSerializer(serializers.Serializer[Any]):
    results = OneOfManySerializer(many=True)


@extend_schema_view(list=extend_schema(parameters=[QuarantineFilter]))
class QuarantineViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Newest first. Auditors look; what is done is done by administrators."""

    serializer_class: Any = QuarantineSerializer
    roles = (Role.ADMINISTRATOR, Role.AUDITOR)
    lookup_url_kwarg = "id"
    lookup_value_regex = ID
    queryset = QuarantinedEmail.objects.all()

    def get_queryset(self) -> QuerySet[QuarantinedEmail]:
        held = QuarantinedEmail.objects.visible_to(caller(self.request))
        return held.select_related("mailbox", "account", "raw")

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.action != "list":
            return queryset
        wanted = QuarantineFilter(data=self.request.query_params)
        wanted.is_valid(raise_exception=True)
        asked = dict(wanted.validated_data)
        if stage := asked.pop("stage", ""):
            queryset = queryset.filter(code__in=codes_at(stage))
        names = {"code": "code", "mailbox": "mailbox__address__iexact"}
        return queryset.filter(**{names[word]: one for word, one in asked.items()})

    @extend_schema(responses={(200, "text/plain"): OpenApiTypes.STR})
    @action(detail=True)
    def raw(self, request: Request, id: str) -> HttpResponse:
        """The source as text; encoded files are counted, not shown: nobody has scanned them."""
        text = shown_source(_bytes_of(self.get_object()))
        return download(text.encode(), name=f"{id}.txt", content_type="text/plain; charset=utf-8")

    @extend_schema(responses=HeldPreviewSerializer)
    @action(detail=True)
    def preview(self, request: Request, id: str) -> Response:
        """Read anew, in bounds; a mail that cannot be read has no text."""
        seen = preview_of(_bytes_of(self.get_object()))
        return Response(HeldPreviewSerializer(seen).data)

    # ---- one mail -------------------------------------------------------------------------------

    @extend_schema(request=None, responses=ReceivedSerializer)
    @action(detail=True, methods=["post"])
    def release(self, request: Request, id: str) -> Response:
        """Back to the start of its way; by an administrator."""
        require_role(caller(request), Role.ADMINISTRATOR)
        return self._settled(quarantine.release)

    @extend_schema(request=None, responses=ReceivedSerializer)
    @action(detail=True, methods=["post"])
    def delete(self, request: Request, id: str) -> Response:
        """Rejected for good; its row stays in the ledger. By an administrator."""
        require_role(caller(request), Role.ADMINISTRATOR)
        return self._settled(quarantine.delete)

    @extend_schema(request=TextSerializer, responses={202: ToldSerializer})
    @action(detail=True, methods=["post"])
    def tell(self, request: Request, id: str) -> Response:
        """A mail to the sender, once a day, never to machines; by an administrator."""
        require_role(caller(request), Role.ADMINISTRATOR)
        row: InboundEmail = self.get_object()
        body = _valid(TextSerializer(data=request.data))
        told = sender_notice.tell(row, _text(row, body), by=caller(request))
        return Response(ToldSerializer(told).data, status=202)

    def _settled(self, verb: Callable[..., None]) -> Response:
        row: InboundEmail = self.get_object()
        verb(row, by=caller(self.request))
        row = InboundEmail.objects.get(pk=row.pk)
        return Response(ReceivedSerializer(row).data)

    # ---- several at once ------------------------------------------------------------------------

    @extend_schema(
        operation_id="quarantine_release_many", request=ManySerializer, responses=ResultsSerializer
    )
    @action(detail=False, methods=["post"], url_path="release", url_name="release-many")
    def release_many(self, request: Request) -> Response:
        """Each by itself: one that cannot be released does not stop the others."""
        body = self._may_and_valid(ManySerializer(data=request.data))
        return self._each(body, partial(quarantine.release, by=caller(request)))

    @extend_schema(
        operation_id="quarantine_delete_many", request=ManySerializer, responses=ResultsSerializer
    )
    @action(detail=False, methods=["post"], url_path="delete", url_name="delete-many")
    def delete_many(self, request: Request) -> Response:
        body = self._may_and_valid(ManySerializer(data=request.data))
        return self._each(body, partial(quarantine.delete, by=caller(request)))

    @extend_schema(
        operation_id="quarantine_tell_many", request=ManyToldSerializer, responses=ResultsSerializer
    )
    @action(detail=False, methods=["post"], url_path="tell", url_name="tell-many")
    def tell_many(self, request: Request) -> Response:
        body = self._may_and_valid(ManyToldSerializer(data=request.data))

        def tell(row: InboundEmail) -> None:
            sender_notice.tell(row, _text(row, body), by=caller(request))

        return self._each(body, tell)

    def _may_and_valid(self, body: serializers.Serializer[Any]) -> dict[str, Any]:
        require_role(caller(self.request), Role.ADMINISTRATOR)
        return _valid(body)

    def _each(self, body: dict[str, Any], verb: Callable[[InboundEmail], object]) -> Response:
        asked = {one: key_of(one) for one in body["ids"]}
        keys = [key for key in asked.values() if key is not None]
        found = {row.pk: row for row in self.get_queryset().filter(pk__in=keys)}
        outcomes = quarantine.each(found.values(), verb)
        problems = {one.mail.pk: one.problem for one in outcomes}
        gone = Missing("not-found", _("This mail is not in quarantine."))
        said = {one: problems[key] if key in found else gone for one, key in asked.items()}
        results = [
            {
                "id": one,
                "ok": problem is None,
                "code": problem.code if problem else "",
                "detail": problem.sentence if problem else "",
            }
            for one, problem in said.items()
        ]
        return Response({"results": results})


def _valid(body: serializers.Serializer[Any]) -> dict[str, Any]:
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def _text(row: InboundEmail, body: dict[str, Any]) -> str:
    return str(body["text"]) if "text" in body else sender_notice.usual_text(row)


def _bytes_of(row: InboundEmail) -> bytes:
    if row.raw is None:
        raise Guarded("no-bytes", _("The bytes of this mail are missing."))
    return blobs.read(row.raw)

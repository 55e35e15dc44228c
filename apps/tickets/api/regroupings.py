"""REST: mails go to another conversation, conversations become one, and that is undone."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.ids import ID
from apps.core.api.permissions import caller
from apps.core.api.views import ApiViewSet
from apps.tickets.api.shapes import SessionSerializer, session_json
from apps.tickets.models import Regrouping, Session
from apps.tickets.regrouping import by_hand
from apps.tickets.regrouping.by_hand import LONGEST_WHY, Done


class RegroupingSerializer(serializers.Serializer[Regrouping]):
    # `from` is a word of Python, so `get_fields` adds it.

    id = serializers.CharField(source="pk", read_only=True)
    kind = serializers.ChoiceField(Regrouping.Kind.choices, read_only=True)
    to = serializers.CharField(source="to_thread.key", read_only=True, help_text="A thread.")
    messages = serializers.SerializerMethodField(help_text="The mails that went over.")
    why = serializers.CharField(read_only=True)
    by = serializers.CharField(source="by.username", read_only=True, default=None)
    at = serializers.DateTimeField(read_only=True)
    undone_at = serializers.DateTimeField(read_only=True)

    def get_fields(self) -> dict[str, Any]:
        source = serializers.CharField(source="from_thread.key", read_only=True)
        return super().get_fields() | {"from": source}

    def get_messages(self, row: Regrouping) -> list[str]:
        return list(row.before.get("messages", ()))


class DoneSerializer(serializers.Serializer[Any]):
    regrouping = RegroupingSerializer()
    session = SessionSerializer(help_text="Where the mails are now.")


class MoveSerializer(serializers.Serializer[Any]):
    session = serializers.CharField(
        max_length=20, allow_null=True, help_text="Its id; null: a conversation of their own."
    )
    with_later = serializers.BooleanField(
        default=False, help_text="The later mails of the conversation, too."
    )
    why = serializers.CharField(
        default="", allow_blank=True, max_length=LONGEST_WHY, help_text=_("For the history.")
    )


class MergeSerializer(serializers.Serializer[Any]):
    into = serializers.CharField(max_length=20, help_text="The id of the session to go on with.")
    why = serializers.CharField(default="", allow_blank=True, max_length=LONGEST_WHY)


class RegroupingViewSet(mixins.RetrieveModelMixin, ApiViewSet):
    """Of conversations of which the caller sees both sides."""

    serializer_class: Any = RegroupingSerializer
    lookup_url_kwarg = "id"
    lookup_value_regex = ID
    queryset = Regrouping.objects.all()

    def get_queryset(self) -> QuerySet[Regrouping]:
        """A thread that was merged whole has no side of its own any more."""
        seen = Session.objects.visible_to(caller(self.request)).order_by().values("thread")
        left = Session.objects.filter(thread=OuterRef("from_thread"))
        both = Regrouping.objects.filter(
            Q(from_thread__in=seen) | ~Exists(left), to_thread__in=seen
        )
        return both.select_related("from_thread", "to_thread", "by")

    @extend_schema(request=None, responses=DoneSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, id: str) -> Response:
        """Once; 409 `changed-since` when it can no longer be as it was. New mails stay."""
        return done_json(by_hand.undo(self.get_object(), by=caller(request)))


def done_json(done: Done) -> Response:
    row, session = done
    said = {"regrouping": RegroupingSerializer(row).data, "session": session_json(session)}
    return Response(said)

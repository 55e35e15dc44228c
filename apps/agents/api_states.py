"""REST: an agent's state, presence, and what other systems report of calls and chats."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import re_path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.agents import states
from apps.agents.api import named
from apps.agents.models import Agent, AgentState
from apps.agents.presence import seen
from apps.agents.telling import choices_of, is_stale, state_of
from apps.core.api.ids import ID
from apps.core.api.permissions import RoleAllows, ScopeAllows, caller
from apps.core.api.views import ApiViewSet
from apps.core.errors import Forbidden, Invalid, Missing
from apps.core.models import Role

SOURCE = "api"

Report = Callable[[Agent, str, datetime | None], AgentState]
EVENTS: dict[str, Report] = {
    "enter_call": states.enter_call,
    "leave_call": states.leave_call,
    "enter_chat": states.enter_chat,
    "leave_chat": states.leave_chat,
}


class PersonSets(BasePermission):
    """Comes before scopes, rows and bodies: whatever a program sends here, it is refused."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.method not in SAFE_METHODS and caller(request).has_role(Role.INTEGRATION):
            sentence = _("A state is set by a person, never by a program.")
            raise Forbidden("person-required", sentence)
        return True


class ChoiceSerializer(serializers.Serializer[Any]):
    state = serializers.CharField()
    allowed = serializers.BooleanField()
    reason = serializers.CharField(allow_null=True, help_text="Why not.")


class StateSerializer(serializers.Serializer[Any]):
    chosen = serializers.CharField(help_text="Set by a person.")
    overlay = serializers.ChoiceField(["In-Call", "In-Chat"], allow_null=True)
    effective = serializers.CharField(help_text="The overlay if there is one, else the chosen.")
    pending = serializers.CharField(
        allow_null=True, help_text="Set during a call or chat, and applies after it."
    )
    set_by = serializers.CharField(allow_null=True, help_text="A user name; null: the product.")
    set_by_name = serializers.CharField(allow_null=True)
    why = serializers.CharField()
    reason = serializers.CharField(help_text="As the person wrote it.")
    source = serializers.CharField()  # type: ignore[assignment]  # a field, whatever DRF calls so
    since = serializers.DateTimeField(help_text="Of the effective state.")
    chosen_at = serializers.DateTimeField()
    accepts = serializers.ListField(child=serializers.CharField())
    present = serializers.BooleanField(help_text="The agent's browser or program is there.")
    stale = serializers.BooleanField(help_text="Nothing was heard of a call or chat for long.")
    can_choose = ChoiceSerializer(many=True)


class ChosenSerializer(serializers.Serializer[Any]):
    state = serializers.CharField()
    reason = serializers.CharField(required=False, allow_blank=True, default="")


class Moment(serializers.DateTimeField):
    """As it was said: a missing zone is refused, not guessed."""

    def to_internal_value(self, value: Any) -> datetime:
        """Python reads a moment that a NUL ends as if it ended before."""
        if isinstance(value, str) and "\x00" in value:
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ssZ")
        return super().to_internal_value(value)

    def enforce_timezone(self, value: Any) -> Any:
        return value


class EventSerializer(serializers.Serializer[Any]):
    event = serializers.CharField(help_text="enter_call, leave_call, enter_chat or leave_chat.")
    agent = serializers.CharField(help_text="An id, or a user name.")
    session = serializers.CharField(
        trim_whitespace=False, allow_blank=True, help_text="The id of the call or chat."
    )
    at = Moment(required=False, allow_null=True, default=None, help_text="The sender's clock.")


class StateViewSet(ApiViewSet):
    """For the agent, who steers the agent, and who sees everything."""

    permission_classes: Any = [IsAuthenticated, PersonSets, ScopeAllows, RoleAllows]
    serializer_class: Any = StateSerializer
    lookup_url_kwarg = "id"
    queryset = Agent.objects.all()

    def get_queryset(self) -> QuerySet[Agent]:
        user = caller(self.request)
        theirs = Q(user=user) | Q(pk__in=Agent.objects.watched_by(user).values("pk"))
        return Agent.objects.working().filter(theirs).select_related("user")

    @extend_schema(responses=StateSerializer)
    def retrieve(self, request: Request, id: str) -> Response:
        return Response(state_json(self.get_object()))

    @extend_schema(request=ChosenSerializer, responses={200: StateSerializer})
    def create(self, request: Request, id: str) -> Response:
        """422 `in-email-not-available`: the sentence says why. During a call it applies after."""
        agent, user = self.get_object(), caller(request)
        body = ChosenSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        set_state = states.choose_state if agent.user_id == user.pk else states.override_state
        wanted = body.validated_data
        set_state(agent, wanted["state"], by=user, source=SOURCE, reason=wanted["reason"])
        return Response(state_json(agent))


class PresenceViewSet(ApiViewSet):
    """A program of the agent's own is as good as an open console."""

    permission_classes: Any = [IsAuthenticated, PersonSets, ScopeAllows, RoleAllows]
    serializer_class: Any = serializers.Serializer
    lookup_url_kwarg = "id"
    queryset = Agent.objects.all()

    def get_queryset(self) -> QuerySet[Agent]:
        return Agent.objects.working().filter(user=caller(self.request))

    @extend_schema(request=None, responses={204: None})
    def create(self, request: Request, id: str) -> Response:
        """Counts for 60 seconds."""
        seen([self.get_object().user_id])
        return Response(status=204)


class EventViewSet(ApiViewSet):
    """Reports of call and chat systems; the same session id again changes nothing."""

    roles = (Role.ADMINISTRATOR, Role.INTEGRATION)
    post_scope = "events"
    serializer_class: Any = StateSerializer
    queryset = Agent.objects.none()

    @extend_schema(request=EventSerializer, responses={200: StateSerializer})
    def create(self, request: Request) -> Response:
        """A `leave` may come before its `enter`, which then changes nothing."""
        body = EventSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        told = body.validated_data
        report = _report(told["event"])
        agent = _agent(told["agent"])
        report(agent, told["session"], told["at"])
        return Response(state_json(agent))


def state_json(agent: Agent) -> dict[str, Any]:
    told = state_of(agent)
    facts = {name: getattr(told, name) for name in _OF_THE_STATE}
    facts |= {"stale": bool(told.overlay) and is_stale(agent), "can_choose": choices_of(agent)}
    return dict(StateSerializer(facts).data)


_OF_THE_STATE = [
    name for name in StateSerializer._declared_fields if name not in ("stale", "can_choose")
]


def _report(event: str) -> Report:
    if event not in EVENTS:
        sentence = _("event: there is no such event. Send one of: %(events)s.")
        raise Invalid("unknown-event", sentence % {"events": ", ".join(EVENTS)})
    return EVENTS[event]


def _agent(word: str) -> Agent:
    """By id before user name, should one be the other's. Who left is known: their call may end."""
    agents = list(Agent.objects.filter(named(word)).select_related("user"))
    if not agents:
        raise Missing("unknown-agent", _("agent: there is no such agent; see agents/."))
    return min(agents, key=lambda agent: str(agent.pk) != word)


_ONE = f"^agents/(?P<id>{ID})"
urlpatterns = [
    re_path(
        rf"{_ONE}/state/$",
        StateViewSet.as_view({"get": "retrieve", "post": "create"}),
        name="agent-state",
    ),
    re_path(rf"{_ONE}/presence/$", PresenceViewSet.as_view({"post": "create"}), name="presence"),
    re_path("^agent-events/$", EventViewSet.as_view({"post": "create"}), name="agent-events"),
]

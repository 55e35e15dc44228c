"""REST: time-in-state/, how long agents were in which state, day by day, and the same as CSV."""

from collections.abc import Collection
from typing import Any

from django.db.models import Q, QuerySet
from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import re_path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.agents.models import Agent
from apps.agents.shift_csv import csv_answer
from apps.agents.shift_days import MOST_DAYS, Span, span_of
from apps.agents.shifts import DayOfAgent, time_in_state
from apps.core.api.ids import ID
from apps.core.api.permissions import caller
from apps.core.api.views import ApiViewSet
from apps.core.models import User


def counted_for(user: User) -> QuerySet[Agent]:
    """Whose time USER may read: those that USER watches, and USER as a working agent."""
    own = Agent.objects.working().filter(user=user)
    watched = Agent.objects.watched_by(user)
    return Agent.objects.filter(Q(pk__in=own.values("pk")) | Q(pk__in=watched.values("pk")))


class DaySerializer(serializers.Serializer[DayOfAgent]):
    agent = serializers.CharField(source="agent.pk", read_only=True)
    name = serializers.CharField(source="agent.name", read_only=True)
    day = serializers.DateField(read_only=True)
    zone = serializers.SerializerMethodField()
    shift = serializers.IntegerField(read_only=True, help_text="Seconds, all but Offline.")
    states = serializers.DictField(
        child=serializers.IntegerField(),
        read_only=True,
        help_text="Seconds by effective state; they add up to `shift`. Absent: none.",
    )
    first = serializers.SerializerMethodField(help_text="First sign-in of the day.")
    last = serializers.SerializerMethodField(help_text="Last sign-out of the day.")

    def get_zone(self, day: DayOfAgent) -> str:
        span: Span = self.context["span"]
        return span.zone.key

    def get_first(self, day: DayOfAgent) -> str | None:
        return day.first.isoformat() if day.first else None

    def get_last(self, day: DayOfAgent) -> str | None:
        return day.last.isoformat() if day.last else None


def _asked(name: str, kind: Any, sentence: str) -> OpenApiParameter:
    return OpenApiParameter(name, kind, description=sentence)


ASKED = [
    _asked("from", OpenApiTypes.DATE, "First day; without it the last one alone."),
    _asked("to", OpenApiTypes.DATE, f"Last day, at most {MOST_DAYS} in all; without it today."),
    _asked("zone", OpenApiTypes.STR, "Where the days begin at midnight, like Europe/Madrid."),
]
CSV = OpenApiResponse(OpenApiTypes.STR, "A line for each day of each agent, times in seconds.")


class TimeInStateViewSet(ApiViewSet):
    """Pages are of agents: each page holds every day asked for of its agents."""

    serializer_class: Any = DaySerializer
    page_order = "pk"
    queryset = Agent.objects.all()

    def get_queryset(self) -> QuerySet[Agent]:
        return counted_for(caller(self.request))

    @extend_schema(parameters=ASKED, responses=DaySerializer(many=True))
    def list(self, request: Request) -> Response:
        span = span_of(request.query_params, caller(request))
        agents = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(self._told(span, [agent.pk for agent in agents]))

    @extend_schema(parameters=ASKED, responses=DaySerializer(many=True))
    def one(self, request: Request, id: str) -> Response:
        agent = get_object_or_404(self.get_queryset(), pk=id)
        span = span_of(request.query_params, caller(request))
        return Response({"results": self._told(span, [agent.pk]), "next": None})

    @extend_schema(parameters=ASKED, responses={(200, "text/csv"): CSV})
    def csv(self, request: Request) -> StreamingHttpResponse:
        span = span_of(request.query_params, caller(request))
        return csv_answer(request._request, self.get_queryset(), span)

    def _told(self, span: Span, agent_ids: Collection[int]) -> Any:
        agents = Agent.objects.filter(pk__in=agent_ids)
        days: Any = list(time_in_state(agents, span.first, span.last, span.zone))
        return DaySerializer(days, many=True, context={"span": span}).data


urlpatterns = [
    re_path(
        "^time-in-state/$", TimeInStateViewSet.as_view({"get": "list"}), name="time-in-state-list"
    ),
    re_path(
        "^time-in-state/csv/$", TimeInStateViewSet.as_view({"get": "csv"}), name="time-in-state-csv"
    ),
    re_path(
        rf"^agents/(?P<id>{ID})/time-in-state/$",
        TimeInStateViewSet.as_view({"get": "one"}),
        name="agent-time-in-state",
    ),
]

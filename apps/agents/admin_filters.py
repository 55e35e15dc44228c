"""Filters of the list of agents: by what they are in, whether they are there, and by team."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.agents.choices import accepted
from apps.agents.models import Agent, AgentState, Team
from apps.agents.presence import present
from apps.agents.teams import with_subteams
from apps.agents.vocabulary import SYSTEM_STATES, label


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        custom = [name for name in accepted() if name not in SYSTEM_STATES]
        return [(name, label(name)) for name in (*SYSTEM_STATES, *custom)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Agent]) -> QuerySet[Agent]:
        return queryset.filter(state__effective=self.value()) if self.value() else queryset


class PresentFilter(admin.SimpleListFilter):
    title = _("presence")
    parameter_name = "present"

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        return [("yes", gettext("Here")), ("no", gettext("Not here"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Agent]) -> QuerySet[Agent]:
        here = present(AgentState.objects.all()).values("agent")
        if self.value() == "yes":
            return queryset.filter(pk__in=here)
        return queryset.exclude(pk__in=here) if self.value() == "no" else queryset


class TeamFilter(admin.SimpleListFilter):
    """A team with what is below it; only those that the reader knows."""

    title = _("team")
    parameter_name = "team"

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        teams = Team.objects.visible_to(request.user)  # type: ignore[arg-type]
        return [(str(pk), name) for pk, name in teams.values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Agent]) -> QuerySet[Agent]:
        if not self.value():
            return queryset
        known = [pk for pk, _name in self.lookup_choices if pk == self.value()]
        teams = with_subteams(int(pk) for pk in known)
        rows = Team.members.through._default_manager.filter(team__in=teams)
        return queryset.filter(pk__in=rows.values("agent"))

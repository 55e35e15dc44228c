"""Agents and the tree of teams."""

from typing import ClassVar

from django.contrib import admin

from apps.agents.models import Agent, Team


@admin.register(Agent)
class AgentAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "user")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__first_name", "user__last_name")
    autocomplete_fields: ClassVar = ["user"]


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "parent")
    list_select_related = ("parent",)
    search_fields = ("name",)
    filter_horizontal = ("members", "supervisors")

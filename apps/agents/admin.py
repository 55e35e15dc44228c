"""Agents and the tree of teams."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

import apps.agents.admin_states  # noqa: F401 - registers its pages
from apps.agents.models import Agent, Team
from apps.agents.people import put_under
from apps.core.admin_bases import OnlyLook, Restricted

NO_TEAM = _("You supervise no team yet. An administrator can give you one: People > Teams.")


@admin.register(Agent)
class AgentAdmin(OnlyLook, Restricted):
    """The role makes agents; nobody adds or deletes one here, since history names them."""

    sight = "watched_by"
    nothing_yours = NO_TEAM
    list_display = ("name", "user")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__first_name", "user__last_name")
    ordering = ("user__first_name", "user__last_name", "user__username")
    autocomplete_fields: ClassVar = ["user"]


@admin.register(Team)
class TeamAdmin(Restricted):
    nothing_yours = NO_TEAM
    list_display = ("name", "parent")
    list_select_related = ("parent",)
    search_fields = ("name",)
    filter_horizontal = ("members", "supervisors")

    def save_model(self, request: HttpRequest, obj: Team, form: Any, change: bool) -> None:
        put_under(obj, obj.parent)

"""The tree of teams; agents and states have pages in files of their own."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

import apps.agents.admin_states  # noqa: F401 - registers its pages
from apps.agents.admin_agents import NO_TEAM
from apps.agents.models import Team
from apps.agents.people import put_under
from apps.core.admin_bases import Restricted


@admin.register(Team)
class TeamAdmin(Restricted):
    nothing_yours = NO_TEAM
    list_display = ("name", "parent")
    list_select_related = ("parent",)
    search_fields = ("name",)
    filter_horizontal = ("members", "supervisors")

    def save_model(self, request: HttpRequest, obj: Team, form: Any, change: bool) -> None:
        put_under(obj, obj.parent)

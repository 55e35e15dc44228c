"""Alarms in the admin: the open ones first, then what is over; nobody writes them by hand."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.core.admin_bases import OnlyLook, Restricted
from apps.core.models import Alarm

TONES: dict[str, str] = {Alarm.State.OPEN: "danger", Alarm.State.SEEN: "warn"}


@admin.register(Alarm)
class AlarmAdmin(OnlyLook, Restricted):
    list_display = ("name", "standing", "since", "ended_at", "sentence", "told_at", "trouble")
    list_filter = ("state",)
    search_fields = ("name", "sentence")
    date_hierarchy = "since"
    show_full_result_count = False
    list_per_page = 50
    actions = None
    fields: ClassVar = (
        ("name", "standing"),
        "sentence",
        ("since", "ended_at"),
        ("told_at", "trouble"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        living = [When(state=Alarm.State.OPEN, then=0), When(state=Alarm.State.SEEN, then=1)]
        first = Case(*living, default=Value(2), output_field=IntegerField())
        return super().get_queryset(request).order_by(first, "-pk")

    def get_ordering(self, request: HttpRequest) -> tuple[()]:
        """As the rows come."""
        return ()

    @admin.display(description=_("state"), ordering="state")
    def standing(self, alarm: Alarm) -> SafeString:
        tone = TONES.get(alarm.state, "quiet")
        return format_html('<span class="tone tone--{}">{}</span>', tone, alarm.get_state_display())

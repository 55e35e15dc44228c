"""Alarms in the admin: the open ones first, then what is over; nobody writes them by hand."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Case, IntegerField, Value, When
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.admin_bases import OnlyLook, Restricted
from apps.core.models import Alarm

TONES: dict[str, str] = {Alarm.State.OPEN: "danger", Alarm.State.SEEN: "warn"}

URGENCY = Case(
    When(state=Alarm.State.OPEN, then=0),
    When(state=Alarm.State.SEEN, then=1),
    default=Value(2),
    output_field=IntegerField(),
)


@admin.register(Alarm)
class AlarmAdmin(OnlyLook, Restricted):
    list_display = ("what", "standing", "when", "told")
    list_filter = ("state",)
    search_fields = ("name", "sentence")
    show_full_result_count = False
    list_per_page = 50
    actions = None
    fields: ClassVar = ("what", "standing", ("since", "ended_at"), "told")

    def get_ordering(self, request: HttpRequest) -> Any:
        return (URGENCY, "-pk")

    @admin.display(description=_("what"), ordering="name")
    def what(self, alarm: Alarm) -> SafeString:
        words = '<bdi>{}</bdi><br><span class="quiet" dir="auto">{}</span>'
        return format_html(words, alarm.name, alarm.sentence)

    @admin.display(description=_("state"), ordering="state")
    def standing(self, alarm: Alarm) -> SafeString:
        tone = TONES.get(alarm.state, "quiet")
        return format_html('<span class="tone tone--{}">{}</span>', tone, alarm.get_state_display())

    @admin.display(description=_("since"), ordering="since")
    def when(self, alarm: Alarm) -> str:
        if alarm.ended_at is None:
            return _moment(alarm.since)
        return gettext("%(from)s to %(until)s") % {
            "from": _moment(alarm.since),
            "until": _moment(alarm.ended_at),
        }

    @admin.display(description=_("told by mail"), ordering="told_at")
    def told(self, alarm: Alarm) -> str:
        if alarm.trouble:
            return alarm.trouble
        return _moment(alarm.told_at) if alarm.told_at else gettext("not yet")


def _moment(moment: Any) -> str:
    return date_format(localtime(moment), "SHORT_DATETIME_FORMAT")

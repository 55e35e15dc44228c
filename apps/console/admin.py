"""Settings > Email: words that agents use again, and what stands below their mails."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from apps.console.models import CannedReply, Signature
from apps.core.admin_bases import Restricted
from apps.core.rules import RowForm


@admin.register(CannedReply)
class CannedReplyAdmin(Restricted):
    form = RowForm
    list_display = ("name", "queue", "language", "enabled")
    list_filter = ("language", "enabled", "queue")
    list_select_related = ("queue",)
    search_fields = ("name", "html")
    autocomplete_fields = ("queue",)
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "queue", "language", "enabled"),
                "description": _("Agents find it by its name while they write."),
            },
        ),
        (
            _("Words"),
            {
                "fields": ("html",),
                "description": _("What stands in double braces is filled in for each customer."),
            },
        ),
    )


@admin.register(Signature)
class SignatureAdmin(Restricted):
    form = RowForm
    list_display = ("__str__", "queue", "user")
    list_select_related = ("queue", "user")
    search_fields = ("queue__name", "user__username", "user__first_name", "user__last_name")
    autocomplete_fields = ("queue", "user")
    fieldsets = (
        (
            None,
            {
                "fields": ("queue", "user"),
                "description": _(
                    "Give each queue its own words. Agents write theirs in the console; both stand"
                    " below their mails."
                ),
            },
        ),
        (_("Words"), {"fields": ("html",), "description": _("They are cleaned when you save.")}),
    )

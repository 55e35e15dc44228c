"""Settings > Email > Queues: who works in them and which addresses feed them."""

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from apps.core.admin_bases import Restricted, VisibleFields
from apps.queues.models import MailboxRoute, Queue, QueueMembership


class MemberInline(VisibleFields, admin.TabularInline):  # type: ignore[type-arg]
    model = QueueMembership
    extra = 1
    autocomplete_fields: ClassVar = ["agent", "team"]
    verbose_name_plural = _("Members: an agent or a whole team in each row")


class RouteInline(VisibleFields, admin.TabularInline):  # type: ignore[type-arg]
    model = MailboxRoute
    extra = 1
    autocomplete_fields: ClassVar = ["mailbox"]
    verbose_name_plural = _("Addresses whose mail comes here")


@admin.register(Queue)
class QueueAdmin(Restricted):
    list_display = ("name", "path", "routing", "capacity", "enabled")
    list_filter = ("routing", "enabled")
    search_fields = ("name", "path")
    inlines = (MemberInline, RouteInline)
    fieldsets = (
        (None, {"fields": ("name", "path", "enabled")}),
        (
            _("Routing"),
            {
                "fields": ("routing", "capacity"),
                "description": _(
                    "Manual: every member sees all sessions and takes them. Automatic: the oldest"
                    " session goes to the member with the fewest open ones, up to the capacity."
                ),
            },
        ),
    )

"""Settings > Email > CRM: the connection, built-in tickets, and what the CRM has yet to hear."""

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.crm.models import CrmSettings, Ticket, TicketComment, TicketFile, TicketUpdate
from apps.crm.updates import post_again


class _NobodyWrites:
    """Rows that only the product writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class CommentInline(_NobodyWrites, admin.TabularInline):  # type: ignore[type-arg]
    model = TicketComment
    fields = ("created_at", "kind", "text", "private")
    extra = 0


class FileInline(_NobodyWrites, admin.TabularInline):  # type: ignore[type-arg]
    model = TicketFile
    fields = ("created_at", "name", "size")
    extra = 0


@admin.register(Ticket)
class TicketAdmin(_NobodyWrites, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("__str__", "subject", "status", "created_at")
    list_filter = ("status",)
    search_fields = ("subject", "=id")
    fields = ("subject", "status", "created_at")
    inlines = (CommentInline, FileInline)


@admin.register(TicketUpdate)
class TicketUpdateAdmin(_NobodyWrites, admin.ModelAdmin):  # type: ignore[type-arg]
    """What the CRM has not heard yet stands first in mind: see the filter."""

    list_display = ("thread_key", "kind", "status", "tries", "not_before", "error", "created_at")
    list_filter = ("status", "kind")
    search_fields = ("=thread_key",)
    ordering = ("-id",)
    actions = ("try_again",)

    @admin.action(description=_("Tell the CRM again now"), permissions=["again"])
    def try_again(self, request: HttpRequest, rows: QuerySet[TicketUpdate]) -> None:
        count = post_again(list(rows.values_list("pk", flat=True)))
        said = ngettext("%(count)d update is tried now.", "%(count)d updates are tried now.", count)
        self.message_user(request, said % {"count": count}, messages.SUCCESS)

    def has_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("crm.change_ticketupdate")


@admin.register(CrmSettings)
class CrmSettingsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """One row, so the list is the form."""

    fieldsets = (
        (
            None,
            {
                "fields": ("kind", "language"),
                "description": _("Where tickets live, and the language of the comments in them."),
            },
        ),
    )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect(reverse("admin:crm_crmsettings_change", args=[CrmSettings.load().pk]))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

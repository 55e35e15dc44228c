"""Settings > Email > CRM: the connection, built-in tickets, and what the CRM has yet to hear."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.core.admin_bases import OneRow, OnlyLook, Restricted
from apps.crm.models import CrmSettings, Ticket, TicketComment, TicketFile, TicketUpdate
from apps.crm.updates import post_again


class CommentInline(OnlyLook, admin.TabularInline):  # type: ignore[type-arg]
    model = TicketComment
    fields = ("created_at", "kind", "text", "private")
    extra = 0


class FileInline(OnlyLook, admin.TabularInline):  # type: ignore[type-arg]
    model = TicketFile
    fields = ("created_at", "name", "size")
    extra = 0


@admin.register(Ticket)
class TicketAdmin(OnlyLook, Restricted):
    list_display = ("__str__", "subject", "status", "created_at")
    list_filter = ("status",)
    search_fields = ("subject", "=id")
    fields = ("subject", "status", "created_at")
    inlines = (CommentInline, FileInline)


@admin.register(TicketUpdate)
class TicketUpdateAdmin(OnlyLook, Restricted):
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
class CrmSettingsAdmin(OneRow):
    fieldsets = (
        (
            None,
            {
                "fields": ("kind", "language"),
                "description": _("Where tickets live, and the language of the comments in them."),
            },
        ),
    )

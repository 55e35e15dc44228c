"""Settings > Email > CRM: the tickets of the built-in CRM, to look at and to search.

What people do with them has its place in the console, to which each ticket leads.
"""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.core.admin_bases import OnlyLook, Restricted
from apps.crm import ticket_search
from apps.crm.models import Ticket, TicketComment, TicketFile, TicketMove

MOST_COUNTED = 5_000
MOST_SHOWN = 100  # of a ticket's comments, newest first; the console has them all


class CountsToALimit(Paginator):  # type: ignore[type-arg]
    """Words that stand in every ticket are not counted through: so far the pages go."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[:MOST_COUNTED].count())


class OfTicket(OnlyLook, admin.TabularInline):  # type: ignore[type-arg]
    extra = 0
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """The newest of the ticket that the page is about."""
        rows = super().get_queryset(request)
        match = request.resolver_match
        number = match.kwargs.get("object_id", "") if match else ""
        if not str(number).isdecimal():
            return rows.none()
        newest = rows.filter(ticket=int(number)).order_by("-pk").values_list("pk", flat=True)
        return rows.filter(pk__in=list(newest[:MOST_SHOWN]))


class CommentInline(OfTicket):
    model = TicketComment
    fields = ("created_at", "kind", "author", "text", "private")
    verbose_name_plural = _("the newest comments")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return super().get_queryset(request).select_related("author")


class FileInline(OfTicket):
    model = TicketFile
    fields = ("created_at", "name", "size")


class MoveInline(OfTicket):
    model = TicketMove
    fields = ("created_at", "status", "by")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return super().get_queryset(request).select_related("by")


@admin.register(Ticket)
class TicketAdmin(OnlyLook, Restricted):
    list_display = ("__str__", "subject", "contact_name", "contact_email", "status", "updated_at")
    list_filter = ("status", "updated_at")
    ordering = ("-updated_at", "-id")
    search_fields = ("subject",)  # only to show the field: see get_search_results
    search_help_text = _("Number, contact, subject, or words of the comments.")
    show_full_result_count = False
    paginator = CountsToALimit
    fields = (
        "subject", "contact_name", "contact_email", "status", "created_at", "updated_at",
        "in_console",
    )  # fmt: skip
    readonly_fields = ("in_console",)
    inlines = (CommentInline, FileInline, MoveInline)

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> "tuple[QuerySet[Any], bool]":
        number = ticket_search.numbered(search_term)
        named = queryset.filter(pk=number)
        if number is not None and named.exists():
            return named, False
        return ticket_search.matching(queryset, search_term), False  # type: ignore[arg-type]

    @admin.display(description=_("console"))
    def in_console(self, ticket: Ticket) -> SafeString:
        address = reverse("ticket", args=[ticket.pk])
        return format_html('<a href="{}">{}</a>', address, _("Open the ticket in the console"))

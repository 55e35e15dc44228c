"""What the CRM was told and has yet to hear: each entry with its reason, and what can be done."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.views.main import ChangeList
from django.db.models import Case, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.core.admin_bases import OnlyLook, Restricted
from apps.crm.condition import clock
from apps.crm.models import CrmConnection, CrmSettings, TicketLink, TicketUpdate
from apps.crm.sought import thread_of
from apps.crm.updates import OPEN, leave_out, post_again, rebuild

Status = TicketUpdate.Status
TONES: dict[str, str] = {Status.FAILED: "danger", Status.PLANNED: "warn", Status.POSTED: "ok"}
URGENCY = Case(
    When(status=Status.FAILED, then=Value(0)),
    When(status=Status.PLANNED, then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)
SHOWN = 20  # entries that a page of questions names one by one
ALL = "all"


class StatusFilter(admin.SimpleListFilter):
    """What needs somebody is there at first; a search looks through everything."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*Status.choices, (ALL, _("everything"))]

    def choices(self, changelist: ChangeList) -> Any:
        first, *rest = super().choices(changelist)
        yield {**first, "display": _("failed or planned")}
        yield from rest

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[TicketUpdate]
    ) -> QuerySet[TicketUpdate]:
        chosen = self.value()
        if chosen in Status.values:
            return queryset.filter(status=chosen)
        if chosen == ALL or request.GET.get("q"):
            return queryset
        return queryset.filter(status__in=OPEN)


class ConnectionFilter(admin.SimpleListFilter):
    title = _("CRM")
    parameter_name = "connection"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(one.pk), str(one)) for one in CrmConnection.objects.all()]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[TicketUpdate]
    ) -> QuerySet[TicketUpdate]:
        chosen = self.value() or ""
        if not chosen.isdecimal():
            return queryset
        there = Q(connection_id=int(chosen))
        if CrmSettings.load().connection_id == int(chosen):
            there |= Q(connection_id=None)
        return queryset.filter(there)


def _tries(row: TicketUpdate) -> str:
    """How often, and when again."""
    if not row.tries or row.status not in OPEN:
        return ""
    told = {"n": row.tries, "time": clock(row.not_before)}
    if row.status == Status.FAILED:
        return ngettext("%(n)d try", "%(n)d tries", row.tries) % told
    words = ngettext("%(n)d try, again at %(time)s", "%(n)d tries, again at %(time)s", row.tries)
    return words % told


def name_connections(rows: Iterable[Any]) -> None:
    """One question for a page of them."""
    names = {one.pk: str(one) for one in CrmConnection.objects.all()}
    for row in rows:
        row.crm_name = names.get(row.connection_id, "")


class NamedList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: Any = list(self.result_list)
        name_connections(self.result_list)


@admin.register(TicketUpdate)
class TicketUpdateAdmin(OnlyLook, Restricted):
    list_display = ("thread", "kind", "state", "reason", "created_at")
    list_filter = (StatusFilter, ConnectionFilter, "kind")
    search_fields = ("=thread_key",)
    search_help_text = _("A thread's key or a Session ID, whole.")
    ordering = ()
    show_full_result_count = False
    actions = ("try_again", "leave_out", "rebuild_comments")
    fields = (
        "thread",
        ("kind", "state"),
        "reason",
        ("tries", "not_before"),
        ("created_at", "posted_at"),
        "told",
    )

    class Media:
        css = {"all": ("crm-admin.css",)}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return NamedList

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        name_connections([row] if row else [])
        return row

    def get_queryset(self, request: HttpRequest) -> QuerySet[TicketUpdate]:
        """Each with the CRM that its thread has its ticket in."""
        link = TicketLink.objects.filter(thread_key=OuterRef("thread_key"))
        rows: QuerySet[TicketUpdate] = super().get_queryset(request)
        return rows.annotate(
            connection_id=Subquery(link.values("connection")[:1]),
            ticket=Subquery(link.values("ticket")[:1]),
        ).defer("text", "subject")

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        """By urgency only where few are: everything is a long way to sort."""
        looks_at_all = request.GET.get("status") == ALL
        return ("-pk",) if looks_at_all else (URGENCY.asc(), "-pk")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[TicketUpdate], search_term: str
    ) -> tuple[QuerySet[TicketUpdate], bool]:
        """A Session ID leads to its thread."""
        term = search_term.strip()
        key = thread_of(term) if term else ""
        return super().get_search_results(request, queryset, key or term)

    # ---- columns ------------------------------------------------------------------------------

    @admin.display(description=_("thread"), ordering="thread_key")
    def thread(self, row: TicketUpdate) -> SafeString:
        ticket = getattr(row, "ticket", None)
        told = (
            gettext("Ticket %(number)s") % {"number": ticket}
            if ticket
            else gettext("no ticket yet")
        )
        small = f"{told}, {row.crm_name}" if ticket else told  # type: ignore[attr-defined]
        return format_html('<bdi class="mono">{}</bdi> <small>{}</small>', row.thread_key, small)

    @admin.display(description=_("status"), ordering="status")
    def state(self, row: TicketUpdate) -> SafeString:
        tone = TONES.get(row.status, "quiet")
        word = row.get_status_display()
        small = _tries(row)
        return format_html(
            '<span class="tone tone--{}">{}</span> <small>{}</small>', tone, word, small
        )

    @admin.display(description=_("reason"), empty_value="")
    def reason(self, row: TicketUpdate) -> str:
        return row.error

    @admin.display(description=_("what it says"))
    def told(self, row: TicketUpdate) -> SafeString:
        return format_html('<pre class="crm-text" dir="auto">{}</pre>', row.text)

    # ---- what can be done ---------------------------------------------------------------------

    @admin.action(description=_("Tell the CRM again now"), permissions=["again"])
    def try_again(self, request: HttpRequest, rows: QuerySet[TicketUpdate]) -> None:
        count = post_again(list(rows.values_list("pk", flat=True)))
        said = ngettext("%(count)d update is tried now.", "%(count)d updates are tried now.", count)
        self._say(request, said, count)

    @admin.action(description=_("Leave out…"), permissions=["again"])
    def leave_out(self, request: HttpRequest, rows: QuerySet[TicketUpdate]) -> HttpResponse | None:
        """Asked once more: the ticket will lack them."""
        waiting = rows.filter(status__in=OPEN)
        if request.POST.get("post") != "yes":
            return self._ask(request, waiting)
        left_out = list(waiting)
        count = leave_out([row.pk for row in left_out])
        self._record(request, left_out, gettext("Left out: the ticket does without it."))
        said = ngettext("%(count)d update is left out.", "%(count)d updates are left out.", count)
        self._say(request, said, count)
        return None

    @admin.action(description=_("Rebuild the comments of these tickets"), permissions=["again"])
    def rebuild_comments(self, request: HttpRequest, rows: QuerySet[TicketUpdate]) -> None:
        """Of each thread once, however many of its entries are chosen."""
        keys = sorted(set(rows.order_by().values_list("thread_key", flat=True)))
        count = sum(rebuild(key) for key in keys)
        self._record(request, rows, gettext("The comments of its ticket are looked through."))
        said = ngettext(
            "%(count)d entry is looked for in its ticket, and written where it is missing.",
            "%(count)d entries are looked for in their tickets, and written where they are"
            " missing.",
            count,
        )
        self._say(request, said, count)

    def has_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("crm.change_ticketupdate")

    def _ask(self, request: HttpRequest, waiting: QuerySet[TicketUpdate]) -> HttpResponse:
        chosen = list(waiting.values_list("pk", flat=True))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Leave out"),
            "opts": self.opts,
            "media": self.media,
            "chosen": chosen,
            "shown": waiting[:SHOWN],
            "rest": max(0, len(chosen) - SHOWN),
        }
        return TemplateResponse(request, "admin/crm/ticketupdate/leave_out.html", context)

    def _record(self, request: HttpRequest, rows: Iterable[TicketUpdate], words: str) -> None:
        """Who and when, in the history of each entry."""
        assert request.user.pk is not None
        LogEntry.objects.log_actions(request.user.pk, list(rows), CHANGE, words)

    def _say(self, request: HttpRequest, words: str, count: int) -> None:
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, words % {"count": count}, level)

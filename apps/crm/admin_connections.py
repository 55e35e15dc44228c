"""Connections to CRMs: how each of them does, its form by kind, *Test connection*, the switch."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import F
from django.forms import Script
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from apps.core.admin_bases import OwnHistory
from apps.crm import registry
from apps.crm.checking import check
from apps.crm.condition import Lag, clock, lags, linked, standing_of
from apps.crm.connections import present, stays_with, switch
from apps.crm.forms import ConnectionForm, read_lines
from apps.crm.kind_words import KindWords, advice_of, words_of
from apps.crm.merge_fields import rendered
from apps.crm.models import CrmConnection, CrmSettings
from apps.crm.sought import EXAMPLE, facts_of_session

Kind = CrmConnection.Kind


class MeasuredList(ChangeList):
    """Each connection with what waits for it and how many conversations it has."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: Any = list(self.result_list)
        measure(self.result_list)


def measure(rows: list[Any]) -> None:
    """Three questions, however many connections and entries there are."""
    lag, tickets, present_pk = lags(), linked(), CrmSettings.load().connection_id
    for row in rows:
        row.lag = lag.get(row.pk, Lag())
        row.tickets = tickets.get(row.pk, 0)
        row.is_present = row.pk == present_pk


@admin.register(CrmConnection)
class ConnectionAdmin(OwnHistory, admin.ModelAdmin):  # type: ignore[type-arg]
    form = ConnectionForm
    list_display = ("name", "state", "waiting", "use", "host", "tickets")
    readonly_fields = ("kind_of_it", "use", "state", "waiting", "tickets")
    ordering = (F("settings__pk").asc(nulls_last=True), "pk")  # the present one first
    # By kind, a new connection has fewer: get_fieldsets.
    fieldsets = (
        (
            _("How it is"),
            {
                "fields": ("kind_of_it", "use", "state", "waiting", "tickets"),
                "description": _("As the last request found it."),
            },
        ),
        (
            _("Where it is, and who signs in"),
            {
                "fields": ("url", "user", "new_token", "queue"),
                "description": _("A user of its own, with the rights that it needs and no more."),
            },
        ),
        (
            _("Nobody is written to"),
            {
                "fields": ("sender_addresses",),
                "description": _("Everything that Carteria writes is for the CRM's agents only."),
            },
        ),
        (
            _("When a ticket is gone"),
            {
                "fields": ("deleted_ticket", "merged_ticket"),
                "description": _("Whatever you choose, nothing is lost: the rest waits."),
            },
        ),
        (
            _("Ticket fields"),
            {
                "fields": ("fields_of_ticket",),
                "description": _("Filled in once, when a ticket is opened."),
            },
        ),
    )

    class Media:
        css = {"all": ("crm-admin.css",)}
        js = (Script("preview.js", defer=True),)

    # ---- pages --------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        name = "crm_crmconnection"
        return [
            path("<int:pk>/present/", wrap(self.present_page), name=f"{name}_present"),
            path("fields/", wrap(require_POST(self.fields_preview)), name=f"{name}_fields"),
            *super().get_urls(),
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return MeasuredList

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row:
            measure([row])
        return row

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """First which kind, then its form."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.GET.get("kind") not in _offered():
            return self._choose(request)
        return super().add_view(request, form_url, extra_context)

    def _choose(self, request: HttpRequest) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Which CRM?"),
            "opts": self.opts,
            "media": self.media,
            "kinds": [(kind, Kind(kind).label, words_of(kind)) for kind in _offered()],
        }
        return TemplateResponse(request, "admin/crm/crmconnection/kinds.html", context)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        kind = obj.kind if obj else request.GET.get("kind", "")
        words = words_of(kind)
        shown = []
        for name, options in super().get_fieldsets(request, obj):
            fields = [one for one in options["fields"] if _has(words, kind, str(one))]
            if fields and (obj or "state" not in fields):
                told = _DESCRIPTIONS.get(str(fields[0]), _nothing)(kind) or options["description"]
                shown.append((name, {**options, "fields": fields, "description": told}))
        return shown

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kind = obj.kind if obj else request.GET.get("kind", "")
        made: Any = super().get_form(request, obj, change, **kwargs)
        made.kind_of_new = kind if kind in registry.kinds() else Kind.RT.value
        return made

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = kwargs.get("obj")
        kind = row.kind if row else request.GET.get("kind", "")
        may_change = self.has_change_permission(request, row) if row else True
        context |= {
            "kind": kind,
            "kind_words": words_of(kind),
            "why_kept": _why_kept(row) if row else "",
            "may_test": may_change and kind != Kind.BUILTIN,
            "may_present": may_change and row is not None and not row.is_present,
            "preview": _preview(row.fields, request.GET.get("session", "")) if row else None,
        }
        new = gettext("New connection: %(kind)s") % {"kind": Kind(kind).label}
        context |= {"title": str(row) if row else new, "subtitle": None}
        return super().render_change_form(request, context, *args, **kwargs)

    # ---- what is shown ------------------------------------------------------------------------

    @admin.display(description=_("CRM"), ordering="kind")
    def name(self, row: CrmConnection) -> SafeString:
        return _named(row.kind)

    @admin.display(description=_("CRM"))
    def kind_of_it(self, row: CrmConnection) -> SafeString:
        return _named(row.kind)

    @admin.display(description=_("address"), ordering="url")
    def host(self, row: CrmConnection) -> str:
        return row.url

    @admin.display(description=_("use"))
    def use(self, row: Any) -> SafeString:
        if row.is_present:
            word = gettext("present: new tickets are opened here")
            return format_html('<span class="tone tone--ok">{}</span>', word)
        word = gettext("keeps what it has") if row.tickets else gettext("not in use")
        return format_html('<span class="quiet">{}</span>', word)

    @admin.display(description=_("state"))
    def state(self, row: CrmConnection) -> SafeString:
        found = standing_of(row)
        return format_html(
            '<span class="tone tone--{}">{}</span>{}',
            found.tone,
            found.words,
            format_html("<small>{}</small>", found.reason) if found.reason else "",
        )

    @admin.display(description=_("waiting"))
    def waiting(self, row: Any) -> SafeString | str:
        if not (row.lag.waiting.count or row.lag.failed.count):
            return gettext("nothing waits")
        address = f"{reverse('admin:crm_ticketupdate_changelist')}?connection={row.pk}"
        told = format_html_join(", ", "{}", ((one,) for one in _waiting(row.lag)))
        return format_html('<a href="{}">{}</a>', address, told)

    @admin.display(description=_("conversations"))
    def tickets(self, row: Any) -> str:
        return grouped(row.tickets)

    @admin.display(description=_("ticket fields"))
    def fields_of_ticket(self, row: CrmConnection) -> SafeString:
        """For who only looks: the form has a field of this name."""
        lines = ((name, template) for name, template in row.fields.items())
        return format_html_join("", "<div><bdi>{}</bdi> = <bdi>{}</bdi></div>", lines)

    @admin.display(description=_("token"))
    def new_token(self, row: CrmConnection) -> str:
        return gettext("stored, never shown") if row.token else gettext("none")

    # ---- saving, and testing what was saved ---------------------------------------------------

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """*Save and test connection*: the CRM is asked after the transaction that saved."""
        answer = super().changeform_view(request, object_id, form_url, extra_context)
        saved = getattr(request, "saved_connection", None)
        if saved is None or "_test" not in request.POST or answer.status_code != 302:
            return answer
        self._test(request, saved)
        return redirect(reverse("admin:crm_crmconnection_change", args=[saved.pk]))

    def save_model(self, request: HttpRequest, obj: CrmConnection, form: Any, change: bool) -> None:
        """Only what the form has: the breaker's own columns are written meanwhile."""
        if change:
            obj.save(update_fields=_EDITABLE)
        else:
            obj.save()
        request.saved_connection = obj  # type: ignore[attr-defined]

    def _test(self, request: HttpRequest, connection: CrmConnection) -> None:
        answer = check(connection)
        level = messages.SUCCESS if answer.ok else messages.ERROR
        words = gettext("Test connection: %(sentence)s") % {"sentence": answer.sentence}
        self.message_user(request, words, level)

    # ---- deleting -----------------------------------------------------------------------------

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_delete_permission(request, obj)
        return may and not (obj is not None and _why_kept(obj))

    # ---- the present one ----------------------------------------------------------------------

    def present_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Says what will happen, and does it on a second press."""
        row = CrmConnection.objects.filter(pk=pk).first()
        if row is None:
            raise Http404
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        before = present()
        if request.method == "POST":
            switch(row)
            said = gettext("New conversations get their ticket in %(crm)s now.") % {"crm": row}
            self.message_user(request, said, messages.SUCCESS)
            return redirect(reverse("admin:crm_crmconnection_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Make it the present one"),
            "opts": self.opts,
            "media": self.media,
            "row": row,
            "is_present": row == before,
            "sentences": _what_happens(row, before),
            "doubt": _doubt(row),
        }
        return TemplateResponse(request, "admin/crm/crmconnection/present.html", context)

    # ---- the fields of a real session ---------------------------------------------------------

    def fields_preview(self, request: HttpRequest) -> HttpResponse:
        """Of lines as they are typed, before anybody saves them."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            fields, problems = read_lines(request.POST.get("fields_of_ticket", "")), []
        except ValidationError as error:
            fields, problems = {}, error.messages
        preview = _preview(fields, request.POST.get("session", "")) | {"problems": problems}
        context = {"preview": preview}
        return TemplateResponse(request, "admin/crm/crmconnection/_fields.html", context)


_EDITABLE = (
    "url",
    "user",
    "token",
    "queue",
    "sender_addresses",
    "fields",
    "deleted_ticket",
    "merged_ticket",
)


def grouped(count: int) -> str:
    """1,204 or 1.204, as the reader is used to."""
    return str(number_format(count, use_l10n=True, force_grouping=True))


def _offered() -> list[str]:
    """What somebody speaks to; the built-in tickets are there once."""
    there = CrmConnection.objects.filter(kind=Kind.BUILTIN).exists()
    return [one for one in registry.kinds() if one != Kind.BUILTIN or not there]


def _has(words: KindWords, kind: str, field: str) -> bool:
    asked = {"url": words.url, "user": words.user, "new_token": words.token, "queue": words.queue}
    if field in asked:
        return bool(asked[field])
    return kind != Kind.BUILTIN or field not in ("fields_of_ticket", "merged_ticket")


def _nothing(kind: str) -> str:
    return ""


_DESCRIPTIONS = {
    "url": lambda kind: words_of(kind).rights,
    "sender_addresses": advice_of,
}


def _named(kind: str) -> SafeString:
    label = Kind(kind).label if kind in Kind.values else kind
    if words_of(kind).verified:
        return format_html("{}", label)
    said = gettext("not verified live")
    return format_html('{} <span class="crm-tag">{}</span>', label, said)


def _waiting(lag: Lag) -> list[str]:
    found = []
    if lag.failed.count:
        found.append(gettext("%(n)d failed") % {"n": lag.failed.count})
    if lag.waiting.count and lag.waiting.oldest:
        told = {"n": lag.waiting.count, "since": clock(lag.waiting.oldest)}
        words = ngettext("%(n)d since %(since)s", "%(n)d since %(since)s", lag.waiting.count)
        found.append(words % told)
    return found


def _why_kept(row: CrmConnection) -> str:
    """Why it cannot be deleted, or nothing."""
    if present() == row:
        return gettext("It is the present one: make another one present before you delete it.")
    if count := stays_with(row):
        return ngettext(
            "It cannot be deleted: %(n)d conversation has its ticket there.",
            "It cannot be deleted: %(n)d conversations have their tickets there.",
            count,
        ) % {"n": count}
    return ""


def _what_happens(row: CrmConnection, before: CrmConnection) -> list[str]:
    count = stays_with(before)
    stay = ngettext(
        "%(n)s conversation stays with %(crm)s.", "%(n)s conversations stay with %(crm)s.", count
    ) % {"n": grouped(count), "crm": before}
    return [gettext("New conversations get their ticket in %(crm)s.") % {"crm": row}, stay]


def _doubt(row: CrmConnection) -> str:
    if row.is_builtin or (row.answered_at and not row.failures):
        return ""
    return gettext("It has not answered well yet: test the connection first.")


def _preview(fields: dict[str, str], session: str) -> dict[str, Any]:
    """What stands in the ticket's fields, for a session by its id or the newest one."""
    found = facts_of_session(session.strip())
    facts = found or EXAMPLE
    return {
        "session": session.strip() or facts.get("SESSION_ID", ""),
        "is_example": not found,
        "is_missing": bool(session.strip()) and not found,
        "lines": list(rendered(fields, facts).items()),
        "facts": list(facts.items()),
    }

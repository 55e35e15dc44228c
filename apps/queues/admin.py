"""Settings > Email > Queues: who works in them and which addresses feed them."""

from datetime import UTC
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import Script, modelform_factory
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from apps.channels.admin_mailboxes import MailboxAdmin
from apps.channels.models import ChannelSettings
from apps.core.admin_bases import Restricted, SpeaksOfDoubts, VisibleFields
from apps.core.rules import RowForm
from apps.core.zones import zone_named
from apps.queues.auto_response import PARTS
from apps.queues.forms import PREFIX, QueueForm, merge_fields, preview_of
from apps.queues.models import MailboxRoute, Queue, QueueMembership

WATCHED = ("name", "hours", "holidays", "time_zone", *(PREFIX + part for part in PARTS))


class MemberForm(RowForm):
    """A row of the table; the database asks for exactly one of the two."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if bool(data.get("agent")) == bool(data.get("team")) and not self.errors:
            self.add_error("agent", _("Choose an agent or a team, one of the two in each row."))
        return data


class MemberInline(VisibleFields, admin.TabularInline):  # type: ignore[type-arg]
    model = QueueMembership
    form = MemberForm
    extra = 1
    autocomplete_fields: ClassVar = ["agent", "team"]
    verbose_name_plural = _("Members: an agent or a whole team in each row")


class RouteInline(VisibleFields, admin.TabularInline):  # type: ignore[type-arg]
    model = MailboxRoute
    extra = 1
    autocomplete_fields: ClassVar = ["mailbox"]
    verbose_name = _("address")
    verbose_name_plural = _("Addresses whose mail comes here")

    def get_queryset(self, request: HttpRequest) -> QuerySet[MailboxRoute]:
        return super().get_queryset(request).select_related("mailbox", "queue")


class QueueOfMailbox(VisibleFields, admin.TabularInline):  # type: ignore[type-arg]
    """On the page of a mailbox, which stands a floor below and cannot ask for it."""

    model = MailboxRoute
    max_num = 1
    autocomplete_fields: ClassVar = ["queue"]
    verbose_name = verbose_name_plural = _("Queue")


MailboxAdmin.inlines.append(QueueOfMailbox)


@admin.register(Queue)
class QueueAdmin(SpeaksOfDoubts, Restricted):
    """With a preview of the automatic answer, which follows what is typed."""

    form = QueueForm
    list_display = ("name", "path", "routing", "capacity", "enabled")
    list_filter = ("routing", "enabled")
    search_fields = ("name", "path")
    inlines = (MemberInline, RouteInline)
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "path", "enabled"),
                "description": _("A line in which mail waits, with the people who answer it."),
            },
        ),
        (
            _("Routing"),
            {
                "fields": ("routing", "capacity", "eligible_states"),
                "description": _(
                    "Manual: every member sees all sessions and takes them. Automatic: the oldest"
                    " session goes to the member with the fewest open ones, up to the capacity."
                ),
            },
        ),
        (
            _("Opening hours"),
            {
                "fields": ("hours", "holidays", "time_zone"),
                "description": _(
                    "They decide which automatic answer is sent. Mail is taken in and handed out at"
                    " any hour."
                ),
            },
        ),
        (
            _("Automatic answer"),
            {
                "fields": tuple(PREFIX + part for part in PARTS),
                "description": _(
                    "Sent once for each request, and never to programs, lists, colleagues or"
                    " ourselves. Why a mail got none stands in the history of its session."
                ),
            },
        ),
    )

    class Media:
        css = {"all": ("queues-admin.css",)}
        js = (Script("preview.js", defer=True),)

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(require_POST(self.preview))
        return [path("preview/", page, name="queues_queue_preview"), *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """Of what is typed, before anybody saves it; with what the rules say of it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        queue = Queue(name=request.POST.get("name", ""))
        form = modelform_factory(Queue, QueueForm, fields=WATCHED[1:4])(
            request.POST, instance=queue
        )
        problems = [problem for listed in form.errors.values() for problem in listed]
        channel = ChannelSettings.load()
        zone = zone_named(channel.time_zone) or UTC
        shown = {} if problems else preview_of(queue, zone, timezone.now(), channel.language)
        context = {"preview": shown, "problems": problems, "merge_fields": merge_fields()}
        return TemplateResponse(request, "admin/queues/queue/_preview.html", context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context |= {"preview_url": reverse("admin:queues_queue_preview"), "watch": WATCHED}
        return super().render_change_form(request, context, *args, **kwargs)

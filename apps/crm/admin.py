"""Settings > Email > CRM; connections and the outbox have pages in files of their own."""

from typing import Any

from django.contrib import admin
from django.forms import Script
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

import apps.crm.admin_connections
import apps.crm.admin_outbox
import apps.crm.admin_tickets  # noqa: F401 - they register their pages
from apps.core.admin_bases import OneRow
from apps.crm.condition import standing_of
from apps.crm.models import CrmSettings


@admin.register(CrmSettings)
class CrmSettingsAdmin(OneRow):
    """Which CRM is the present one is changed at the connection, where it is said what happens."""

    readonly_fields = ("where",)
    fieldsets = (
        (
            _("Where tickets are"),
            {
                "fields": ("where",),
                "description": _("Each conversation keeps the ticket that it has got."),
            },
        ),
        (
            _("What the CRM is told"),
            {
                "fields": ("automatic_tickets", "content_copy", "attach_files", "thread_pdf"),
                "description": _(
                    "Every ticket gets the standard comment once and a link to each email. Choose"
                    " what it gets beside them. Everything is for the CRM's own agents only."
                ),
            },
        ),
        (
            _("Language"),
            {
                "fields": ("language",),
                "description": _("Of the comments that are written from now on."),
            },
        ),
    )

    class Media:
        css = {"all": ("crm-admin.css",)}
        js = (Script("preview.js", defer=True),)

    @admin.display(description=_("CRM"))
    def where(self, row: CrmSettings) -> SafeString:
        standing = standing_of(row.connection)
        return format_html(
            '<bdi>{}</bdi> <span class="tone tone--{}">{}</span> <a href="{}">{}</a>',
            row.connection,
            standing.tone,
            standing.words,
            reverse("admin:crm_crmconnection_changelist"),
            _("Connections"),
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context |= {"title": _("CRM"), "subtitle": None, "preview_url": _preview_url()}
        return super().render_change_form(request, context, *args, **kwargs)


def _preview_url() -> str:
    """The roof has that page, if there is one."""
    try:
        return reverse("admin:crm-preview")
    except NoReverseMatch:
        return ""

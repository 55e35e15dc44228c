"""The admin's front page: Settings > Email comes first, in the order of a set-up."""

from typing import Any, cast

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

from apps.core.models import User

# Section, then the models in it by label, in the order in which somebody sets them up.
SECTIONS: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    (
        "settings",
        _("Settings > Email"),
        (
            "email_channels.ChannelSettings",
            "email_channels.EmailAccount",
            "email_channels.OAuthProfile",
            "email_channels.Mailbox",
            "email_channels.SendingDomain",
            "queues.Queue",
            "crm.CrmSettings",
            "crm.CrmConnection",
            "attachments.AttachmentSettings",
            "storage.StorageSettings",
            "agents.AgentSettings",
            "agents.CustomState",
            "console.CannedReply",
            "console.Signature",
            "core.SettingsChange",
        ),
    ),
    (
        "mail",
        _("Mail"),
        (
            "core.Alarm",
            "email_channels.QuarantinedEmail",
            "email_channels.InboundEmail",
            "email_channels.LedgerCheck",
            "email_channels.MailImport",
            "email_channels.MailboxMove",
            "email_channels.SuppressedAddress",
            "tickets.ThreadDeletion",
            "attachments.Attachment",
            "attachments.VerdictChange",
            "crm.Ticket",
            "crm.TicketUpdate",
            "storage.StoredObject",
        ),
    ),
    (
        "people",
        _("People"),
        ("core.User", "agents.Agent", "agents.Team", "core.ApiToken", "core.SignInSettings"),
    ),
)


class CarteriaAdminSite(AdminSite):
    site_header = _("Carteria")
    site_title = _("Carteria")
    index_title = _("Administration")

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """By the one door, so that nobody walks around the lock and the second factor."""
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_change_password")

    def get_urls(self) -> list[Any]:
        # They need the site that this class makes.
        from config.crm_page import preview_page
        from config.health_page import health_page
        from config.people.hand_over import hand_over_page
        from config.setup.urls import pages as setup_pages
        from config.tracing.pages import pages as tracing_pages

        health = path("email/health/", self.admin_view(health_page), name="email-health")
        leaving = path(
            "core/user/<int:pk>/hand-over/", self.admin_view(hand_over_page), name="hand-over"
        )
        comments = path("email/crm/preview/", self.admin_view(preview_page), name="crm-preview")
        own = [health, leaving, comments, *setup_pages(self), *tracing_pages(self)]
        return [*own, *super().get_urls()]

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Each section with its rows, and how each of them stands in words."""
        from config.alarms import banner
        from config.front import next_step, page_named, rows_of

        found = self.get_app_list(request)
        user = cast(User, request.user)
        sections = [one | {"rows": rows_of(one["models"], user)} for one in found]
        context = {
            "sections": sections,
            "next_step": next_step([row for one in sections for row in one["rows"]]),
            "banner": banner() if user.sees_settings else None,
            "setup_url": page_named("admin:email-setup"),
            "health_url": page_named("admin:email-health"),
            "dry_run_url": page_named("admin:email-dry-run"),
        }
        return super().index(request, context | (extra_context or {}))

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """Sections of ours in place of Django's apps; an app's own page keeps Django's list."""
        apps = super().get_app_list(request, app_label)
        if app_label:
            return apps
        shown = {model["model"]._meta.label: model for app in apps for model in app["models"]}
        sections = [_section(key, name, labels, shown) for key, name, labels in SECTIONS]
        return [section for section in sections if section["models"]]


def _section(
    key: str, name: Any, labels: tuple[str, ...], shown: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    return {
        "name": name,
        "app_label": key,
        "app_url": "",
        "has_module_perms": True,
        "models": [shown[label] for label in labels if label in shown],
    }

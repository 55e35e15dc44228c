"""The admin's front page: Settings > Email comes first, in the order of a set-up."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.urls import path
from django.utils.translation import gettext_lazy as _

# Section, then the models in it by label, in the order in which somebody sets them up.
SECTIONS: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    (
        "settings",
        _("Settings > Email"),
        (
            "email_channels.ChannelSettings",
            "email_channels.EmailAccount",
            "email_channels.Mailbox",
            "queues.Queue",
            "attachments.AttachmentSettings",
            "crm.CrmSettings",
        ),
    ),
    (
        "mail",
        _("Mail"),
        (
            "email_channels.QuarantinedEmail",
            "email_channels.InboundEmail",
            "attachments.Attachment",
            "crm.Ticket",
            "crm.TicketUpdate",
        ),
    ),
    (
        "people",
        _("People"),
        ("core.User", "agents.Agent", "agents.Team", "core.ApiToken"),
    ),
)


class CarteriaAdminSite(AdminSite):
    site_header = _("Carteria")
    site_title = _("Carteria")
    index_title = _("Administration")

    def get_urls(self) -> list[Any]:
        # Both need the site that this class makes.
        from config.health_page import health_page
        from config.people.hand_over import hand_over_page

        health = path("email/health/", self.admin_view(health_page), name="email-health")
        leaving = path(
            "core/user/<int:pk>/hand-over/", self.admin_view(hand_over_page), name="hand-over"
        )
        return [health, leaving, *super().get_urls()]

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

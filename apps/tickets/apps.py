"""Tells Django about this floor."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class Tickets(AppConfig):
    name = "apps.tickets"
    label = "tickets"
    verbose_name = _("Conversations")

    def ready(self) -> None:
        """The floors below learn who sees what."""
        import apps.tickets.sight  # noqa: F401

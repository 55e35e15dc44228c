"""Tells Django about this floor."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class Tickets(AppConfig):
    name = "apps.tickets"
    label = "tickets"
    verbose_name = _("Conversations")

    def ready(self) -> None:
        """The floors below learn who sees what; the index is there when the tables are."""
        import apps.tickets.sight  # noqa: F401
        from apps.tickets.search import prepare

        post_migrate.connect(prepare, sender=self)

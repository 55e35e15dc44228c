"""Tells Django about this floor."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class Crm(AppConfig):
    name = "apps.crm"
    label = "crm"
    verbose_name = _("CRM")

    def ready(self) -> None:
        """Planned updates wake the worker, whichever process plans them; the index of tickets is
        there when the tables are."""
        import apps.crm.tasks  # noqa: F401
        from apps.crm.links import ticket_ids
        from apps.crm.ticket_search import prepare
        from apps.storage.outbox import lend_tickets

        post_migrate.connect(prepare, sender=self)
        lend_tickets(ticket_ids)

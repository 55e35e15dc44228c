"""Tells Django about this floor."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class Queues(AppConfig):
    name = "apps.queues"
    label = "queues"
    verbose_name = _("Queues")

    def ready(self) -> None:
        """Lends the guards of In-Email; whoever's rights change is told."""
        import apps.queues.availability
        import apps.queues.rights
        import apps.queues.workload  # noqa: F401

"""Tells Django about this floor."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class Storage(AppConfig):
    name = "apps.storage"
    label = "storage"
    verbose_name = _("Storage")

    def ready(self) -> None:
        """Planned objects wake the worker, whichever process plans them."""
        import apps.storage.tasks  # noqa: F401

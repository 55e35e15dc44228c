"""Tells Django about this floor."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class Crm(AppConfig):
    name = "apps.crm"
    label = "crm"
    verbose_name = _("CRM")

    def ready(self) -> None:
        """Planned updates wake the worker, whichever process plans them."""
        import apps.crm.tasks  # noqa: F401
        from apps.core.secrets import register_sealed
        from apps.crm.models import SECRET_OPTIONS

        for field in ("options", "storage"):
            register_sealed("crm.CrmSettings", field, keys=SECRET_OPTIONS)

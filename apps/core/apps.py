"""Tells Django about this floor."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class Core(AppConfig):
    name = "apps.core"
    label = "core"
    verbose_name = _("People and keys")

    def ready(self) -> None:
        from apps.core.logs import keep_threads_quiet

        keep_threads_quiet()

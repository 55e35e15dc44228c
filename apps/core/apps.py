"""Tells Django about this floor."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.utils.translation import gettext_lazy as _


class Core(AppConfig):
    name = "apps.core"
    label = "core"
    verbose_name = _("People and keys")

    def ready(self) -> None:
        import apps.core.logins
        import apps.core.second_factor  # noqa: F401  # both listen from now on
        from apps.core.db.arrays import dump_arrays_as_a_whole
        from apps.core.logs import keep_threads_quiet
        from apps.core.secrets import register_sealed

        keep_threads_quiet()
        connection_created.connect(dump_arrays_as_a_whole)
        factors = ("secret", "seed", "migrated_codes")
        register_sealed("mfa.Authenticator", "data", keys=factors)

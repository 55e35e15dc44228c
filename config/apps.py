"""Two Django apps of the roof: our admin site, and the commands that know every floor."""

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig
from django.utils.module_loading import autodiscover_modules


class CarteriaAdmin(SimpleAdminConfig):
    """Finds the pages of the other apps with the addresses (config/urls.py): a worker has none."""

    default_site = "config.admin.CarteriaAdminSite"


class Config(AppConfig):
    name = "config"
    label = "config"

    def ready(self) -> None:
        """Web and commands send tasks through the configured Celery application.

        Its listeners live in the tasks modules, which Celery itself loads in workers only.
        """
        import config.celery  # noqa: F401
        from config.followed import follow_settings

        follow_settings()
        _lend_sessions()
        autodiscover_modules("tasks")


def _lend_sessions() -> None:
    """The pages of the CRM find a conversation by its Session ID."""
    from apps.crm.sought import lend_thread_of
    from config.crm_page import thread_of

    lend_thread_of(thread_of)

"""Two Django apps of the roof: our admin site, and the commands that know every floor."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.module_loading import autodiscover_modules


class CarteriaAdmin(AdminConfig):
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
        autodiscover_modules("tasks")

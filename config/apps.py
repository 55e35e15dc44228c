"""Two Django apps of the roof: our admin site, and the commands that know every floor."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class CarteriaAdmin(AdminConfig):
    default_site = "config.admin.CarteriaAdminSite"


class Config(AppConfig):
    name = "config"
    label = "config"

    def ready(self) -> None:
        """Web and commands send tasks through the configured Celery application."""
        import config.celery  # noqa: F401

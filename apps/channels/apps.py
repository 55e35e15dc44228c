"""Tells Django about this floor; Django Channels owns the label `channels`."""

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class EmailChannels(AppConfig):
    name = "apps.channels"
    label = "email_channels"
    verbose_name = _("Email")

    def ready(self) -> None:
        from apps.channels.transports import spool

        spool.folder = settings.DATA_DIR

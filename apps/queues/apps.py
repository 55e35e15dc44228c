"""Tells Django about this floor."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class Queues(AppConfig):
    name = "apps.queues"
    label = "queues"
    verbose_name = _("Queues")

"""Tells Django about this floor."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class Attachments(AppConfig):
    name = "apps.attachments"
    label = "attachments"
    verbose_name = _("Attachments")

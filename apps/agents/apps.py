"""Tells Django about this floor."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class Agents(AppConfig):
    name = "apps.agents"
    label = "agents"
    verbose_name = _("Agents and teams")

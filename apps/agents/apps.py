"""Tells Django about this floor."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class Agents(AppConfig):
    name = "apps.agents"
    label = "agents"
    verbose_name = _("Agents and teams")

    def ready(self) -> None:
        """Whoever gives the role agent makes an agent; whoever's rights change is told."""
        import apps.agents.listen
        import apps.agents.live
        import apps.agents.rights  # noqa: F401
        from apps.agents.people import keep_agent
        from apps.core.people import follow_roles

        follow_roles(keep_agent)

"""Tells Django about this floor."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class Console(AppConfig):
    name = "apps.console"
    label = "console"
    verbose_name = _("Console")

    def ready(self) -> None:
        """Browsers hear of changes from now on."""
        import apps.console.live  # noqa: F401
        from apps.console.people.mails import send_invitation
        from apps.core.invitations import lend_inviter

        lend_inviter(send_invitation)

"""The channel's switch and what holds for the whole house."""

from __future__ import annotations

from datetime import tzinfo
from typing import ClassVar, Self

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.channels import rules
from apps.channels.models.accounts import EmailAccount
from apps.core.models import User
from apps.core.rules import Problem, refuse
from apps.core.zones import zone_named

MOST_UNDO_SECONDS = 60
ADDRESS_FIRST = _("Fill in the console address first: links in tickets need it.")


class ChannelSettings(models.Model):
    """One row: Settings > Email > Channel."""

    enabled = models.BooleanField(
        _("email channel"),
        default=False,
        help_text=_(
            "The master switch. While it is off, no mail is fetched or answered, and your mail"
            " waits untouched on its server. Answers that were already sent off still leave."
        ),
    )
    external_url = models.URLField(
        _("console address"),
        blank=True,
        help_text=_(
            "Where your people open Carteria, such as https://support.example.com. Links in"
            " tickets and mails lead there, so it comes before the switch."
        ),
    )
    language = models.CharField(
        _("language"),
        max_length=10,
        choices=[("en", "English"), ("es", "Español")],
        default="en",
        help_text=_("For whatever goes out without a reader of its own. Users choose theirs."),
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        default="UTC",
        help_text=_("Of your house. Users may choose another for what they see."),
    )
    notice_mailbox = models.ForeignKey(
        "Mailbox",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("mailbox for invitations"),
        help_text=_("Invitations, links for forgotten passwords and alarms leave from here."),
    )
    undo_seconds = models.PositiveSmallIntegerField(
        _("undo send (seconds)"),
        default=10,
        validators=[MaxValueValidator(MOST_UNDO_SECONDS)],
        help_text=_(
            "So long a mail waits after Send, and its author can call it back. 0: it leaves at"
            " once. At most 60."
        ),
    )
    auto_responses_per_day = models.PositiveSmallIntegerField(
        _("automatic answers to one address in a day"),
        default=1,
        validators=[MaxValueValidator(20)],
        help_text=_("Whoever writes again and again gets no more than these. 0: none at all."),
    )
    alarms_by_mail = models.BooleanField(
        _("write to administrators when something breaks"),
        default=True,
        help_text=_(
            "One mail when it breaks and one when it is well again, from the mailbox above."
        ),
    )

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channel")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(enabled=False) | ~Q(external_url=""),
                name="on_only_with_console_address",
                violation_error_code="external_url",
                violation_error_message=ADDRESS_FIRST,
            )
        ]

    def __str__(self) -> str:
        return str(_("Email channel"))

    def clean(self) -> None:
        self.external_url = rules.tidy_address(self.external_url)
        problems: list[Problem] = []
        if self.enabled and not self.external_url:
            problems.append(("external_url", ADDRESS_FIRST))
        if self.external_url and (problem := rules.address_problem(self.external_url)):
            problems.append(("external_url", problem))
        if problem := rules.zone_problem(self.time_zone):
            problems.append(("time_zone", problem))
        refuse(problems)

    def doubts(self) -> list[str]:
        """What may stay as it is, and probably should not."""
        receiving = EmailAccount.objects.exclude(receive_kind=EmailAccount.Receive.NONE)
        said = [rules.address_doubt(self.external_url)]
        if self.enabled and not receiving.filter(enabled=True).exists():
            said.append(gettext("The channel is on, but no account receives mail: add one."))
        return [sentence for sentence in said if sentence]

    @classmethod
    def load(cls) -> Self:
        return cls.objects.get_or_create(pk=1)[0]

    def zone_for(self, user: User) -> tzinfo:
        """The user's own, else the house's; the server's where the name is not known."""
        return zone_named(user.time_zone or self.time_zone) or timezone.get_current_timezone()

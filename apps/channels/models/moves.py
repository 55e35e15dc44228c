"""Mailboxes that went from one account to another: who moved them, when, what was known then."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.channels.models.accounts import EmailAccount
from apps.channels.models.mailboxes import Mailbox
from apps.core.models import User


class MailboxMoveQuerySet(models.QuerySet["MailboxMove"]):
    def visible_to(self, user: User) -> MailboxMoveQuerySet:
        return self if user.sees_settings else self.none()

    def open(self) -> MailboxMoveQuerySet:
        """Nothing automatic answers the mail of their mailboxes yet."""
        return self.filter(settled_at=None)


class MailboxMove(models.Model):
    """One move; the accounts' names are kept, since an old account may be deleted."""

    class Settled(models.TextChoices):
        READ = "read", _("both accounts were read to their end")
        WITHOUT = "without", _("the account before could not be read any more")
        AGAIN = "again", _("the mailbox was moved once more")

    mailbox = models.ForeignKey(
        Mailbox, on_delete=models.CASCADE, related_name="moves", verbose_name=_("mailbox")
    )
    from_account = models.ForeignKey(
        EmailAccount, on_delete=models.SET_NULL, null=True, related_name="moves_away"
    )
    to_account = models.ForeignKey(
        EmailAccount, on_delete=models.SET_NULL, null=True, related_name="moves_here"
    )
    from_name = models.CharField(_("from"), max_length=100)
    to_name = models.CharField(_("to"), max_length=100)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(
        _("by"), max_length=200, blank=True, help_text="As it was then; empty: a settings file."
    )
    at = models.DateTimeField(_("when"), default=timezone.now)
    known_until = models.DateTimeField(
        null=True,
        help_text="Mail at the new account that is older came by the account before, or never.",
    )
    counts = models.JSONField(
        default=dict, help_text="What was seen when it was moved: {threads, queued, known, ...}."
    )
    settled_at = models.DateTimeField(_("settled"), null=True)
    settled_how = models.CharField(
        _("settled how"), max_length=10, choices=Settled.choices, blank=True
    )

    objects = MailboxMoveQuerySet.as_manager()

    class Meta:
        verbose_name = _("move of a mailbox")
        verbose_name_plural = _("moves of mailboxes")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["mailbox"], condition=Q(settled_at=None), name="one_open_move_per_mailbox"
            )
        ]

    def __str__(self) -> str:
        return f"{self.mailbox}: {self.from_name} → {self.to_name}"

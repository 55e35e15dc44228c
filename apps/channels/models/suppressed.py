"""Addresses that mail had better not go to: who says so, since when, and for which account."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.channels.models.accounts import MAY_SEE_ACCOUNTS, EmailAccount
from apps.core.models import User


class SuppressedAddressQuerySet(models.QuerySet["SuppressedAddress"]):
    def visible_to(self, user: User) -> SuppressedAddressQuerySet:
        return self if user.has_role(*MAY_SEE_ACCOUNTS) else self.none()

    def in_force(self) -> SuppressedAddressQuerySet:
        return self.filter(removed_at=None)


class SuppressedAddress(models.Model):
    """One reason against one address; it stays as a record after somebody has removed it."""

    class Reason(models.TextChoices):
        HARD = "hard", _("did not arrive")
        COMPLAINT = "complaint", _("reported as unwanted")
        UNSUBSCRIBED = "unsubscribed", _("wants no more mail")
        BY_HAND = "by-hand", _("entered by hand")

    # A person there has said no: who writes all the same says so twice.
    UNWANTED: ClassVar = (Reason.COMPLAINT, Reason.UNSUBSCRIBED)

    address = models.CharField(
        _("address"),
        max_length=320,
        help_text=_("Nothing automatic is sent there; who writes to it sees why."),
    )
    account = models.ForeignKey(
        EmailAccount,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("only through"),
        help_text=_("Empty: it counts for every account."),
    )
    reason = models.CharField(
        _("reason"), max_length=12, choices=Reason.choices, default=Reason.BY_HAND
    )
    evidence = models.TextField(
        _("what was said"), blank=True, help_text=_("By a server, by the provider, or by you.")
    )
    conversation = models.CharField(
        _("session"), max_length=20, blank=True, editable=False, help_text="Its public ID."
    )
    since = models.DateTimeField(_("since"), default=timezone.now, editable=False)
    by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("by"),
    )
    removed_at = models.DateTimeField(_("removed"), null=True, editable=False)
    removed_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("removed by"),
    )

    objects = SuppressedAddressQuerySet.as_manager()

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["address", "reason", "account"],
                condition=Q(removed_at=None, account__isnull=False),
                name="suppressed_once_by_account",
            ),
            models.UniqueConstraint(
                fields=["address", "reason"],
                condition=Q(removed_at=None, account=None),
                name="suppressed_once_everywhere",
            ),
        ]

    def __str__(self) -> str:
        return f"suppression {self.pk}"

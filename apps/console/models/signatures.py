"""Signatures: what stands below a mail, of its author and of the queue that it leaves from."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console.words_of_ours import stored_words
from apps.core.models import User
from apps.core.rules import refuse
from apps.queues.models import Queue


class SignatureQuerySet(models.QuerySet["Signature"]):
    def visible_to(self, user: User) -> SignatureQuerySet:
        if user.sees_everything:
            return self
        return self.filter(Q(user=user) | Q(queue__in=Queue.objects.visible_to(user)))


class Signature(models.Model):
    """Of one person, who writes it in the console, or of one queue."""

    user = models.OneToOneField(
        User,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("person"),
        help_text=_("People write their own in the console; leave it empty for a queue's."),
    )
    queue = models.OneToOneField(
        Queue,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("queue"),
        help_text=_("Below each mail that is written in this queue, after the person's own."),
    )
    html = models.TextField(_("words"), help_text=_("Plain lines or HTML."))

    objects = SignatureQuerySet.as_manager()

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, queue__isnull=True)
                | Q(user__isnull=True, queue__isnull=False),
                name="signature_of_one",
            )
        ]

    def __str__(self) -> str:
        return str(self.queue or self.user)

    def clean(self) -> None:
        if bool(self.user) == bool(self.queue):
            one_of = gettext("Choose a queue or a person, one of the two.")
            refuse([("queue", one_of)])
        self.html = stored_words(self.html)

"""Canned replies: words at hand, with places for a customer's name and the like."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console.words_of_ours import stored_words
from apps.core.html import html_to_text
from apps.core.models import User
from apps.core.rules import refuse
from apps.queues.models import Queue
from apps.tickets import placeholders


class CannedReplyQuerySet(models.QuerySet["CannedReply"]):
    def visible_to(self, user: User) -> CannedReplyQuerySet:
        """Those for everybody, and those of queues that one sees."""
        if user.sees_everything:
            return self
        return self.filter(Q(queue__isnull=True) | Q(queue__in=Queue.objects.visible_to(user)))


class CannedReply(models.Model):
    """Words for an answer that is written often."""

    name = models.CharField(
        _("name"), max_length=100, help_text=_("What agents look for, such as Parcel is late.")
    )
    queue = models.ForeignKey(
        Queue,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("queue"),
        help_text=_("Empty: offered in all queues."),
    )
    language = models.CharField(
        _("language"),
        max_length=10,
        choices=[("en", "English"), ("es", "Español")],
        default="en",
        help_text=_("Agents see it beside the name."),
    )
    html = models.TextField(
        _("words"),
        help_text=_(
            "Plain lines or HTML. Carteria fills in {{customer.name}}, {{customer.first_name}},"
            " {{customer.email}}, {{agent.name}}, {{queue.name}}, {{session.id}},"
            " {{session.subject}}, {{ticket.id}} and {{ticket.url}}."
        ),
    )
    enabled = models.BooleanField(
        _("in use"), default=True, help_text=_("Off: kept here, not offered to agents.")
    )

    objects = CannedReplyQuerySet.as_manager()

    class Meta:
        verbose_name = _("canned reply")
        verbose_name_plural = _("canned replies")
        ordering: ClassVar = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        unknown = placeholders.unknown_in(self.html, html_to_text(self.html))
        if unknown:
            sentence = gettext("There is no %(names)s. Use one of these: %(known)s.")
            told = {"names": _listed(unknown), "known": _listed(placeholders.NAMES)}
            refuse([("html", sentence % told)])
        self.html = stored_words(self.html)


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join("{{" + name + "}}" for name in names)

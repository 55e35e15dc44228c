"""Threads: whole conversations, who takes part in them, and how they are found."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.channels.models import Mailbox
from apps.core.models import User
from apps.tickets.models.keys import new_thread_key


class Thread(models.Model):
    """The whole conversation, for life; the CRM knows it by `key`."""

    key = models.CharField(max_length=20, unique=True, default=new_thread_key)
    subject = models.TextField()
    mailboxes = models.ManyToManyField(Mailbox, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        related_name="merged",
        help_text="Where its messages are now: whoever answers an old one lands there.",
    )

    def __str__(self) -> str:
        return self.key


class Participant(models.Model):
    """An outside address that wrote to or was written to in a thread."""

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="participants")
    address = models.CharField(max_length=320, db_index=True)  # lower-cased

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["thread", "address"], name="participant_once_per_thread"
            )
        ]

    def __str__(self) -> str:
        return f"participant {self.pk}"


class MessageReference(models.Model):
    """An id that a message refers to, whether a mail with it was ever seen or not.

    It finds the answers that came before the mail they answer.
    """

    message = models.ForeignKey(
        "tickets.Message", on_delete=models.CASCADE, related_name="referred"
    )
    hash = models.CharField(max_length=32, help_text="Of the id, as in Message.message_id_hash.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["hash", "message"], name="reference_once_per_message")
        ]

    def __str__(self) -> str:
        return f"reference {self.pk}"


class Regrouping(models.Model):
    """Messages that were put into another thread, by whom and why, and how it was before."""

    class Kind(models.TextChoices):
        MOVE = "move", _("moved")
        SPLIT = "split", _("split off")
        MERGE = "merge", _("merged")
        LATE_PARENT = "late-parent", _("joined by a late mail")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    from_thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="given_away")
    to_thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="taken_up")
    before = models.JSONField(default=dict, help_text="Everything that undoing puts back.")
    why = models.TextField(blank=True)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    undone_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class ThreadDeletionQuerySet(models.QuerySet["ThreadDeletion"]):
    def visible_to(self, user: User) -> ThreadDeletionQuerySet:
        return self if user.sees_settings else self.none()


class ThreadDeletion(models.Model):
    """The receipt of a conversation that was deleted: who, when and how much, nothing of it."""

    thread_key = models.CharField(_("conversation"), max_length=20, unique=True)
    by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    messages = models.PositiveIntegerField(_("messages"), default=0)
    files = models.PositiveIntegerField(_("files"), default=0)
    sources = models.PositiveIntegerField(_("sources"), default=0, help_text="Raw mails.")
    updates = models.PositiveIntegerField(
        _("never told to the ticket"), default=0, help_text="Withdrawn from the CRM's outbox."
    )
    at = models.DateTimeField(_("deleted"), default=timezone.now)

    objects = ThreadDeletionQuerySet.as_manager()

    class Meta:
        verbose_name = _("deleted conversation")
        verbose_name_plural = _("deleted conversations")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.thread_key

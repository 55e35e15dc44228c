"""What somebody writes, until it has gone out."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.agents.models import Agent
from apps.attachments.models import Attachment
from apps.channels.models import Mailbox
from apps.core.models import User
from apps.queues.models import Queue
from apps.tickets.models.keys import new_draft_key
from apps.tickets.models.messages import Message
from apps.tickets.models.sessions import Session


class StagedFile(models.Model):
    """A file in a form that is not sent yet, seen by its author alone; Send makes it a MessageFile.

    `form` is a key that the page makes, so that two open forms keep their files apart.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, null=True, related_name="+")
    form = models.CharField(max_length=64)
    attachment = models.OneToOneField(Attachment, on_delete=models.CASCADE, related_name="staged")
    inline = models.BooleanField(default=False)
    content_id = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["user", "form"], name="staged_by_form")]

    def __str__(self) -> str:
        return f"staged file {self.pk}"

    @property
    def size(self) -> int:
        return self.attachment.size


class DraftQuerySet(models.QuerySet["Draft"]):
    def visible_to(self, user: User) -> DraftQuerySet:
        """One's own, and those about a conversation that one sees."""
        return self.filter(Q(author=user) | Q(session__in=Session.objects.visible_to(user)))

    def unsent(self) -> DraftQuerySet:
        return self.filter(sent_as__isnull=True)


class Draft(models.Model):
    """What somebody writes, until it has gone out; its files are StagedFiles with its key."""

    class Kind(models.TextChoices):
        REPLY = "reply"
        FORWARD = "forward"
        NEW = "new"

    key = models.CharField(max_length=20, unique=True, default=new_draft_key)
    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    session = models.ForeignKey(
        Session, on_delete=models.CASCADE, null=True, related_name="drafts"
    )  # none: it begins one
    queue = models.ForeignKey(Queue, on_delete=models.SET_NULL, null=True, related_name="+")
    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="+")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.SET_NULL, null=True, related_name="+")
    answers = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, related_name="+"
    )  # or forwards
    newest = models.BigIntegerField(
        default=0, help_text="The newest message of the thread that the author has seen."
    )
    to = models.JSONField(default=list)  # [{"email", "name"}], so are cc and bcc
    cc = models.JSONField(default=list)
    bcc = models.JSONField(default=list)
    subject = models.TextField(blank=True)
    html = models.TextField(blank=True)  # cleaned; empty where only text is written
    text = models.TextField(blank=True)
    plain = models.BooleanField(default=False)
    left_out = models.JSONField(default=list)  # names of files that a forward could not take along
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    sent_as = models.OneToOneField(
        Message, on_delete=models.CASCADE, null=True, related_name="draft"
    )
    moved = models.JSONField(default=dict, help_text="What Send changed, for Undo.")

    objects = DraftQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["author", "-updated_at"], name="draft_by_author"),
        ]

    def __str__(self) -> str:
        return self.key

"""Threads, sessions and messages: the conversation and the work on it."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.agents.models import Agent
from apps.attachments.models import Attachment
from apps.channels.models import InboundEmail, Mailbox
from apps.core.models import User
from apps.queues.models import Queue

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _random_id(prefix: str) -> str:
    return prefix + "".join(secrets.choice(CROCKFORD) for _digit in range(12))


def new_thread_key() -> str:
    return _random_id("T")


def new_session_id() -> str:
    return _random_id("E")


class Thread(models.Model):
    """The whole conversation, for life; the CRM knows it by `key`."""

    key = models.CharField(max_length=20, unique=True, default=new_thread_key)
    subject = models.TextField()
    mailboxes = models.ManyToManyField(Mailbox, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

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


class SessionQuerySet(models.QuerySet["Session"]):
    def visible_to(self, user: User) -> SessionQuerySet:
        """Whatever lies in the user's queues, and what is assigned to the user."""
        if user.sees_everything:
            return self
        own = Agent.objects.working().filter(user=user)
        return self.filter(Q(queue__in=Queue.objects.visible_to(user)) | Q(agent__in=own))

    def waiting(self) -> SessionQuerySet:
        return self.filter(agent__isnull=True, status__in=Session.OPEN)


class Session(models.Model):
    """One stretch of work on a thread."""

    class Status(models.TextChoices):
        UNOPENED = "unopened", _("unopened")
        ACTIVE = "active", _("active")
        PAUSED = "paused", _("paused")
        RESOLVED = "resolved", _("resolved")
        CLOSED = "closed", _("closed")
        REOPENED = "reopened", _("reopened")

    # What an agent has in hand: these count as load and are assigned.
    OPEN: ClassVar = (Status.UNOPENED, Status.ACTIVE, Status.REOPENED)

    public_id = models.CharField(
        _("session ID"), max_length=20, unique=True, default=new_session_id
    )
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="sessions")
    queue = models.ForeignKey(
        Queue, on_delete=models.PROTECT, related_name="+", verbose_name=_("queue")
    )
    agent = models.ForeignKey(
        Agent,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("agent"),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.UNOPENED
    )
    subject = models.TextField(_("subject"))
    customer = models.CharField(_("customer"), max_length=320)
    customer_name = models.CharField(_("customer's name"), max_length=200, blank=True)
    message_count = models.PositiveIntegerField(default=0)
    why = models.TextField(
        _("why"), blank=True, help_text="The last routing decision in one sentence."
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    updated_at = models.DateTimeField(_("updated"), default=timezone.now)
    waiting_since = models.DateTimeField(default=timezone.now)
    assigned_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        indexes: ClassVar = [
            models.Index(
                fields=["queue", "waiting_since", "id"],
                condition=Q(agent__isnull=True, status__in=["unopened", "active", "reopened"]),
                name="session_waiting",
            ),
            models.Index(fields=["queue", "-updated_at", "-id"], name="session_by_queue"),
            models.Index(fields=["agent", "-updated_at", "-id"], name="session_by_agent"),
        ]

    def __str__(self) -> str:
        return self.public_id


class SessionEvent(models.Model):
    """Every move of a session: what, by whom, why, from which facts."""

    class Kind(models.TextChoices):
        STATUS = "status"
        ASSIGNED = "assigned"
        RELEASED = "released"
        QUEUE = "queue"
        JOINED = "joined"
        RAW_READ = "raw-read"  # an administrator or auditor read a mail's source
        FOUND_LATER = "found-later"  # a file that was called clean is infected

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    before = models.CharField(max_length=100, blank=True)
    after = models.CharField(max_length=100, blank=True)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    why = models.TextField()
    facts = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: User) -> MessageQuerySet:
        return self.filter(session__in=Session.objects.visible_to(user))


class Message(models.Model):
    """One email, in or out."""

    class Direction(models.TextChoices):
        IN = "in", _("received")
        OUT = "out", _("sent")

    class Status(models.TextChoices):
        RECEIVED = "received", _("received")
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("sending")
        SENT = "sent", _("sent")
        FAILED = "failed", _("not delivered")
        UNKNOWN = "unknown", _("unknown")

    # The server has it, as far as anybody can know: the CRM hears of it.
    GONE_OUT: ClassVar = (Status.SENT, Status.UNKNOWN)

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="messages")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="messages")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.PROTECT, null=True, related_name="+")
    direction = models.CharField(max_length=3, choices=Direction.choices)
    status = models.CharField(max_length=10, choices=Status.choices)
    because = models.TextField(
        blank=True, help_text="Why it joined this thread, or why it was not sent."
    )
    from_email = models.CharField(max_length=320, blank=True)
    from_name = models.CharField(max_length=200, blank=True)
    to = models.JSONField(default=list)  # [{"email", "name"}], so are cc and bcc
    cc = models.JSONField(default=list)
    bcc = models.JSONField(default=list)
    reply_to = models.JSONField(default=list)
    subject = models.TextField(blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)  # as it came: never shown without cleaning
    message_id = models.TextField(blank=True)  # without angle brackets
    message_id_hash = models.CharField(max_length=32, blank=True, db_index=True)
    in_reply_to = models.TextField(blank=True)
    references = models.JSONField(default=list)
    automatic = models.BooleanField(default=False)
    trust = models.JSONField(default=dict)  # {"level", "facts": [{"code", ...}]}
    date = models.DateTimeField(null=True)
    inbound = models.OneToOneField(
        InboundEmail, on_delete=models.PROTECT, null=True, related_name="message"
    )
    author = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    # Outgoing only.
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["session", "id"], name="message_by_session"),
            models.Index(
                fields=["id"], condition=Q(status__in=["queued", "sending"]), name="message_to_send"
            ),
            models.Index(fields=["id"], condition=Q(status="unknown"), name="message_unknown"),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"


class DeliveryAttempt(models.Model):
    """One try to hand a message to the server; committed before the line is opened."""

    class Stage(models.TextChoices):
        CONNECTING = "connecting"
        DATA = "data"  # from here on, silence means unknown
        DONE = "done"

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="tries")
    number = models.PositiveSmallIntegerField()
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.CONNECTING)
    outcome = models.CharField(max_length=10, blank=True)
    code = models.PositiveSmallIntegerField(null=True)
    sentence = models.TextField(blank=True)
    lease_until = models.DateTimeField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "number"], name="one_attempt_per_number")
        ]

    def __str__(self) -> str:
        return f"attempt {self.pk}"


class MessageFile(models.Model):
    """Joins a file to the message that carries it."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="files")
    attachment = models.OneToOneField(Attachment, on_delete=models.CASCADE, related_name="carrier")
    position = models.PositiveSmallIntegerField()
    inline = models.BooleanField(default=False)
    content_id = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["position"]

    def __str__(self) -> str:
        return f"file {self.pk}"


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

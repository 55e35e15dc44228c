"""Messages: one email each, in or out, its files, and what became of those sent."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.attachments.models import Attachment
from apps.channels.models import EmailAccount, InboundEmail, Mailbox
from apps.core.models import User
from apps.crm.models import TicketUpdate
from apps.tickets.models.sessions import Session
from apps.tickets.models.threads import Thread


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: User) -> MessageQuerySet:
        return self.filter(session__in=Session.objects.visible_to(user))

    def told(self) -> MessageQuerySet:
        """What the CRM hears of: mails received, and those that have gone out."""
        return self.filter(status__in=[Message.Status.RECEIVED, *Message.GONE_OUT])

    def commented(self) -> MessageQuerySet:
        """Told with comments of its own: not a report on a mail of ours, nor automatic mail of a
        thread that is to have no ticket (SPEC 1.3 b)."""
        reports = DeliveryReport.objects.filter(told_by=OuterRef("pk"))
        begun = TicketUpdate.objects.filter(
            thread_key=OuterRef("thread__key"), kind=TicketUpdate.Kind.STANDARD
        )
        return self.told().filter(~Exists(reports), Q(automatic=False) | Exists(begun))

    def calling(self) -> MessageQuerySet:
        """Without reports that call nobody: receipts and notices of delay."""
        reports = DeliveryReport.objects.filter(told_by=OuterRef("pk"))
        return self.filter(
            ~Exists(reports) | Exists(reports.filter(kind__in=DeliveryReport.FAILED))
        )


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
    placement = models.JSONField(
        default=dict,
        help_text="Why it lies in this thread: the signals it gave, and what followed from them.",
    )
    forwarded = models.JSONField(
        default=dict, help_text="Who wrote the mail that this one passes on: {email, name, by}."
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
    remaining = models.PositiveSmallIntegerField(
        default=0, help_text="Recipients still to be tried, of a mail that others have got."
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["session", "id"], name="message_by_session"),
            models.Index(Lower("from_email"), F("created_at").desc(), name="message_by_sender"),
            models.Index(
                fields=["id"], condition=Q(status__in=["queued", "sending"]), name="message_to_send"
            ),
            models.Index(fields=["id"], condition=Q(status="unknown"), name="message_unknown"),
            models.Index(fields=["id"], condition=Q(remaining__gt=0), name="message_remaining"),
            models.Index(fields=["id"], condition=Q(status="failed"), name="message_failed"),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"


class DeliveryAttempt(models.Model):
    """One try to hand a message to the server; committed before the line is opened."""

    class Stage(models.TextChoices):
        CONNECTING = "connecting"
        DATA = "data"  # from here on, silence means unknown
        DONE = "done"

    class Ended:
        """How it was for the recipients that the server accepted."""

        SENT, RETRY, FAILED, UNKNOWN = "sent", "retry", "failed", "unknown"
        ARRIVED = "arrived"  # unknown once; then something proved it
        AGAIN = "again"  # unknown once; then somebody, or the account, had it sent again

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="tries")
    account = models.ForeignKey(
        EmailAccount,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        help_text="That it went by; the mailbox may have moved to another one since.",
    )
    number = models.PositiveSmallIntegerField()
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.CONNECTING)
    outcome = models.CharField(max_length=10, blank=True)
    code = models.PositiveSmallIntegerField(null=True)
    sentence = models.TextField(blank=True)
    answers = models.JSONField(
        default=dict,
        help_text="What the server said to each recipient's name: {address: [code, words]}.",
    )
    lease_until = models.DateTimeField()
    proved = models.BooleanField(
        default=False, help_text="The provider told of the mail before its answer came."
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "number"], name="one_attempt_per_number")
        ]

    def __str__(self) -> str:
        return f"attempt {self.pk}"


class SentId(models.Model):
    """An id that a provider gave a mail of ours: its own, or the Message-ID that it put in place of
    ours. News and answers that name it belong to that mail."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="sent_ids")
    hash = models.CharField(max_length=32, help_text="Of the id, as in Message.message_id_hash.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["hash", "message"], name="sent_id_once_per_message")
        ]

    def __str__(self) -> str:
        return f"id {self.pk}"


class SentCopy(models.Model):
    """A mail of ours in the account's folder of sent mail: looked for, and laid there if wanted."""

    class Status(models.TextChoices):
        WAITING = "waiting"
        THERE = "there"
        GIVEN_UP = "given-up"

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="sent_copy")
    account = models.ForeignKey(
        EmailAccount,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        help_text="Whose folder is asked; empty: that of the mailbox's account.",
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    sentence = models.TextField(blank=True, help_text="What went wrong last.")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=Q(status="waiting"), name="sent_copy_waiting"),
        ]

    def __str__(self) -> str:
        return f"copy {self.pk}"


class DeliveryReport(models.Model):
    """What a server far away said of a mail of ours, for one recipient."""

    class Kind(models.TextChoices):
        HARD = "hard", _("not delivered")
        SOFT = "soft", _("not delivered for now")
        DELAYED = "delayed", _("delayed")
        DELIVERED = "delivered", _("delivered")
        READ = "read", _("read")
        COMPLAINT = "complaint", _("reported as unwanted")
        OPTED_OUT = "opted-out", _("wants no more mail")

    FAILED: ClassVar = (Kind.HARD, Kind.SOFT)

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="reports")
    recipient = models.CharField(max_length=320, blank=True)  # lower-cased; empty: unnamed
    kind = models.CharField(max_length=10, choices=Kind.choices)
    status = models.CharField(max_length=12, blank=True)  # RFC 3463
    smtp_code = models.PositiveSmallIntegerField(null=True)
    sentence = models.TextField(blank=True, help_text="What the server said, cut.")
    told_by = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, related_name="told", help_text="The report."
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["recipient", "kind", "-at"], name="report_by_recipient"),
        ]

    def __str__(self) -> str:
        return f"report {self.pk}"


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

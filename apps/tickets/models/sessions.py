"""Sessions: stretches of work on a thread, and every move they made."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.agents.models import Agent
from apps.core.models import User
from apps.queues.models import Queue
from apps.tickets.models.keys import new_session_id
from apps.tickets.models.threads import Thread


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
        Queue,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("queue"),
        db_index=False,  # session_by_queue begins with it
    )
    agent = models.ForeignKey(
        Agent,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # as above
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
    newest_in = models.BigIntegerField(
        default=0, help_text="The newest incoming message, kept by whoever adds one."
    )
    why = models.TextField(
        _("why"), blank=True, help_text="The last routing decision in one sentence."
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    updated_at = models.DateTimeField(_("updated"), default=timezone.now)
    waiting_since = models.DateTimeField(default=timezone.now)
    assigned_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # When it last changed, in milliseconds, rising with each change: what browsers ask after.
    version = models.BigIntegerField(default=0, db_index=True, editable=False)

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
            # What lists are sorted by, then all they ask of a row: an index alone finds a load.
            models.Index(
                fields=["queue", "-updated_at", "-id", "status", "agent"], name="session_by_queue"
            ),
            models.Index(
                fields=["agent", "-updated_at", "-id", "status", "queue"], name="session_by_agent"
            ),
            models.Index(
                fields=["-updated_at", "-id", "status", "queue", "agent"], name="session_newest"
            ),
            models.Index(
                fields=["waiting_since", "id", "status", "queue", "agent"], name="session_patience"
            ),
            models.Index(fields=["customer", "-updated_at"], name="session_by_customer"),
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
        SENT_ANYWAY = "sent-anyway"  # although a newer mail was there
        UNDONE = "undone"  # a mail was called back before it left
        DRAFT = "draft"  # somebody else writes an answer on
        REGROUPED = "regrouped"  # messages came or went; facts name the Regrouping
        CUSTOMER = "customer"  # somebody said who the customer is
        AUTO_ANSWER = "auto-answer"  # a mail was answered by itself, or why it was not
        LOOP = "loop"  # so many mails of one sender that a machine must write them
        DELIVERY = "delivery"  # what became known of a mail that was sent

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    before = models.CharField(max_length=100, blank=True)
    after = models.CharField(max_length=100, blank=True)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    why = models.TextField()
    facts = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["after", "-at"], condition=Q(kind="loop"), name="event_of_loop"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

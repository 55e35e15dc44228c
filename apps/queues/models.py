"""Queues, who works in them, which mailboxes feed them, and how loaded everybody is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import tzinfo
from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Exists, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.agents.models import Agent, Team
from apps.agents.teams import standing
from apps.channels.models import Mailbox
from apps.core.models import Role, User
from apps.core.rules import Problem, refuse
from apps.core.zones import zone_named
from apps.queues.auto_response import AutoResponse, problems_of
from apps.queues.hours import BadLine, Hours, tidy_holidays, tidy_hours


class QueueQuerySet(models.QuerySet["Queue"]):
    def worked_by(self, user: User) -> QueueQuerySet:
        """Enabled queues that USER is a member of, alone or through a team or one above it."""
        mine = Agent.objects.working().filter(user=user)
        return self.filter(_of(mine, standing(user).works_for), Exists(mine), enabled=True)

    def steered_by(self, user: User) -> QueueQuerySet:
        """Administrators: all; supervisors: the queues of their teams and of who is in these."""
        if user.has_role(Role.ADMINISTRATOR):
            return self
        if not user.has_role(Role.SUPERVISOR):
            return self.none()
        return self.filter(_of(Agent.objects.steered_by(user), standing(user).reached))

    def visible_to(self, user: User) -> QueueQuerySet:
        if user.sees_everything:
            return self
        seen = Queue.objects.seen_by(user).order_by().values_list("pk", flat=True)
        return self.filter(pk__in=set(seen))  # few: so the database plans for known numbers

    def seen_by(self, user: User) -> QueueQuerySet:
        """The same in one query, for who wants the rows and no more."""
        if user.sees_everything:
            return self
        return self.worked_by(user) | self.steered_by(user)


def _of(agents: models.QuerySet[Agent], team_ids: frozenset[int]) -> Q:
    own = QueueMembership.objects.filter(agent__in=agents)
    by_team = QueueMembership.objects.filter(team__in=team_ids)
    return Q(pk__in=own.values("queue")) | Q(pk__in=by_team.values("queue"))


class Queue(models.Model):
    """A line of sessions with the people who work on it."""

    class Routing(models.TextChoices):
        MANUAL = "manual", _("manual: members take sessions themselves")
        AUTOMATIC = "automatic", _("automatic: to the least loaded member")

    name = models.CharField(
        _("name"),
        max_length=100,
        unique=True,
        help_text=_("As agents see it, such as Support or Invoices. Tickets name it too."),
    )
    path = models.CharField(
        _("path"),
        max_length=255,
        blank=True,
        help_text=_("Its place in a tree, such as Orders/Returns. Empty: at the top."),
    )
    routing = models.CharField(
        _("routing"),
        max_length=10,
        choices=Routing.choices,
        default=Routing.MANUAL,
        help_text=_("Begin with manual; automatic can be switched on at any time."),
    )
    capacity = models.PositiveIntegerField(
        _("capacity"),
        default=10,
        validators=[MinValueValidator(1, _("With 0, nobody would ever be given a session."))],
        help_text=_("How many open sessions of this queue one agent is given at most."),
    )
    enabled = models.BooleanField(
        _("in use"),
        default=True,
        help_text=_("Off: nobody is given its sessions, and new mail for it is held back."),
    )
    eligible_states = models.JSONField(
        _("states that take mail"),
        default=list,
        blank=True,
        help_text=_(
            "In-Email always does. Tick others in which agents are given mail of this queue too."
        ),
    )
    hours = models.JSONField(
        _("opening hours"),
        default=list,
        blank=True,
        help_text=_(
            "One line for each kind of day, such as Mon-Fri 9:00-13:00, 15:00-18:00. Empty: always"
            " open."
        ),
    )
    holidays = models.JSONField(
        _("holidays"),
        default=list,
        blank=True,
        help_text=_("Closed all day: one date on each line, such as 2026-12-25 Christmas Day."),
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        help_text=_("Of these hours. Empty: that of the house."),
    )
    auto_response = models.JSONField(_("automatic answer"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = QueueQuerySet.as_manager()

    class Meta:
        verbose_name = _("queue")
        verbose_name_plural = _("queues")
        ordering: ClassVar = ["path", "name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.path = "/".join(part.strip() for part in self.path.strip(" /").split("/"))
        problems: list[Problem] = []
        if problem := _path_problem(self.path):
            problems.append(("path", problem))
        problems += self._tidy_lines()
        if self.time_zone and zone_named(self.time_zone) is None:
            problems.append(("time_zone", gettext("Choose a zone of the list.")))
        problems += [
            (f"auto_response_{key}", problem) for key, problem in problems_of(self.auto_response)
        ]
        refuse(problems)

    def _tidy_lines(self) -> Iterator[Problem]:
        for name, tidy in (("hours", tidy_hours), ("holidays", tidy_holidays)):
            try:
                setattr(self, name, tidy(getattr(self, name)))
            except BadLine as error:
                yield name, str(error)

    def zone(self, house: tzinfo) -> tzinfo:
        """HOUSE: the zone that counts where the queue names none."""
        return zone_named(self.time_zone) or house

    def opening_hours(self, house: tzinfo) -> Hours:
        return Hours.of(self.hours, self.holidays, self.zone(house))

    def doubts(self) -> list[str]:
        """What may stay as it is, and probably should not."""
        doubts = []
        if not self.memberships.exists():
            doubts.append(
                gettext("Nobody works in this queue yet: its sessions would wait. Add a member.")
            )
        answer = AutoResponse.of(self.auto_response)
        if answer and answer.out_of_hours_text and not self.hours:
            doubts.append(
                gettext("The queue is always open: the text for outside its hours is never sent.")
            )
        return doubts


def _path_problem(path: str) -> str:
    parts = path.split("/") if path else []
    if "" in parts:
        return gettext("There is a name missing between two slashes; write it like Orders/Returns.")
    if any(part in (".", "..") for part in parts) or re.search(r"[\\\x00-\x1f\x7f]", path):
        return gettext("Names and slashes only, like Orders/Returns; no dots alone, no backslash.")
    return ""


class QueueMembership(models.Model):
    """An agent or a whole team that works in a queue."""

    queue = models.ForeignKey(
        Queue, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("queue")
    )
    agent = models.ForeignKey(
        Agent,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("agent"),
        help_text=_("One person, or leave it empty and choose a team."),
    )
    team = models.ForeignKey(
        Team,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("team"),
        help_text=_("Everybody in it and in the teams below, now and later."),
    )

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(agent__isnull=False, team__isnull=True)
                | Q(agent__isnull=True, team__isnull=False),
                name="member_is_agent_or_team",
            ),
            models.UniqueConstraint(fields=["queue", "agent"], name="agent_once_per_queue"),
            models.UniqueConstraint(fields=["queue", "team"], name="team_once_per_queue"),
        ]

    def __str__(self) -> str:
        return str(self.agent or self.team)


class MailboxRoute(models.Model):
    """The queue that a mailbox's mail goes to."""

    mailbox = models.OneToOneField(
        Mailbox,
        on_delete=models.CASCADE,
        related_name="route",
        verbose_name=_("mailbox"),
        help_text=_("A mailbox feeds one queue; a queue may have several mailboxes."),
    )
    queue = models.ForeignKey(
        Queue,
        on_delete=models.PROTECT,
        related_name="routes",
        verbose_name=_("queue"),
        help_text=_("Where the mail of this address waits for somebody to answer it."),
    )

    class Meta:
        verbose_name = _("route")
        verbose_name_plural = _("routes")

    def __str__(self) -> str:
        return f"{self.mailbox} → {self.queue}"


class AgentLoad(models.Model):
    """Open sessions of one agent in one queue: kept with every move, never counted."""

    queue = models.ForeignKey(Queue, on_delete=models.CASCADE, related_name="loads")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="loads")
    open_sessions = models.IntegerField(default=0)
    last_assigned_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["queue", "agent"], name="one_load_per_agent_and_queue")
        ]

    def __str__(self) -> str:
        return f"load {self.pk}"


class WaitingShift(models.Model):
    """By how much the open sessions that nobody has grew or shrank; the sum is their number.

    A row for each change, since one row with the number would be a queue of its own: every mail
    that comes in and every hand that takes one would wait for it (loads.py folds them).
    """

    queue = models.ForeignKey(Queue, on_delete=models.CASCADE, related_name="+")
    by = models.IntegerField()

    def __str__(self) -> str:
        return f"shift {self.pk}"

"""Agents, their teams, and the state that each of them is in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.agents import colours
from apps.agents.teams import refuse_cycle, standing
from apps.agents.vocabulary import AVAILABLE, CHOOSABLE, IN_EMAIL, refuse_system_name
from apps.core.errors import Invalid
from apps.core.models import Role, User
from apps.core.rules import Problem, refuse

COLOUR = r"\A#[0-9a-fA-F]{6}\Z"


class AgentQuerySet(models.QuerySet["Agent"]):
    def working(self) -> AgentQuerySet:
        """Who is an agent today: the row of somebody who left or lost the role stays behind."""
        granted = User.objects.filter(is_active=True, grants__role=Role.AGENT)
        return self.filter(user__in=granted)

    def visible_to(self, user: User) -> AgentQuerySet:
        """Agents know all colleagues by name; supervisors those of their teams."""
        if user.sees_everything:
            return self
        if user.has_role(Role.AGENT):
            return self.filter(pk__in=Agent.objects.working())
        return self.steered_by(user)

    def steered_by(self, user: User) -> AgentQuerySet:
        """Whose state USER sees in full and may override."""
        if user.has_role(Role.ADMINISTRATOR):
            return self
        rows = Team.members.through._default_manager.filter(team__in=supervised_teams(user))
        return self.filter(pk__in=Agent.objects.working().filter(pk__in=rows.values("agent")))

    def watched_by(self, user: User) -> AgentQuerySet:
        """Whose states and history USER reads: supervisors in the admin look no further."""
        return self if user.sees_everything else self.steered_by(user)


class Agent(models.Model):
    """A user who answers mail."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="agent",
        verbose_name=_("user"),
    )

    objects = AgentQuerySet.as_manager()

    class Meta:
        verbose_name = _("agent")
        verbose_name_plural = _("agents")

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.user.display_name


class TeamQuerySet(models.QuerySet["Team"]):
    def visible_to(self, user: User) -> TeamQuerySet:
        """Supervisors: own teams with what is below; agents: those they are in."""
        if user.sees_everything:
            return self
        mine = Team.objects.filter(members__in=Agent.objects.working().filter(user=user))
        return self.filter(Q(pk__in=mine.values("pk")) | Q(pk__in=supervised_teams(user)))


def supervised_teams(user: User) -> frozenset[int]:
    return standing(user).supervises if user.has_role(Role.SUPERVISOR) else frozenset()


class Team(models.Model):
    """A group of agents; teams form a tree."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("part of"),
    )
    members = models.ManyToManyField(
        Agent, related_name="teams", blank=True, verbose_name=_("members")
    )
    supervisors = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        related_name="supervised_teams",
        blank=True,
        verbose_name=_("supervisors"),
    )

    objects = TeamQuerySet.as_manager()

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        try:
            refuse_cycle(self, self.parent)
        except Invalid as error:
            raise ValidationError({"parent": ValidationError(error.sentence, error.code)}) from None


class AgentSettings(models.Model):
    """One row: how states follow signing in, absence and silence of the call system."""

    sign_in_state = models.CharField(
        _("state after sign-in"),
        max_length=40,
        default=AVAILABLE,
        help_text=_(
            "What an agent starts a shift with. Never In-Email: that one is always chosen by a"
            " person."
        ),
    )
    absent_after_minutes = models.PositiveIntegerField(
        _("offline after (minutes)"),
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(1440)],
        help_text=_("Without an open console for so long, an agent becomes Offline."),
    )
    stale_after_hours = models.PositiveIntegerField(
        _("calls and chats are doubted after (hours)"),
        default=8,
        validators=[MinValueValidator(1), MaxValueValidator(720)],
        help_text=_("No word of a call or chat for so long: a supervisor may end it."),
    )

    class Meta:
        verbose_name = _("agent states")
        verbose_name_plural = _("agent states")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(sign_in_state__iexact="In-Email"), name="sign_in_state_not_in_email"
            )
        ]

    def __str__(self) -> str:
        return str(_("Agent states"))

    def clean(self) -> None:
        known = sign_in_states()
        if self.sign_in_state not in known:
            sentence = gettext("%(state)s is never set at sign-in. Choose one of: %(states)s.")
            facts = {"state": self.sign_in_state, "states": ", ".join(known)}
            refuse([("sign_in_state", sentence % facts)])

    @classmethod
    def load(cls) -> AgentSettings:
        return cls.objects.get_or_create(pk=1)[0]


def sign_in_states() -> list[str]:
    """In-Email is chosen by a person; what is switched off is nobody's start."""
    custom = CustomState.objects.filter(enabled=True).values_list("name", flat=True)
    return [*(name for name in CHOOSABLE if name != IN_EMAIL), *custom]


class CustomState(models.Model):
    """A state of the house's own beside the system states of vocabulary.py."""

    name = models.CharField(
        _("name"),
        max_length=40,
        unique=True,
        help_text=_("As agents see it. It cannot be changed later; history names it."),
    )
    colour = models.CharField(
        _("colour"),
        max_length=7,
        default="#5b6472",
        validators=[RegexValidator(COLOUR, _("Write it like #2a7f62."))],
        help_text=_("Dark enough to read on white; the dark theme gets a lighter one by itself."),
    )
    accepts_calls = models.BooleanField(
        _("takes calls"),
        default=False,
        help_text=_("Your call system may give calls to an agent in this state."),
    )
    accepts_chats = models.BooleanField(
        _("takes chats"),
        default=False,
        help_text=_("Your chat system may give chats to an agent in this state."),
    )
    enabled = models.BooleanField(
        _("in use"), default=True, help_text=_("Off: nobody can choose it any more.")
    )

    class Meta:
        verbose_name = _("custom state")
        verbose_name_plural = _("custom states")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("name"),
                name="custom_state_once_in_any_case",
                violation_error_code="name",
                violation_error_message=_("There is a state of that name already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def css_class(self) -> str:
        """Names its colour; apps/agents/stylesheet.py says what the class means."""
        return colours.class_of(self.colour)

    def clean(self) -> None:
        refuse([*self._name_problems(), *self._colour_problems(), *self._use_problems()])

    def _name_problems(self) -> Iterator[Problem]:
        stored = CustomState.objects.filter(pk=self.pk).values_list("name", flat=True).first()
        if stored is not None and stored != self.name:
            yield "name", gettext("The name stays, since the history names it. Add another state.")
        elif stored is None:
            try:
                refuse_system_name(self.name)
            except Invalid as error:
                yield "name", error.sentence.partition(": ")[2]

    def _colour_problems(self) -> Iterator[Problem]:
        if not re.fullmatch(COLOUR, self.colour):
            return  # the field has said so
        ratio = colours.worst(self.colour, colours.LIGHT)
        if ratio < colours.ENOUGH:
            facts = {
                "colour": self.colour,
                "ratio": f"{ratio:.1f}",
                "needed": f"{colours.ENOUGH}",
                "other": colours.readable_like(self.colour),
            }
            sentence = gettext(
                "%(colour)s has a contrast of only %(ratio)s:1 on our light surfaces; words need"
                " %(needed)s:1. The same hue, dark enough: %(other)s."
            )
            yield "colour", sentence % facts

    def _use_problems(self) -> Iterator[Problem]:
        starts = AgentSettings.objects.filter(sign_in_state=self.name)
        if not self.enabled and self.pk and starts.exists():
            yield (
                "enabled",
                gettext("Agents start with this state. Choose another under Agent states."),
            )

    def doubts(self) -> list[str]:
        """What may stay as it is, and probably should not."""
        count = 0 if self.enabled else AgentState.objects.filter(chosen=self.name).count()
        if not count:
            return []
        sentence = ngettext(
            "%(n)d agent was in this state and is in the state after sign-in now.",
            "%(n)d agents were in this state and are in the state after sign-in now.",
            count,
        )
        return [sentence % {"n": count}]


class AgentState(models.Model):
    """Where one agent stands now. Only states.py writes it, under the row's lock."""

    agent = models.OneToOneField(
        Agent, on_delete=models.CASCADE, primary_key=True, related_name="state"
    )
    chosen = models.CharField(_("chosen state"), max_length=40, default="Offline")
    overlay = models.CharField(_("busy with"), max_length=10, blank=True, default="")
    effective = models.CharField(_("state"), max_length=40, default="Offline", db_index=True)
    # True: chosen was set during a call or chat and shows when that ends.
    pending = models.BooleanField(default=False)
    # Who set the chosen state, from where and why; nobody: the product did.
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    code = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    chosen_at = models.DateTimeField(default=timezone.now)
    since = models.DateTimeField(_("since"), default=timezone.now)
    # The console asks for a state: the agent was away too long and came back.
    seen_at = models.DateTimeField(null=True)
    present_until = models.DateTimeField(null=True, db_index=True)
    version = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("agent state")
        verbose_name_plural = _("agent states")

    def __str__(self) -> str:
        return f"state of agent {self.agent_id}"


class Contact(models.Model):
    """One call or chat of an agent, as its own system reports it; the busy overlay follows."""

    class Kind(models.TextChoices):
        CALL = "call", _("call")
        CHAT = "chat", _("chat")

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="contacts")
    kind = models.CharField(max_length=4, choices=Kind.choices)
    session = models.CharField(max_length=200)
    entered_at = models.DateTimeField(null=True)  # null: its end came first
    left_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(default=timezone.now)
    reported_at = models.DateTimeField(null=True, help_text="The other system's clock.")
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("call or chat")
        verbose_name_plural = _("calls and chats")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agent", "kind", "session"], name="one_contact")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["agent"],
                name="open_contacts",
                condition=Q(entered_at__isnull=False, left_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class StateChange(models.Model):
    """One change of an agent's state; time in state is computed from these rows alone."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="state_changes")
    at = models.DateTimeField(_("when"), default=timezone.now)
    before = models.CharField(_("from"), max_length=40)  # effective
    after = models.CharField(_("to"), max_length=40)  # effective
    chosen = models.CharField(_("chosen state"), max_length=40)
    overlay = models.CharField(_("busy with"), max_length=10, blank=True)
    pending = models.BooleanField(_("applies after the call"), default=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("by"),
    )
    source = models.CharField(_("from where"), max_length=20)
    code = models.CharField(max_length=40)
    reason = models.CharField(_("why"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("change of state")
        verbose_name_plural = _("changes of state")
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [models.Index(fields=["agent", "at"], name="changes_of_agent")]

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"

"""Users and their keys, stored bytes, leases: the ground every floor stands on."""

from __future__ import annotations

import secrets
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar, NoReturn

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    ADMINISTRATOR = "administrator", _("Administrator")
    SUPERVISOR = "supervisor", _("Supervisor")
    AGENT = "agent", _("Agent")
    AUDITOR = "auditor", _("Auditor")
    INTEGRATION = "integration", _("Integration")


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: User) -> UserQuerySet:
        """Everybody's pages are for administrators and auditors; one's own for oneself."""
        return self if user.sees_settings else self.filter(pk=user.pk)

    def administrators(self) -> UserQuerySet:
        """Who can change everything today."""
        granted = RoleGrant.objects.filter(role=Role.ADMINISTRATOR).values("user")
        return self.filter(Q(is_superuser=True) | Q(pk__in=granted), is_active=True)


class People(UserManager["User"]):
    """Django's verbs for making users, and our queryset."""

    use_in_migrations = False

    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def visible_to(self, user: User) -> UserQuerySet:
        return self.get_queryset().visible_to(user)

    def administrators(self) -> UserQuerySet:
        return self.get_queryset().administrators()


class User(AbstractUser):
    """Somebody who signs in, or an integration that calls the API."""

    language = models.CharField(
        _("language"), max_length=10, choices=[("en", "English"), ("es", "Español")], default="en"
    )
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    single_keys = models.BooleanField(
        _("single-letter keys"),
        default=True,
        help_text=_("Off: letters alone do nothing in the console (WCAG 2.1.4)."),
    )

    objects: ClassVar[People] = People()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.display_name.split()[:2]).upper()

    @cached_property
    def role_names(self) -> frozenset[str]:
        granted = set(self.grants.values_list("role", flat=True))
        if self.is_superuser:
            granted.add(Role.ADMINISTRATOR)
        return frozenset(granted)

    def has_role(self, *roles: str) -> bool:
        return not self.role_names.isdisjoint(roles)

    @property
    def sees_everything(self) -> bool:
        """Integrations too: what they may do is limited by the scopes of their tokens."""
        return self.has_role(Role.ADMINISTRATOR, Role.AUDITOR, Role.INTEGRATION)

    @property
    def sees_settings(self) -> bool:
        """People, keys, accounts, held mail: in no program's hands."""
        return self.has_role(Role.ADMINISTRATOR, Role.AUDITOR)


class RoleGrant(models.Model):
    """One role of one user."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="grants", verbose_name=_("user")
    )
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "role"], name="one_grant_per_role")
        ]

    def __str__(self) -> str:
        return self.get_role_display()


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def visible_to(self, user: User) -> ApiTokenQuerySet:
        return self if user.sees_settings else self.filter(user=user)


class ApiToken(models.Model):
    """A key of the API; only its SHA-256 is kept, the key itself is shown once."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="tokens", verbose_name=_("user")
    )
    name = models.CharField(_("name"), max_length=100, blank=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("scopes"), default=list, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.name or f"token {self.pk}"


class Blob(models.Model):
    """Where bytes lie: a slice of a pack file in the data folder (blobs.py)."""

    class Coding(models.TextChoices):
        PLAIN = "plain"
        ZSTD = "zstd"

    pack = models.CharField(max_length=64)
    offset = models.BigIntegerField()
    length = models.BigIntegerField()
    coding = models.CharField(max_length=8, choices=Coding.choices, default=Coding.PLAIN)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        indexes = (models.Index(fields=["pack"], name="blob_pack"),)  # what else lies in it?

    def __str__(self) -> str:
        return f"blob {self.pk}"


def _never() -> object:
    return timezone.now() - timedelta(days=36500)


class Lease(models.Model):
    """Somebody works on NAME until a time of the database's clock (leases.py)."""

    name = models.CharField(max_length=120, primary_key=True)
    holder = models.CharField(max_length=32, blank=True)
    until = models.DateTimeField(default=_never)

    def __str__(self) -> str:
        return self.name


class Heartbeat(models.Model):
    """The last sign of life of a process kind: worker, beat."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class AnsweredRequest(models.Model):
    """The answer given to an Idempotency-Key, so that a repeated POST gets it again."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "key"], name="one_answer_per_key")
        ]

    def __str__(self) -> str:
        return f"request {self.pk}"


def new_key() -> str:
    """A secret of 256 bits for tokens."""
    return secrets.token_urlsafe(32)


class SignInSettings(models.Model):
    """One row: how somebody proves who it is, and for how long that counts."""

    class SecondFactor(models.TextChoices):
        NOBODY = "nobody", _("nobody has to")
        ADMINISTRATORS = "administrators", _("administrators")
        SUPERVISORS = "supervisors", _("administrators and supervisors")

    second_factor = models.CharField(
        _("who needs a second factor"),
        max_length=20,
        choices=SecondFactor.choices,
        default=SecondFactor.NOBODY,
        help_text=_(
            "A code from an app on the phone. Who needs one and has none is led to its set-up at"
            " once; everybody may set one up."
        ),
    )
    hours = models.PositiveSmallIntegerField(
        _("a sign-in ends after (hours)"),
        default=12,
        validators=[MinValueValidator(1), MaxValueValidator(720)],
        help_text=_("Counted from signing in. It counts for the next sign-in of everybody."),
    )
    failures = models.PositiveSmallIntegerField(
        _("lock after (failures)"),
        default=5,
        validators=[MinValueValidator(3), MaxValueValidator(100)],
        help_text=_("Wrong passwords for one user from one address, or wrong codes for one user."),
    )
    lock_minutes = models.PositiveSmallIntegerField(
        _("lock for (minutes)"),
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(1440)],
        help_text=_("An administrator can unlock somebody earlier: People > Users."),
    )

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-in")

    def __str__(self) -> str:
        return str(_("Sign-in"))

    @classmethod
    def load(cls) -> SignInSettings:
        return cls.objects.filter(pk=1).first() or cls.objects.get_or_create(pk=1)[0]


class AppendOnly(models.QuerySet["SettingsChange"]):
    """Rows are added and read; whoever wants a change of the past gets an error."""

    def update(self, **kwargs: object) -> NoReturn:
        raise TypeError("The history of settings is never changed.")

    def delete(self) -> NoReturn:
        raise TypeError("The history of settings is never deleted.")

    def visible_to(self, user: User) -> AppendOnly:
        return self if user.sees_settings else self.none()


class SettingsChange(models.Model):
    """One change of a setting, with before and after; changes.py writes it.

    Names are kept as they were, without foreign keys: the row outlives who and what it names.
    """

    class Source(models.TextChoices):
        ADMIN = "admin", _("administration")
        CONSOLE = "console", _("console")
        API = "api", _("API")
        FILE = "file", _("settings file")
        COMMAND = "command", _("command or product")

    class Action(models.TextChoices):
        ADDED = "added", _("added")
        CHANGED = "changed", _("changed")
        REMOVED = "removed", _("removed")

    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)
    by_id = models.BigIntegerField(null=True)
    by_name = models.CharField(_("who"), max_length=310, blank=True, db_index=True)
    source = models.CharField(_("from where"), max_length=10, choices=Source.choices)
    kind = models.CharField(_("what"), max_length=100)  # label of the model
    object_id = models.CharField(max_length=40)
    object_name = models.CharField(_("name"), max_length=310)
    action = models.CharField(_("kind of change"), max_length=10, choices=Action.choices)
    changes = models.JSONField(_("changes"), default=list)  # as changes.Entry

    objects = AppendOnly.as_manager()

    class Meta:
        verbose_name = _("change of settings")
        verbose_name_plural = _("changes of settings")
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [
            models.Index(fields=["kind", "object_id"], name="changes_of_an_object")
        ]

    def __str__(self) -> str:
        return self.object_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The history of settings is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The history of settings is never deleted.")


class AlarmQuerySet(models.QuerySet["Alarm"]):
    def visible_to(self, user: User) -> AlarmQuerySet:
        """Programs too: some watch over the house."""
        return self if user.sees_everything else self.none()


class Alarm(models.Model):
    """Something that needs an administrator, from its first sign to its end; alarms.py keeps it."""

    class State(models.TextChoices):
        SEEN = "seen", _("watched")  # not yet for long enough
        OPEN = "open", _("open")
        ENDED = "ended", _("over")

    code = models.CharField(max_length=80)
    name = models.CharField(_("what"), max_length=200)
    sentence = models.TextField(_("said"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.SEEN)
    level = models.PositiveSmallIntegerField(
        default=0, help_text="Warnings that were passed; one more is told again."
    )
    patience = models.PositiveIntegerField(
        default=0, help_text="Seconds that it has to last, and has to be over."
    )
    since = models.DateTimeField(_("since"))
    opened_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(_("told by mail"), null=True)
    well_since = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(_("over since"), null=True)
    end_told_at = models.DateTimeField(null=True)
    trouble = models.TextField(
        _("trouble with the mail"), blank=True, help_text="Why nobody was told by mail."
    )

    objects = AlarmQuerySet.as_manager()

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code"], condition=~Q(state="ended"), name="one_living_alarm_per_code"
            )
        ]

    def __str__(self) -> str:
        return self.name

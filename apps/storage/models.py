"""Settings > Email > Storage: where files are put, which kinds, and every object that was put."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core import sight
from apps.core.models import Blob, User
from apps.core.rules import refuse
from apps.core.secrets import SecretField
from apps.storage import rules
from apps.storage.paths import DEFAULT


class Kind(models.TextChoices):
    """What is stored; the words stand in settings files and in the database."""

    PDF = "pdf", _("PDF of the conversation")
    ATTACHMENTS = "attachments", _("attachment")
    JSON = "json", _("message as JSON")
    RAW = "raw", _("raw mail")


class StorageTarget(models.Model):
    """One place for files. Objects stay readable where they were put, so rows are never deleted."""

    class Backend(models.TextChoices):
        LOCAL = "local", _("local disk")
        S3 = "s3", _("Amazon S3 or compatible")
        GOOGLE = "google", _("Google Cloud Storage")
        AZURE = "azure", _("Azure Blob Storage")
        SFTP = "sftp", _("SFTP server")

    backend = models.CharField(
        _("kind of storage"), max_length=10, choices=Backend.choices, default=Backend.LOCAL
    )
    root = models.CharField(_("folder"), max_length=500, blank=True)
    bucket = models.CharField(_("bucket"), max_length=255, blank=True)
    endpoint = models.CharField(_("address"), max_length=500, blank=True)
    region = models.CharField(_("region"), max_length=100, blank=True)
    host = models.CharField(_("server"), max_length=255, blank=True)
    port = models.PositiveIntegerField(
        _("port"), default=22, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    user = models.CharField(_("user"), max_length=255, blank=True)
    key = SecretField(_("key"))
    secret = SecretField(_("secret"))
    host_key = models.CharField(
        _("the server's key"),
        max_length=2000,
        blank=True,
        editable=False,
        help_text=_("As the first test found it; a server with another key is not trusted."),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    # What makes it another place; a new key or region is the same place with another door.
    PLACE: ClassVar = ("backend", "root", "bucket", "endpoint", "host", "port", "user")

    class Meta:
        verbose_name = _("storage place")
        verbose_name_plural = _("storage places")
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        where = self.bucket or self.host or self.root
        return ", ".join(filter(None, (str(self.get_backend_display()), where)))

    @property
    def folder(self) -> str:
        """Of the local disk: where files are when no folder is named."""
        return self.root or str(Path(settings.DATA_DIR) / "files")

    def clean(self) -> None:
        refuse(rules.target_problems(self))


class StorageSettings(models.Model):
    """One row: the present place, and each kind with its switch and its path."""

    target = models.ForeignKey(
        StorageTarget, on_delete=models.PROTECT, related_name="+", verbose_name=_("storage place")
    )
    pdf_on = models.BooleanField(_("PDFs of conversations"), default=True)
    pdf_path = models.CharField(_("path"), max_length=500, blank=True, default=DEFAULT)
    attachments_on = models.BooleanField(_("attachments"), default=True)
    attachments_path = models.CharField(_("path"), max_length=500, blank=True, default=DEFAULT)
    json_on = models.BooleanField(_("messages as JSON"), default=False)
    json_path = models.CharField(_("path"), max_length=500, blank=True, default=DEFAULT)
    raw_on = models.BooleanField(_("raw mails (.eml)"), default=False)
    raw_path = models.CharField(_("path"), max_length=500, blank=True, default=DEFAULT)

    class Meta:
        verbose_name = _("storage")
        verbose_name_plural = _("storage")

    def __str__(self) -> str:
        return str(_("Storage"))

    @classmethod
    def load(cls) -> StorageSettings:
        """With its place; the first call of an installation makes both."""
        row = cls.objects.select_related("target").filter(pk=1).first()
        if row is not None:
            return row
        first = StorageTarget.objects.order_by("pk").first() or StorageTarget.objects.create()
        cls.objects.get_or_create(pk=1, defaults={"target": first})
        return cls.objects.select_related("target").get(pk=1)

    def clean(self) -> None:
        """Tidies the paths, too: outer slashes do not matter, and an empty one is the default."""
        refuse(rules.path_problems(self))

    def is_on(self, kind: str) -> bool:
        return bool(getattr(self, f"{kind}_on"))

    def path_of(self, kind: str) -> str:
        return str(getattr(self, f"{kind}_path")) or DEFAULT


class StoredObjectQuerySet(models.QuerySet["StoredObject"]):
    def visible_to(self, user: User) -> StoredObjectQuerySet:
        if user.sees_everything:
            return self
        return self.filter(sight.seen("threads", "thread_key", user))

    def open(self) -> StoredObjectQuerySet:
        return self.filter(status__in=OPEN)


class StoredObject(models.Model):
    """One file for the storage: planned, put once at a path that never changes, or failed.

    `target` and `path` are chosen together when it is put for the first time (placing.py).
    """

    class Status(models.TextChoices):
        PLANNED = "planned", _("planned")
        STORED = "stored", _("stored")
        FAILED = "failed", _("failed")
        LEAVING = "leaving", _("being removed")
        REMOVED = "removed", _("removed")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    key = models.CharField(max_length=60, help_text="What it is: with its kind it is unique.")
    name = models.CharField(_("name"), max_length=255)

    # What the variables of a path stand for, as it was when the object was planned.
    day = models.DateField(_("day"))
    queue = models.CharField(_("queue"), max_length=255, blank=True)
    session = models.CharField(_("session"), max_length=20, blank=True, db_index=True)
    thread_key = models.CharField(_("thread"), max_length=20, db_index=True)
    direction = models.CharField(_("direction"), max_length=20, blank=True)

    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, related_name="+")
    is_own_blob = models.BooleanField(
        default=False, help_text="Made for the storage alone, and not kept once it is there."
    )
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField(_("size"))
    replaces = models.CharField(
        max_length=60, blank=True, help_text="The key of the older one that it takes the place of."
    )

    target = models.ForeignKey(
        StorageTarget,
        on_delete=models.PROTECT,
        null=True,
        related_name="objects_there",
        verbose_name=_("storage place"),
    )
    path = models.CharField(_("path"), max_length=1000, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.PLANNED
    )
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    not_before = models.DateTimeField(_("next try"), default=timezone.now)
    error = models.TextField(_("error"), blank=True)
    error_code = models.CharField(max_length=20, blank=True)
    holder = models.CharField(max_length=32, blank=True)
    held_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("planned"), default=timezone.now)
    stored_at = models.DateTimeField(_("stored"), null=True)

    objects = StoredObjectQuerySet.as_manager()

    class Meta:
        verbose_name = _("stored object")
        verbose_name_plural = _("stored objects")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "key"], name="one_object_per_matter"),
            models.UniqueConstraint(fields=["target", "path"], name="one_object_per_path"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["target", "not_before"],
                condition=Q(status__in=["planned", "leaving"]),
                name="object_open_by_target",
            ),
            models.Index(fields=["id"], condition=Q(status="failed"), name="object_failed"),
        ]

    def __str__(self) -> str:
        return self.path or self.name

    def variables(self, ticket: str = "") -> dict[str, Any]:
        """By name, as templates write them."""
        return {
            "DATE": self.day.isoformat(),
            "YEAR": f"{self.day.year:04}",
            "MONTH": f"{self.day.month:02}",
            "QUEUE": self.queue,
            "SESSION_ID": self.session,
            "THREAD_ID": self.thread_key,
            "DIRECTION": self.direction,
            "TICKET_ID": ticket,
        }


# What the worker has still to do something about.
OPEN = (StoredObject.Status.PLANNED, StoredObject.Status.LEAVING)

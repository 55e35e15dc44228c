"""Files and their verdicts, and the limits an administrator sets."""

from __future__ import annotations

from typing import ClassVar, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core import sight
from apps.core.models import Blob, User


class Verdict(models.TextChoices):
    WAITING = "waiting", _("waiting for scan")
    CLEAN = "clean", _("clean")
    REFUSED = "refused", _("refused")
    INFECTED = "infected", _("infected")
    WITHHELD = "withheld", _("withheld")


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, user: User) -> AttachmentQuerySet:
        """Files of the messages that USER sees, and what he has in a form that is not sent yet;
        nobody else sees those."""
        if user.sees_everything:
            return self.exclude(sight.seen("files of others' forms", "pk", user))
        return self.filter(sight.seen("files", "pk", user) | sight.seen("own forms", "pk", user))


class Attachment(models.Model):
    """One file; its bytes may leave this table's blob only when the verdict is clean."""

    name = models.CharField(_("name"), max_length=255)
    names = models.JSONField(default=list)
    declared_type = models.CharField(_("declared type"), max_length=255, blank=True)
    detected_type = models.CharField(_("type"), max_length=255, blank=True)
    size = models.BigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64, db_index=True)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(
        _("verdict"), max_length=10, choices=Verdict.choices, default=Verdict.WAITING
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    engine = models.CharField(_("engine"), max_length=100, blank=True)
    signature_version = models.CharField(_("signatures"), max_length=40, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    claim = models.CharField(max_length=32, blank=True)
    next_try_at = models.DateTimeField(null=True)  # also the end of a claim
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=Q(verdict="waiting"), name="attachment_waiting"),
            # What the second look asks of each row, so that it reads rows only to scan them.
            models.Index(
                fields=["-decided_at", "signature_version"],
                condition=Q(verdict="clean"),
                name="attachment_clean_lately",
            ),
        ]

    def __str__(self) -> str:
        return f"attachment {self.pk}"


class VerdictChangeQuerySet(models.QuerySet["VerdictChange"]):
    def visible_to(self, user: User) -> VerdictChangeQuerySet:
        return self.filter(attachment__in=Attachment.objects.visible_to(user))


class VerdictChange(models.Model):
    """A final verdict that became another one: a file was released, or found infected later."""

    attachment = models.ForeignKey(
        Attachment, on_delete=models.CASCADE, related_name="changes", verbose_name=_("attachment")
    )
    before = models.CharField(_("before"), max_length=10, choices=Verdict.choices)
    before_reason = models.CharField(max_length=200, blank=True)
    after = models.CharField(_("after"), max_length=10, choices=Verdict.choices)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    engine = models.CharField(_("engine"), max_length=100, blank=True)
    signature_version = models.CharField(_("signatures"), max_length=40, blank=True)
    since = models.DateTimeField(
        _("since"), null=True, help_text=_("When the verdict before was given.")
    )
    by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), default=timezone.now)

    objects = VerdictChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("changed verdict")
        verbose_name_plural = _("changed verdicts")
        indexes: ClassVar = [models.Index(fields=["after", "at"], name="verdict_change_after")]

    def __str__(self) -> str:
        return f"changed verdict {self.pk}"


class Preview(models.Model):
    """One page of a file, drawn anew by us; or the reason why it cannot be drawn.

    By content rather than by file: the logo below a thousand mails is drawn once. Who may see it
    is asked of the attachment, each time.
    """

    sha256 = models.CharField(max_length=64)
    page = models.PositiveIntegerField()
    longest = models.PositiveSmallIntegerField()
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, related_name="+")
    content_type = models.CharField(max_length=40, blank=True)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    pages = models.PositiveIntegerField(default=0)
    code = models.CharField(max_length=40, blank=True)  # of NotDrawn
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["sha256", "page", "longest"], name="one_preview_per_page_and_size"
            )
        ]

    def __str__(self) -> str:
        return f"preview {self.pk}"


class AttachmentSettings(models.Model):
    """One row: Settings > Email > Attachments."""

    max_files = models.PositiveIntegerField(
        _("files per mail"),
        default=10,
        validators=[MaxValueValidator(1000)],
        help_text=_("How many files an agent may attach to one mail. 0 allows none."),
    )
    max_inline = models.PositiveIntegerField(
        _("inline images per mail"),
        default=10,
        validators=[MaxValueValidator(1000)],
        help_text=_("Images inside the text, counted apart from the files."),
    )
    max_total_mb = models.PositiveIntegerField(
        _("megabytes per mail"),
        default=25,
        validators=[MinValueValidator(1), MaxValueValidator(500)],
        help_text=_("All files of one mail together. Many servers refuse more than 25."),
    )
    scan_limit_mb = models.PositiveIntegerField(
        _("scan up to (MB)"),
        default=50,
        validators=[MinValueValidator(1), MaxValueValidator(2000)],
        help_text=_("Larger files are withheld: the scanner would not read them whole."),
    )
    rescan_days = models.PositiveIntegerField(
        _("scan again for (days)"),
        default=7,
        validators=[MaxValueValidator(365)],
        help_text=_(
            "Clean files of the last days are scanned again when new signatures arrive. 0: never."
        ),
    )
    also_block = models.JSONField(
        _("also block"),
        default=list,
        blank=True,
        help_text=_("File extensions that you refuse beside the ones that are always refused."),
    )

    class Meta:
        verbose_name = _("attachment limits")
        verbose_name_plural = _("attachment limits")

    def __str__(self) -> str:
        return str(_("Attachment limits"))

    @classmethod
    def load(cls) -> Self:
        return cls.objects.get_or_create(pk=1)[0]

"""How far the folders of an account have been read."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from apps.channels.models.accounts import EmailAccount


class FolderCursor(models.Model):
    """How far one folder of an account has been read, under one UIDVALIDITY."""

    account = models.ForeignKey(EmailAccount, on_delete=models.CASCADE, related_name="cursors")
    folder = models.CharField(max_length=255)
    uidvalidity = models.BigIntegerField()
    first_uid = models.BigIntegerField(
        help_text="Mail below it was there before the start: left alone unless it is wanted."
    )
    noted_uid = models.BigIntegerField(
        default=0, help_text="Old mail up to here has its rows in the ledger."
    )
    last_uid = models.BigIntegerField()
    pending_uids = models.JSONField(default=list, help_text="Mail below last_uid that is wanted.")
    held_back = models.JSONField(
        default=dict, help_text="Pending UIDs that failed: [tries, time of the next try]."
    )
    old_until = models.DateTimeField(
        null=True, help_text="The server's time of the newest mail from before the start."
    )
    old_sizes = models.JSONField(default=list, help_text="Sizes of the mails of that second.")
    highest_modseq = models.BigIntegerField(
        default=0, help_text="HIGHESTMODSEQ (RFC 7162) when all was read; 0: not offered."
    )
    seen_uidnext = models.BigIntegerField(
        default=0, help_text="UIDNEXT when all was read; 0: not said, or not all was."
    )
    to_delete = models.JSONField(
        default=dict,
        help_text="POP3: UIDLs (with their sizes) of stored mails that the server may still have.",
    )
    seen_exists = models.BigIntegerField(default=0, help_text="How many mails there were then.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "folder"], name="one_cursor_per_folder")
        ]

    def __str__(self) -> str:
        return f"cursor {self.pk}"

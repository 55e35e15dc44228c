"""Deleting a conversation for good: its mails, files, drafts, documents, and their bytes.

Its rows in the ledger stay as tombstones, with the fingerprint of the bytes and without the bytes:
whatever the mail server shows again, under the same number or a new one, stays deleted. The CRM
hears nothing more of it and keeps what it was told; the storage gives its copies back. Who answers
such a mail opens a new conversation.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from apps.attachments.models import Attachment, Preview
from apps.channels.models import InboundEmail
from apps.core import blobs
from apps.core.db.locks import lock_all_until_commit
from apps.core.errors import Conflict, Forbidden
from apps.core.models import Role, User
from apps.crm import updates
from apps.storage import outbox
from apps.tickets import sessions
from apps.tickets.models import Message, Session, Thread, ThreadDeletion, ThreadPdf

log = logging.getLogger(__name__)


def delete_thread(thread: Thread, *, by: User) -> ThreadDeletion:
    """By an administrator; answers the receipt.

    Raises Forbidden, and Conflict `being-sent` while a mail of it is on the line.
    """
    if not by.has_role(Role.ADMINISTRATOR):
        raise Forbidden("administrator-required", _("Only an administrator deletes conversations."))
    with transaction.atomic():
        whole = _locked(thread)
        _nothing_leaves_or_refuse(whole)
        receipt = ThreadDeletion(thread_key=thread.key, by=by, messages=whole.messages.count())
        _delete(whole, receipt)
        receipt.save()
    log.info("conversation deleted", extra={"receipt": receipt.pk, "user": by.pk})
    return receipt


@dataclass(frozen=True, slots=True)
class _Whole:
    """The thread and those that were merged into it, whose old answers lead here."""

    threads: Sequence[Thread]

    @property
    def keys(self) -> list[str]:
        return [thread.key for thread in self.threads]

    @property
    def messages(self) -> QuerySet[Message]:
        return Message.objects.filter(thread__in=self.threads)

    @property
    def mails(self) -> QuerySet[InboundEmail]:
        """With the same bytes that came again."""
        own = self.messages.filter(inbound__isnull=False).values("inbound")
        return InboundEmail.objects.filter(Q(pk__in=own) | Q(duplicate_of__in=own))

    @property
    def files(self) -> QuerySet[Attachment]:
        mine = Q(carrier__message__thread__in=self.threads)
        return Attachment.objects.filter(mine | Q(staged__session__thread__in=self.threads))


def _locked(thread: Thread) -> _Whole:
    """No mail is taken into it meanwhile."""
    whole = _Whole(list(Thread.objects.filter(Q(pk=thread.pk) | Q(merged_into=thread))))
    accounts = set(whole.mails.values_list("account", flat=True))
    for one in whole.threads:
        accounts |= set(one.mailboxes.values_list("account", flat=True))
    lock_all_until_commit(f"take-in:{account}" for account in accounts)
    sessions.lock(Session.objects.filter(thread__in=whole.threads).values_list("pk", flat=True))
    return whole


def _nothing_leaves_or_refuse(whole: _Whole) -> None:
    if whole.messages.filter(status=Message.Status.SENDING).exists():
        sentence = _("A mail of this conversation is just being sent; try again in a minute.")
        raise Conflict("being-sent", sentence)


def _delete(whole: _Whole, receipt: ThreadDeletion) -> None:
    """First what knows of them, then the rows, then the bytes that nothing points at any more."""
    mails = dict(whole.mails.values_list("pk", "raw"))
    files = dict(whole.files.values_list("pk", "blob"))
    digests = set(whole.files.values_list("sha256", flat=True))
    pdfs = ThreadPdf.objects.filter(thread__in=whole.threads).values_list("blob", flat=True)
    bytes_of = {*mails.values(), *files.values(), *pdfs}
    receipt.sources, receipt.files = len(set(mails.values()) - {None}), len(files)
    receipt.updates, told = updates.forget(whole.keys)
    bytes_of |= {*told, *outbox.forget(whole.keys)}
    _delete_rows(whole, list(files))
    _bury(list(mails))
    for blob in {*bytes_of, *_previews(digests)} - {None}:
        blobs.discard(blob)


def _delete_rows(whole: _Whole, files: Sequence[int]) -> None:
    for session in Session.objects.filter(thread__in=whole.threads):
        sessions.leave_queue(session)
    Attachment.objects.filter(pk__in=files).delete()
    for thread in whole.threads:
        thread.delete()


def _bury(mails: Sequence[int]) -> None:
    """Outcome and fingerprint stay, so that the same mail is known again; who wrote what does
    not."""
    InboundEmail.objects.filter(pk__in=mails).update(
        raw=None,
        code=InboundEmail.DELETED,
        reason=_("Its conversation was deleted; it stays deleted if the server shows it again."),
        sender="",
        subject="",
    )


def _previews(digests: Collection[str]) -> list[int]:
    """Pictures of files that nobody else has; by content, so they may be others' too."""
    kept = set(Attachment.objects.filter(sha256__in=digests).values_list("sha256", flat=True))
    rows = Preview.objects.filter(sha256__in=set(digests) - kept)
    drawn = [pk for pk in rows.values_list("blob", flat=True) if pk is not None]
    rows.delete()
    return drawn

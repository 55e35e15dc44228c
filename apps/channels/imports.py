"""The story of bringing in old mail since a date: asked for, brought in by pieces, ended.

The rows *before-start* are the queue: a piece is fetched, its rows become *received* in one
transaction, and whatever a crash interrupts is simply still there. Nothing automatic answers such
mail, and nothing changes on the server. New mail goes first: a piece is only fetched while hardly
anything of the account waits to be taken in, on a connection of its own, one import at a time.
"""

import logging
from collections.abc import Sequence
from datetime import date, datetime, time

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest, Now
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.channels.fetch import signed_in
from apps.channels.models import (
    ChannelSettings,
    EmailAccount,
    FolderCursor,
    InboundEmail,
    MailImport,
)
from apps.channels.receive import Arrival, note_huge, receive
from apps.channels.signals import import_asked
from apps.channels.transports.errors import Refused, TransportError
from apps.channels.transports.imap import Batch, ImapInbox
from apps.core.announce import announce
from apps.core.errors import Conflict, Problem
from apps.core.faults import crashpoint
from apps.core.leases import Hold, held
from apps.core.models import User
from apps.core.zones import zone_named

log = logging.getLogger(__name__)

PIECE = 50  # mails; 16 MB are the inbox's own limit
PIECES = 20  # in one go: a worker is wanted for other things too
WAITING = 100  # mails of the account that may wait to be taken in
MAX_TRIES = 3
LEASE = 120  # seconds, for each piece; two that bring in the same piece double nothing

State, Status = MailImport.State, InboundEmail.Status
LIVING = (State.WAITING, State.RUNNING)


# ---- asked for ------------------------------------------------------------------------


def ask(account: EmailAccount, since: date, *, by: User) -> MailImport:
    """Raises Conflict `import-runs` while another one of the account is not done."""
    try:
        with transaction.atomic():
            wanted = count(account, since)
            job = MailImport.objects.create(
                account=account, since=since, wanted=wanted, asked_by=by
            )
            announce(import_asked)
    except IntegrityError:
        sentence = _("account: Old mail of this account is being brought in already.")
        raise Conflict("import-runs", sentence) from None
    log.info("import asked", extra={"account": account.pk, "user": by.pk, "mails": wanted})
    return job


def stop(job: MailImport, *, by: User) -> None:
    """What is here stays here. Raises Conflict `import-ended`."""
    living = MailImport.objects.filter(pk=job.pk, state__in=LIVING)
    if not living.update(state=State.STOPPED, ended_at=Now()):
        raise Conflict("import-ended", _("This import has ended already."))
    log.info("import stopped", extra={"import": job.pk, "user": by.pk})


def count(account: EmailAccount, since: date) -> int:
    """How many mails would come."""
    return _queue(account, since).count()


def all_noted(account: EmailAccount) -> bool:
    """Whether every old mail has its row, so that `count` is the whole truth."""
    cursors = FolderCursor.objects.filter(account=account, folder__in=account.watched_folders)
    noted = {cursor.folder for cursor in cursors if is_noted(cursor)}
    return noted >= set(account.watched_folders)


def is_noted(cursor: FolderCursor) -> bool:
    return cursor.noted_uid >= cursor.first_uid - 1


def _queue(account: EmailAccount, since: date) -> QuerySet[InboundEmail]:
    """Of all folders, under the numbers that they have now."""
    there = FolderCursor.objects.filter(account=account, folder__in=account.watched_folders)
    rows = InboundEmail.objects.none()
    for cursor in there:
        rows |= _of_folder(cursor, since)
    return rows


def _of_folder(cursor: FolderCursor, since: date) -> QuerySet[InboundEmail]:
    return InboundEmail.objects.filter(
        account=cursor.account_id,
        status=Status.BEFORE_START,
        server_date__gte=_midnight(since),
        folder=cursor.folder,
        uidvalidity=cursor.uidvalidity,
        gone_at=None,
        tries__lt=MAX_TRIES,
    )


def _midnight(day: date) -> datetime:
    zone = zone_named(ChannelSettings.load().time_zone) or timezone.get_default_timezone()
    return datetime.combine(day, time(), zone)


# ---- brought in -----------------------------------------------------------------------


def bring_in() -> bool:
    """Some pieces of what can be done; True: there is more to do in a moment."""
    with held("old-mail", seconds=LEASE) as hold:
        # The oldest, but before those in trouble. One at a time: none takes all the workers.
        job = _living().order_by("sentence", "pk").first() if hold else None
        if hold is None or job is None:
            return False
        try:
            with signed_in(job.account, ImapInbox) as inbox:
                return _bring_in(job, inbox, hold)
        except (TransportError, Problem) as error:
            _say(job, error.sentence)
            return False


def _living() -> QuerySet[MailImport]:
    """Whose account can be read now."""
    jobs = MailImport.objects.filter(state__in=LIVING).select_related("account")
    if not ChannelSettings.load().enabled:
        return jobs.none()
    imap = EmailAccount.Receive.IMAP
    return jobs.filter(account__enabled=True, account__receive_kind=imap, account__failures=0)


def _bring_in(job: MailImport, inbox: ImapInbox, hold: Hold) -> bool:
    _begin(job)
    pieces, complete = PIECES, True
    for name in job.account.watched_folders:
        cursor = _cursor_of(job, inbox, name)
        complete = complete and cursor is not None
        while cursor and (uids := _next(job, cursor)):
            if not (hold.renew() and _living().filter(pk=job.pk).exists()):
                return False
            if not pieces or _many_wait(job.account):
                return True
            pieces -= 1
            for batch in inbox.new_messages(uids):
                _take(job, cursor, inbox, batch)
    if complete:
        _end(job)
    return False


def _begin(job: MailImport) -> None:
    """What a crash kept from being counted is counted now."""
    left = count(job.account, job.since)
    living = MailImport.objects.filter(pk=job.pk, state__in=LIVING)
    living.update(
        state=State.RUNNING,
        sentence="",
        wanted=Greatest(F("wanted"), F("done") + left),
        done=Greatest(F("wanted"), F("done") + left) - left,
    )


def _cursor_of(job: MailImport, inbox: ImapInbox, name: str) -> FolderCursor | None:
    """None: the folder was not read yet, or its numbers are new; the fetch comes first."""
    cursor = FolderCursor.objects.filter(account=job.account, folder=name).first()
    try:
        folder = inbox.select(name, writable=False)
    except Refused as refused:
        _say(job, refused.sentence)
        return None
    if cursor and cursor.uidvalidity == folder.uidvalidity and is_noted(cursor):
        return cursor
    _say(job, _("The next fetch looks through the folders first; then it goes on by itself."))
    return None


def _next(job: MailImport, cursor: FolderCursor) -> list[int]:
    """The oldest first."""
    rows = _of_folder(cursor, job.since).order_by("server_date", "uid")[:PIECE]
    return [uid for uid in rows.values_list("uid", flat=True) if uid is not None]


def _many_wait(account: EmailAccount) -> bool:
    received = InboundEmail.objects.filter(account=account, status=Status.RECEIVED)
    return received[: WAITING + 1].count() >= WAITING


def _take(job: MailImport, cursor: FolderCursor, inbox: ImapInbox, batch: Batch) -> None:
    account, folder, number = job.account, cursor.folder, cursor.uidvalidity
    rows = receive(
        [Arrival(raw, uid, old=True) for uid, raw in batch.mails],
        source=InboundEmail.Source.FETCH,
        account=account,
        folder=folder,
        uidvalidity=number,
    )
    crashpoint("fetch.after_commit")
    rows += note_huge(batch.huge, account=account, folder=folder, uidvalidity=number)
    MailImport.objects.filter(pk=job.pk).update(done=F("done") + len(rows))
    _pass_over(job, cursor, inbox, sorted(batch.missing))


def _pass_over(
    job: MailImport, cursor: FolderCursor, inbox: ImapInbox, uids: Sequence[int]
) -> None:
    """Those that are gone from the server are not wanted any more; the others are tried again."""
    if not uids:
        return
    there = inbox.existing(uids)
    rows = _of_folder(cursor, job.since).filter(uid__in=uids)
    gone = rows.exclude(uid__in=there).update(gone_at=Now())
    given_up = rows.filter(tries=MAX_TRIES - 1).count()
    rows.update(tries=F("tries") + 1)
    MailImport.objects.filter(pk=job.pk).update(wanted=F("wanted") - gone - given_up)


def _end(job: MailImport) -> None:
    refused = _refused(job)
    words = ngettext(
        "%(count)s mail is not handed over by the server.",
        "%(count)s mails are not handed over by the server.",
        refused,
    )
    MailImport.objects.filter(pk=job.pk, state=State.RUNNING).update(
        state=State.DONE, ended_at=Now(), sentence=words % {"count": refused} if refused else ""
    )
    log.info("import ended", extra={"import": job.pk, "refused": refused})


def _refused(job: MailImport) -> int:
    rows = InboundEmail.objects.filter(account=job.account, status=Status.BEFORE_START)
    rows = rows.filter(server_date__gte=_midnight(job.since), gone_at=None)
    return rows.filter(tries__gte=MAX_TRIES).count()


def _say(job: MailImport, sentence: str) -> None:
    log.warning("import waits", extra={"import": job.pk})
    MailImport.objects.filter(pk=job.pk, state__in=LIVING).update(sentence=sentence)

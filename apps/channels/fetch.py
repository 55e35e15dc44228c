"""Fetching one account: its folders, or its maildrop, and what is said of it afterwards."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.channels import fetch_threads, junk
from apps.channels.folders import FolderReader
from apps.channels.forecast import ask_quota, note_certificate
from apps.channels.lane import Lane
from apps.channels.maildrop import MaildropReader
from apps.channels.models import ChannelSettings, EmailAccount
from apps.channels.oauth.tokens import granted_to, with_token
from apps.channels.transports.errors import Refused, TransportError
from apps.channels.transports.imap import ImapInbox
from apps.channels.transports.login import Login
from apps.channels.transports.pop3 import Pop3Inbox
from apps.core.errors import Problem
from apps.core.leases import Hold, expired, held, in_seconds
from apps.core.secrets import unseal

log = logging.getLogger(__name__)

LEASE = 30  # seconds; short, so that a killed worker blocks nobody for long
RENEW_EVERY = 5
FIRST_PAUSE, LONGEST_PAUSE = 30, 900
LOOK_AGAIN = 5  # seconds after somebody else was found fetching

Session = TypeVar("Session")
Reader = FolderReader | MaildropReader
Status = EmailAccount.Status


class _Stopped(Exception):
    """Switched off, or the lease is gone, or the process ends; nothing is lost."""


def due_accounts() -> list[int]:
    """Claims the accounts whose time has come, each for one interval; two beats take turns."""
    if not ChannelSettings.load().enabled:
        return []
    receiving = EmailAccount.objects.fetching().filter(enabled=True)
    return [
        account.pk
        for account in receiving.filter(expired("next_fetch_at"))
        if EmailAccount.objects.filter(pk=account.pk, next_fetch_at=account.next_fetch_at).update(
            next_fetch_at=in_seconds(account.every_seconds)
        )
    ]


def fetch(account: EmailAccount) -> int:
    """Everything new in every watched folder; answers how many rows the ledger gained."""
    if not _may_fetch(account):
        return 0
    with held(f"fetch:{account.pk}", seconds=LEASE) as hold:
        if hold is not None:
            return _fetch_and_say(account, hold)
    # Whoever fetches may have looked before the mail came that we were called for.
    _note(account, next_fetch_at=in_seconds(LOOK_AGAIN))
    return 0


def login_of(account: EmailAccount, token: str = "") -> Login:
    """By password, or by the TOKEN of OAuth; see `signed_in`."""
    return Login(
        host=account.receive_host,
        port=account.receive_port,
        tls=account.receive_tls,
        user=account.receive_user,
        password="" if token else unseal(account.receive_password),
        ca_file=account.receive_ca_file,
        token=token,
        granted_to=granted_to(account) if token else "",
    )


def signed_in(account: EmailAccount, session: Callable[[Login], Session]) -> Session:
    """By whichever way the account signs in. Not inside a transaction."""
    return with_token(account, lambda token: session(login_of(account, token)))


def _may_fetch(account: EmailAccount) -> bool:
    wanted = EmailAccount.objects.fetching().filter(pk=account.pk, enabled=True)
    return ChannelSettings.load().enabled and wanted.exists()


def _fetch_and_say(account: EmailAccount, hold: Hold) -> int:
    readers: list[Reader] = []
    try:
        _read(account, _Tick(account, hold), readers)
    except (TransportError, Problem) as error:
        note_failure(account, error.code, error.sentence)
    except _Stopped:
        log.info("fetching was stopped", extra={"account": account.pk})
    else:
        _note_success(account, [reader.trouble for reader in readers if reader.trouble])
    return sum(reader.gained for reader in readers)


def _read(account: EmailAccount, tick: "_Tick", readers: list[Reader]) -> None:
    lane = Lane(tick)
    inbox = None
    try:
        inbox = _opened(account, lane)
        note_certificate(account, "receive", inbox.certificate_until)
        if isinstance(inbox, Pop3Inbox):
            readers.append(MaildropReader(lane, inbox, account))
            readers[0].read(account.watched_folders[0])
        else:
            _read_folders(lane, inbox, account, readers)
        lane.call(inbox.close)
    finally:
        if inbox:
            inbox.cut()  # whatever the lane still reads ends here
        lane.end()


def _opened(account: EmailAccount, lane: Lane) -> ImapInbox | Pop3Inbox:
    if account.receive_kind == EmailAccount.Receive.POP3:
        return signed_in(account, lambda login: lane.call(Pop3Inbox, login))
    return signed_in(account, lambda login: lane.call(ImapInbox, login))


def _read_folders(
    lane: Lane,
    inbox: ImapInbox,
    account: EmailAccount,
    readers: list[Reader],
) -> None:
    no_junk = junk.note(account, lane.call(inbox.junk_folders)) if junk.is_sought(account) else None
    by_name = {name: FolderReader(lane, inbox, account) for name in account.watched_folders}
    readers += by_name.values()
    missing = [name for name, reader in by_name.items() if _missing(reader, name)]
    if account.junk_found in missing:
        junk.forget(account)
    ask_quota(lane, inbox, account)
    if len(missing) == len(by_name) and readers[0].trouble:
        raise readers[0].trouble
    readers[0].trouble = readers[0].trouble or no_junk


def _missing(reader: FolderReader, name: str) -> bool:
    """Reads a folder; one that is missing does not stop the other ones."""
    try:
        reader.read(name)
    except Refused as refused:
        if refused.code != "folder-missing":
            raise
        reader.trouble = refused
        return True
    return False


class _Tick:
    """Called all the time by whoever waits: keeps the lease, and notices the switch."""

    def __init__(self, account: EmailAccount, hold: Hold) -> None:
        self._account = account
        self._hold = hold
        self._next = time.monotonic() + RENEW_EVERY

    def __call__(self) -> None:
        if fetch_threads.stopping.is_set():
            raise _Stopped
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + RENEW_EVERY
        if not (self._hold.renew() and _may_fetch(self._account)):
            raise _Stopped


# ---- what is said of it ---------------------------------------------------------------


def note_failure(account: EmailAccount, code: str, sentence: str) -> None:
    """Others go on; this one is tried again after a pause that doubles up to 15 minutes."""
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(account.failures, 10))
    log.warning("fetch failed", extra={"account": account.pk, "code": code, "pause": pause})
    _note(
        account,
        status=Status.THROTTLED if code == "throttled" else Status.FAILING,
        status_code=code,
        status_sentence=sentence,
        failures=F("failures") + 1,
        next_fetch_at=in_seconds(pause),
    )


def note_surprise(account: EmailAccount) -> None:
    """An error that nobody foresaw; the log has it."""
    sentence = _("Fetching ended with an unexpected error; the log names it. It is tried again.")
    note_failure(account, "internal", sentence)


def _note_success(account: EmailAccount, troubles: list[TransportError]) -> None:
    """Mail is here; what else went wrong is shown, and makes nothing slower."""
    first = troubles[0] if troubles else None
    _note(
        account,
        status=Status.FAILING if first else Status.OK,
        status_code=first.code if first else "",
        status_sentence=" ".join(dict.fromkeys(one.sentence for one in troubles)),
        failures=0,
        last_fetched_at=Now(),
    )


def _note(account: EmailAccount, **fields: object) -> None:
    EmailAccount.objects.filter(pk=account.pk).update(**fields)

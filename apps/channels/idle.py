"""IDLE: servers tell us of new mail at once. It makes fetching faster and never replaces it."""

import logging
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, close_old_connections, connection

from apps.channels.fetch import login_of
from apps.channels.models import ChannelSettings, EmailAccount
from apps.channels.signals import account_has_news
from apps.channels.transports.errors import TransportError
from apps.channels.transports.imap import ImapInbox
from apps.core.announce import announce
from apps.core.leases import held

log = logging.getLogger(__name__)

LOOK_EVERY = 5  # seconds between two looks at the accounts
LEASE = 30
RENEW_IDLE = 9 * 60  # servers hang up after 30 minutes, some routers after 10
FIRST_PAUSE, LONGEST_PAUSE = 5, 300


def watch_in_background() -> None:
    """For the one-machine mode, where IDLE rides in the worker."""
    threading.Thread(target=watch, name="idle", daemon=True).start()


def watch(stop: threading.Event | None = None) -> None:
    """Keeps one watcher per account that wants it; one process of the installation does this."""
    stop = stop or threading.Event()
    while not stop.wait(1):
        try:
            close_old_connections()
            with held("idle", seconds=LEASE) as hold:
                if hold is not None:
                    _Watchers().run(hold.renew, stop)
        except DatabaseError:
            log.warning("the database is away; watching goes on when it is back")
        stop.wait(LOOK_EVERY)


class _Watchers:
    """The running watchers, by what they were started with: a changed account gets a new one."""

    def __init__(self) -> None:
        self._running: dict[tuple[object, ...], _Watcher] = {}

    def run(self, renew: Callable[[], bool], stop: threading.Event) -> None:
        try:
            while not stop.is_set() and renew():
                self._follow(_accounts())
                stop.wait(LOOK_EVERY)
        finally:
            self._follow({})

    def _follow(self, wanted: dict[tuple[object, ...], EmailAccount]) -> None:
        for key in self._running.keys() - wanted.keys():
            self._running.pop(key).stop.set()
        for key in wanted.keys() - self._running.keys():
            self._running[key] = _Watcher(wanted[key])
            self._running[key].start()


def _accounts() -> dict[tuple[object, ...], EmailAccount]:
    if not ChannelSettings.load().enabled:
        return {}
    wanting = EmailAccount.objects.filter(
        enabled=True, idle=True, receive_kind=EmailAccount.Receive.IMAP
    )
    return {
        (account.pk, login_of(account), account.watched_folders[0]): account for account in wanting
    }


class _Watcher(threading.Thread):
    """One connection that waits in the first folder of one account; touches no database."""

    def __init__(self, account: EmailAccount) -> None:
        super().__init__(name=f"idle-{account.pk}", daemon=True)
        self.stop = threading.Event()
        self._account_id = account.pk
        self._login = login_of(account)
        self._folder = account.watched_folders[0]

    def run(self) -> None:
        pause = FIRST_PAUSE
        while not self.stop.is_set():
            started = time.monotonic()
            try:
                if not self._wait_in_folder():
                    return
            except TransportError as error:
                log.info("IDLE ended", extra={"account": self._account_id, "code": error.code})
            lived_long = time.monotonic() - started > LONGEST_PAUSE
            pause = FIRST_PAUSE if lived_long else min(LONGEST_PAUSE, pause * 2)
            self.stop.wait(pause)

    def _wait_in_folder(self) -> bool:
        """False: the server cannot IDLE, the schedule alone must do."""
        with ImapInbox(self._login) as inbox:
            if not inbox.can_idle:
                return False
            inbox.select(self._folder)
            self._tell()  # what came while nobody listened
            while not self.stop.is_set():
                if inbox.idle(RENEW_IDLE, stop=self.stop.is_set):
                    self._tell()
        return True

    def _tell(self) -> None:
        announce(account_has_news, account_id=self._account_id)
        connection.close()

"""IDLE: servers tell us of new mail at once. It makes fetching faster and never replaces it."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import Error as DatabaseAway
from django.db import close_old_connections, connection
from django.db.models.functions import Now

from apps.channels.fetch import login_of, signed_in
from apps.channels.models import ChannelSettings, EmailAccount
from apps.channels.signals import account_has_news
from apps.channels.transports.errors import TransportError
from apps.channels.transports.imap import ImapInbox
from apps.channels.transports.login import Login
from apps.core.announce import announce
from apps.core.errors import Problem
from apps.core.health import Sign
from apps.core.leases import held
from apps.core.models import Lease

log = logging.getLogger(__name__)

LOOK_EVERY = 5  # seconds between two looks at the accounts
LEASE = 30
RENEW_IDLE = 9 * 60  # servers hang up after 30 minutes, some routers after 10
FIRST_PAUSE, LONGEST_PAUSE = 5, 900
LONG_LIFE = 60  # a connection that lived so long was a good one
BREATH = 0.5  # between two tellings, so that a chatty server does not keep us running


@dataclass(frozen=True, slots=True)
class Place:
    """Where to wait: a change of any of it needs a new watcher."""

    account_id: int
    login: Login
    folder: str
    by_oauth: bool = False


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
                    Watchers().run(hold.renew, stop)
        except DatabaseAway:
            log.warning("the database is away; watching goes on when it is back")
        except Exception:  # the rim: nobody would start this thread anew
            log.exception("watching failed; it begins anew")
        stop.wait(LOOK_EVERY)
    connection.close()


class Watchers:
    """The running watchers, each by its place."""

    def __init__(self) -> None:
        self._running: dict[Place, _Watcher] = {}

    def run(self, renew: Callable[[], bool], stop: threading.Event) -> None:
        try:
            while not stop.is_set() and renew():
                self.follow(places())
                stop.wait(LOOK_EVERY)
        finally:
            self.follow(set())

    def follow(self, wanted: set[Place]) -> None:
        """Ends what is not wanted any more, starts what is new."""
        for place in self._running.keys() - wanted:
            self._running.pop(place).stop.set()
        for place in wanted - self._running.keys():
            self._running[place] = _Watcher(place)
            self._running[place].start()


def last_sign() -> Sign | None:
    """When the process that watches last renewed its lease; None: none ever ran."""
    leases = Lease.objects.filter(name="idle").values_list("holder", "until", Now())
    for holder, until, now in leases:
        return Sign.of(until - timedelta(seconds=LEASE) if holder else until, now)
    return None


def places() -> set[Place]:
    if not ChannelSettings.load().enabled:
        return set()
    wanting = EmailAccount.objects.filter(
        enabled=True, idle=True, receive_kind=EmailAccount.Receive.IMAP
    )
    return {place for account in wanting if (place := _place(account))}


def _place(account: EmailAccount) -> Place | None:
    try:
        by_oauth = account.sign_in == EmailAccount.SignIn.OAUTH
        return Place(account.pk, login_of(account), account.watched_folders[0], by_oauth)
    except Problem:
        return None  # its password cannot be read: the next fetch says so


class _Watcher(threading.Thread):
    """One connection that waits in the first folder of one account."""

    def __init__(self, place: Place) -> None:
        super().__init__(name=f"idle-{place.account_id}", daemon=True)
        self.stop = threading.Event()
        self._place = place

    def run(self) -> None:
        pause = FIRST_PAUSE
        while not self.stop.is_set():
            started = time.monotonic()
            again = self._watch_once()
            lived_long = time.monotonic() - started > LONG_LIFE
            pause = FIRST_PAUSE if lived_long else min(LONGEST_PAUSE, pause * 2)
            self.stop.wait(pause if again else LONGEST_PAUSE)

    def _watch_once(self) -> bool:
        """False: trying again soon does not help."""
        try:
            return self._wait_in_folder()
        except TransportError as error:
            facts = {"account": self._place.account_id, "code": error.code}
            log.info("IDLE ended", extra=facts)
            return error.again and error.code != "throttled"
        except Exception:  # the rim: a watcher that died would never be missed
            log.exception("IDLE failed", extra={"account": self._place.account_id})
            return False

    def _wait_in_folder(self) -> bool:
        """False: the server cannot IDLE, the schedule alone must do."""
        with self._signed_in() as inbox:
            if not inbox.can_idle:
                return False
            inbox.select(self._place.folder, writable=False)
            self._tell()  # what came while nobody listened
            while not self.stop.is_set():
                if inbox.idle(RENEW_IDLE, stop=self.stop.is_set):
                    self._tell()
                    self.stop.wait(BREATH)
        return True

    def _signed_in(self) -> ImapInbox:
        """A token is read from its row; no connection to the database is kept for it."""
        if not self._place.by_oauth:
            return ImapInbox(self._place.login)
        try:
            account = EmailAccount.objects.get(pk=self._place.account_id)
            return signed_in(account, ImapInbox)
        finally:
            connection.close()

    def _tell(self) -> None:
        """Wakes the fetch; the connection to the database that a listener used is given back."""
        if not self.stop.is_set():
            announce(account_has_news, account_id=self._place.account_id)
            connection.close()

"""Posts what is planned: once, in order per thread, on the connection that has the thread's ticket.

An entry that fails waits 30 s, doubled with each try, an hour at most. What the whole connection
is to blame for never uses up an entry's tries: it waits until the CRM is back, and the connection
pauses (breaker.py).
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter

from django.db import transaction
from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from apps.core.announce import announce
from apps.core.db.patience import DATABASE_AWAY
from apps.core.errors import Problem
from apps.core.faults import crashpoint
from apps.core.leases import in_seconds
from apps.core.sentences import gettext_noop as _
from apps.crm import breaker, connections, entries, links, lost, registry
from apps.crm.claims import Claim, claimed
from apps.crm.connectors.base import (
    Added,
    AnyConnector,
    BulkConnector,
    CrmError,
    Entry,
    TicketRef,
)
from apps.crm.connectors.once import add_entries, open_tickets
from apps.crm.connectors.web import SLOWEST
from apps.crm.models import CrmConnection, CrmSettings, TicketLink, TicketUpdate
from apps.crm.signals import updates_changed
from apps.crm.updates import OPEN

log = logging.getLogger(__name__)

THREADS_AT_ONCE, THREADS_AT_ONCE_HERE = 50, 200
ROWS_AT_ONCE = 500
LEASE = 45  # seconds, renewed before each round: four requests of ten seconds fit in
FIRST_WAIT, LONGEST_WAIT = 30, 3600
LONGEST_WAIT_FOR_CRM = 300  # the connection itself waits longer
MAX_TRIES = 40  # about a day and a half of hourly tries
TRIES_FOR_CRM = 5  # of them at most, until the wait no longer grows

Status = TicketUpdate.Status
Waiting = dict[str, list[TicketUpdate]]  # by thread, in order


def due(limit: int) -> list[str]:
    """Threads whose next entry may be posted now: the oldest, in the order of `_in_turn`; none of a
    paused connection."""
    heads = _heads()
    if paused := breaker.paused():
        heads = heads.exclude(_is_of(paused))
    found = heads.order_by("pk").values_list("not_before", "thread_key")[:limit]
    return [key for _moment, key in sorted(found, key=itemgetter(0))]


def _heads() -> QuerySet[TicketUpdate]:
    """The next entry of each thread, where it is due."""
    earlier = TicketUpdate.objects.filter(
        status__in=OPEN, thread_key=OuterRef("thread_key"), pk__lt=OuterRef("pk")
    )
    heads = TicketUpdate.objects.filter(~Exists(earlier), status=Status.PLANNED)
    return heads.filter(not_before__lte=Now())


def _is_of(connections: Sequence[int]) -> Q:
    linked = TicketLink.objects.filter(thread_key=OuterRef("thread_key"))
    theirs = Q(Exists(linked.filter(connection__in=connections)))
    if CrmSettings.load().connection_id in connections:
        theirs |= ~Q(Exists(linked))
    return theirs


def post_updates(thread_keys: Sequence[str]) -> None:
    """Posts what is due of these threads, one of `lots`; those that another worker has are left
    to it."""
    with claimed(thread_keys, seconds=LEASE) as claim:
        known = links.links_of(claim.keys)
        for connection, some in links.by_connection(claim.keys, known):
            if connection.paused_until is not None:
                some = _in_turn(some)
            if some and breaker.may_ask(connection):
                _visit(connection, claim, some, known)


def _in_turn(keys: Sequence[str]) -> list[str]:
    """Those that are due; who was tried last comes last. Or one mail that the CRM stumbles over
    would be its trial after each pause, and nobody else would ever be told."""
    heads = _heads().filter(thread_key__in=keys).order_by("not_before", "pk")
    return list(heads.values_list("thread_key", flat=True))


def lots(thread_keys: Sequence[str]) -> Iterator[Sequence[str]]:
    """A distant CRM takes its time, and several workers share the threads of a batch."""
    at_once = THREADS_AT_ONCE
    if len(thread_keys) > at_once and not connections.are_distant():
        at_once = THREADS_AT_ONCE_HERE
    return (thread_keys[start : start + at_once] for start in range(0, len(thread_keys), at_once))


def _visit(
    connection: CrmConnection,
    claim: Claim,
    keys: Sequence[str],
    known: Mapping[str, TicketLink],
) -> None:
    try:
        connector = registry.connector_of(connection)
    except Problem as error:  # a token that no key opens: the other connections go on
        breaker.note(connection, CrmError(error.sentence, code="auth"))
        return
    _Visit(connection, connector, claim, known).post(keys)


class _Visit:
    """One connection, asked for some threads until nothing is due or it has to rest."""

    def __init__(
        self,
        connection: CrmConnection,
        connector: AnyConnector,
        claim: Claim,
        known: Mapping[str, TicketLink],
    ) -> None:
        self._connection = connection
        self._connector = connector
        self._claim = claim
        self._known: Mapping[str, TicketLink] | None = known  # until the first round is over
        self._is_bulk = isinstance(connector, BulkConnector)
        self._is_over = False
        self._in_hand: Waiting = {}  # amid a round

    def post(self, keys: Sequence[str]) -> None:
        """A distant CRM is told one thing at a time, each recorded; ours takes all at once."""
        if self._is_bulk:
            self._until_done(keys, ROWS_AT_ONCE)
        else:
            for key in keys:
                self._post_one(key)

    def _post_one(self, key: str) -> None:
        """The rim of a worker: what nobody foresaw holds back its own thread, not the next ones."""
        try:
            self._until_done([key], 1)
        except DATABASE_AWAY:
            raise
        except Exception as error:
            log.exception("a thread's updates failed", extra={"crm": self._connection.kind})
            failed = CrmError(_("The connector failed: %(kind)s."), {"kind": type(error).__name__})
            _record(self._in_hand, dict.fromkeys(self._in_hand, Added(0, failed)), tried=0)
            self._in_hand = {}

    def _until_done(self, keys: Sequence[str], rows_at_once: int) -> None:
        while not self._is_over:
            self._claim.renew()
            waiting = _waiting([key for key in keys if key in self._claim.keys], rows_at_once)
            if longer := self._takes_longer(waiting):
                self._claim.renew(longer=longer)
                waiting = {key: rows for key, rows in waiting.items() if key in self._claim.keys}
            if not waiting:
                return
            self._round(waiting)

    def _takes_longer(self, waiting: Waiting) -> float:
        """Seconds for a file: it is looked for, goes up, is said, and an older one removed."""
        if self._is_bulk:
            return 0
        files = [row.blob.size for rows in waiting.values() for row in rows if row.blob]
        return LEASE + sum(files) / SLOWEST if files else 0

    def _round(self, waiting: Waiting) -> None:
        """1. count the try, so that a crash leaves a trace; 2. tickets; 3. entries; 4. record.

        Ours needs no trace, as it never looks for one: there the try is counted with the record.
        """
        self._in_hand = waiting
        if not self._is_bulk:
            pks = [row.pk for rows in waiting.values() for row in rows]
            TicketUpdate.objects.filter(pk__in=pks).update(tries=F("tries") + 1)
        known = self._links(waiting)
        tickets = self._tickets(waiting, known)
        added = self._add(waiting, known, tickets)
        self._note(added)
        settled = lost.settled(self._connection, self._connector, known, added, self._still_ours)
        _record(waiting, settled, tried=int(self._is_bulk))
        self._in_hand = {}

    def _still_ours(self) -> None:
        self._claim.keep()
        if not self._in_hand.keys() <= set(self._claim.keys):
            raise CrmError(_("Another worker has gone on with this ticket meanwhile."))

    def _links(self, waiting: Waiting) -> Mapping[str, TicketLink]:
        """Those that were read with the claim; in a later round they may have changed."""
        known, self._known = self._known, None
        return links.links_of(waiting) if known is None else known

    def _tickets(
        self, waiting: Waiting, known: Mapping[str, TicketLink]
    ) -> dict[str, TicketRef | CrmError]:
        """By thread key; a new ticket is linked before it hears anything."""
        found: dict[str, TicketRef | CrmError] = {
            key: TicketRef(link.ticket, link.url) for key, link in known.items() if key in waiting
        }
        missing = [key for key in waiting if key not in known]
        if missing:
            wanted = [
                entries.new_ticket(self._connection, self._connector, key, waiting[key][0])
                for key in missing
            ]
            made = dict(
                zip(missing, open_tickets(self._connector, wanted, self._still_ours), strict=True)
            )
            opened = {key: one for key, one in made.items() if isinstance(one, TicketRef)}
            links.remember(self._connection, opened)
            found |= made
        return found

    def _add(
        self,
        waiting: Waiting,
        known: Mapping[str, TicketLink],
        tickets: Mapping[str, TicketRef | CrmError],
    ) -> dict[str, Added]:
        added: dict[str, Added] = {}
        said: dict[str, list[Entry]] = {}
        for key, rows in waiting.items():
            ticket = tickets[key]
            if isinstance(ticket, CrmError):
                added[key] = Added(0, ticket)
            else:
                said[key] = entries.of(rows, ticket, known.get(key), self._connector)
        if said:
            done = add_entries(self._connector, list(said.values()), self._still_ours)
            added.update(zip(said, done, strict=True))
        return added

    def _note(self, added: Mapping[str, Added]) -> None:
        errors = [one.error for one in added.values() if one.error]
        of_connection = next((error for error in errors if error.is_of_connection), None)
        breaker.note(self._connection, of_connection)
        self._is_over = self._connection.paused_until is not None


def _waiting(keys: Sequence[str], rows_at_once: int) -> Waiting:
    """What is due from the head of each thread on; nothing behind an entry that must wait."""
    rows = (
        TicketUpdate.objects.filter(thread_key__in=keys, status__in=OPEN)
        .annotate(is_due=ExpressionWrapper(Q(not_before__lte=Now()), BooleanField()))
        .select_related("blob")
        .order_by("pk")[:rows_at_once]
    )
    waiting: Waiting = {}
    blocked: set[str] = set()
    for row in rows:
        if row.status != Status.PLANNED or not row.is_due:  # type: ignore[attr-defined]  # annotated
            blocked.add(row.thread_key)
        elif row.thread_key not in blocked:
            waiting.setdefault(row.thread_key, []).append(row)
    return waiting


def _record(waiting: Waiting, added: Mapping[str, Added], *, tried: int) -> None:
    with transaction.atomic():
        # First: floors above lock rows of theirs for it, and hold them already when they plan.
        announce(updates_changed, thread_keys=sorted(waiting))
        posted = [row.pk for key, rows in waiting.items() for row in rows[: added[key].done]]
        TicketUpdate.objects.filter(pk__in=posted).update(
            status=Status.POSTED, posted_at=Now(), error="", tries=F("tries") + tried
        )
        for key, rows in waiting.items():
            error = added[key].error
            if error:
                _keep_error(rows[added[key].done], error)
        crashpoint("post.before_commit")


def _keep_error(row: TicketUpdate, error: CrmError) -> None:
    tries = _tries(row, error)
    longest = LONGEST_WAIT_FOR_CRM if error.is_of_connection else LONGEST_WAIT
    wait = min(FIRST_WAIT * 2 ** min(tries - 1, 20), longest)
    out_of_tries = tries >= MAX_TRIES and not error.is_of_connection
    given_up = error.permanent or out_of_tries
    stays = Status.SKIPPED if error.code == "too-big" else Status.FAILED
    # What was left out meanwhile, by hand or as infected, stays left out.
    TicketUpdate.objects.filter(pk=row.pk, status__in=OPEN).update(
        status=stays if given_up else Status.PLANNED,
        tries=tries,
        error=breaker.words_of(error),
        not_before=in_seconds(max(wait, error.retry_after or 0)),
    )
    log.warning(
        "an update did not reach the CRM",
        extra={"update": row.pk, "tries": tries, "code": error.code, "given_up": given_up},
    )


def _tries(row: TicketUpdate, error: CrmError) -> int:
    """A long outage must not make the first trouble of the entry's own its last one."""
    if error.is_of_connection:
        return max(row.tries, min(row.tries + 1, TRIES_FOR_CRM))
    return row.tries + 1

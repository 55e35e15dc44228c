"""How far each CRM is behind and how it is doing, for health page, admin and console."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.health import Backlog
from apps.crm.models import CrmConnection, CrmSettings, TicketLink, TicketUpdate

Status = TicketUpdate.Status
MOST = 5_000  # entries that are looked at; more are "more than"


def _late() -> QuerySet[TicketUpdate]:
    """Without what was planned for later and is not due yet."""
    waiting = TicketUpdate.objects.filter(status=Status.PLANNED)
    return waiting.exclude(tries=0, not_before__gt=Now())


# ---- each connection --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lag:
    """What one CRM has yet to hear."""

    waiting: Backlog = field(default_factory=Backlog)
    failed: Backlog = field(default_factory=Backlog)


def lags() -> dict[int, Lag]:
    """By connection; two questions, however many wait."""
    present = CrmSettings.load().connection_id
    waiting = _by_connection(_late(), present)
    failed = _by_connection(TicketUpdate.objects.filter(status=Status.FAILED), present)
    return {
        pk: Lag(waiting.get(pk, Backlog()), failed.get(pk, Backlog()))
        for pk in {*waiting, *failed, present}
    }


def total(found: Iterable[Lag]) -> Lag:
    lags = list(found)
    return Lag(_sum(one.waiting for one in lags), _sum(one.failed for one in lags))


def _sum(some: Iterable[Backlog]) -> Backlog:
    backlogs = list(some)
    return Backlog(
        sum(one.count for one in backlogs),
        any(one.more for one in backlogs),
        min((one.oldest for one in backlogs if one.oldest), default=None),
    )


def _by_connection(rows: QuerySet[TicketUpdate], present: int) -> dict[int, Backlog]:
    """A thread without a ticket will get one at the present connection."""
    link = TicketLink.objects.filter(thread_key=OuterRef("thread_key"))
    told = rows.annotate(where=Subquery(link.values("connection")[:1])).order_by("pk")
    found = list(told.values_list("where", "created_at")[: MOST + 1])
    moments: defaultdict[int, list[datetime]] = defaultdict(list)
    for where, moment in found[:MOST]:
        moments[where or present].append(moment)
    more = len(found) > MOST
    return {pk: Backlog(len(some), more, min(some)) for pk, some in moments.items()}


def linked() -> dict[int, int]:
    """By connection: conversations that have their ticket there."""
    rows = TicketLink.objects.order_by().values_list("connection").annotate(n=Count("pk"))
    return dict(rows)


def connections_in_use(lag: Iterable[int]) -> list[CrmConnection]:
    """The present one first; another one as long as something waits for it."""
    used = Q(settings__isnull=False) | Q(pk__in=list(lag))
    rows = CrmConnection.objects.filter(used)
    return list(rows.order_by(F("settings").asc(nulls_last=True), "pk"))


# ---- in words ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """`state`: answers, unsure, rests or refused."""

    state: str
    words: str  # a few
    reason: str = ""  # a sentence, of what the CRM did or said last

    @property
    def tone(self) -> str:
        return {"answers": "ok", "new": "quiet", "refused": "danger"}.get(self.state, "warn")


def standing_of(connection: CrmConnection) -> Standing:
    if connection.is_builtin:
        return Standing("answers", _("works"))
    if connection.paused_until is not None:
        return _paused(connection)
    if connection.failures:
        words = ngettext("%(n)d failure in a row", "%(n)d failures in a row", connection.failures)
        return Standing("unsure", words % {"n": connection.failures}, connection.error)
    if connection.answered_at is None:
        return Standing("new", _("not asked yet"))
    return Standing("answers", _("answers"))


def worst() -> tuple[int, tuple[CrmConnection, Standing] | None]:
    """How many there are; and of those that have tickets or get them, the one that is worst off,
    None where all is well."""
    tickets = Exists(TicketLink.objects.filter(connection=OuterRef("pk")))
    used = Q(settings__isnull=False) | Q(tickets)
    rows: list[Any] = list(CrmConnection.objects.annotate(used=used))
    return len(rows), _worst([(one, standing_of(one)) for one in rows if one.used])


def _worst(found: list[tuple[CrmConnection, Standing]]) -> tuple[CrmConnection, Standing] | None:
    for state in ("refused", "rests", "unsure"):
        for one in found:
            if one[1].state == state:
                return one
    return None


def _paused(connection: CrmConnection) -> Standing:
    until = connection.paused_until
    assert until is not None
    over = until <= timezone.now()
    if connection.error_code == "auth":
        words = _("user refused") if over else _("user refused, asked again at %(time)s")
        return Standing("refused", words % {"time": clock(until)}, connection.error)
    words = _("is asked again now") if over else _("rests until %(time)s")
    return Standing("rests", words % {"time": clock(until)}, connection.error)


def clock(moment: datetime) -> str:
    """The hour today, with the day before it otherwise."""
    local = localtime(moment)
    if local.date() == localtime().date():
        return date_format(local, "H:i")
    return date_format(local, "j M, H:i")

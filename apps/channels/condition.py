"""How fetching goes, account by account, for the health page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from apps.channels.canary import Canary, canary_of
from apps.channels.forecast import (
    Certificate,
    Permission,
    Quota,
    certificates_of,
    permission_of,
    quota_of,
)
from apps.channels.models import EmailAccount, InboundEmail, Mailbox, SendingDomain
from apps.core.health import Backlog, backlog

SHOWN = 50  # accounts, those in trouble first
LOOKED_AT = 500
STATUSES = EmailAccount.Status
_SECRETS = (
    "receive_password",
    "send_password",
    "oauth_profile__client_secret",
    "oauth_grant__access_token",
    "oauth_grant__refresh_token",
)
_RANK = {"down": 0, "degraded": 1, "ok": 2, "off": 3}


@dataclass(frozen=True, slots=True)
class AccountCondition:
    """One account as it stands: `lag` is how long ago it was fetched, in seconds."""

    pk: int
    name: str
    state: Literal["ok", "degraded", "down", "off"]
    code: str
    sentence: str
    receives: bool
    fetches: bool  # else its provider brings what it receives
    wants_idle: bool
    every: int
    failures: int
    last_fetched_at: datetime | None
    next_try_in: float
    lag: float | None
    read_up_to: tuple[tuple[str, int], ...] = ()  # each folder with its last UID
    certificates: tuple[Certificate, ...] = ()
    quota: Quota | None = None
    canary: Canary | None = None
    permission: Permission | None = None  # None: it signs in by password
    lost_reply_address: bool = False  # of one of its mailboxes, which had been in use
    a_domain_got_worse: bool = False  # any; it is asked along, and costs no question of its own


def accounts(*, channel_on: bool) -> list[AccountCondition]:
    """In one query; those in trouble first, then by name."""
    rows = EmailAccount.objects.filter(enabled=True).defer(*_SECRETS)
    lost = Exists(_lost().filter(account=OuterRef("pk")))
    worse = Exists(domains_that_got_worse())
    told = rows.annotate(measured_at=Now(), lost_one=lost, worse_one=worse)
    told = told.select_related("oauth_profile", "oauth_grant").prefetch_related("cursors")
    timed: Any = told[:LOOKED_AT]
    found = [_condition(row, row.measured_at, channel_on=channel_on) for row in timed]
    return sorted(found, key=lambda one: (_RANK[one.state], one.name))


def reply_addresses_lost() -> list[Mailbox]:
    return list(_lost().order_by("address")[:SHOWN])


def _lost() -> QuerySet[Mailbox]:
    """Those that were in use; a first trial that failed took nothing away from anybody."""
    lost = Mailbox.objects.filter(reply_token=Mailbox.ReplyToken.LOST, account__enabled=True)
    return lost.exclude(reply_token_proved_at=None)


def domains_that_got_worse() -> QuerySet[SendingDomain]:
    return SendingDomain.objects.exclude(worse={})


def not_taken_in() -> Backlog:
    return backlog(InboundEmail.objects.filter(status=InboundEmail.Status.RECEIVED), "received_at")


def in_quarantine() -> Backlog:
    held = InboundEmail.objects.filter(status=InboundEmail.Status.QUARANTINED)
    return backlog(held, "received_at")


def anybody_waits_by_idle(found: Iterable[AccountCondition]) -> bool:
    return any(one.wants_idle for one in found)


def _condition(row: EmailAccount, now: datetime, *, channel_on: bool) -> AccountCondition:
    since = row.last_fetched_at
    lag = (now - since).total_seconds() if since else None
    receives = row.receive_kind != EmailAccount.Receive.NONE
    return AccountCondition(
        pk=row.pk,
        name=row.name,
        state=_state(row, lag, now) if receives and channel_on else "off",
        code=row.status_code,
        sentence=row.status_sentence,
        receives=receives,
        fetches=row.fetches,
        wants_idle=row.receive_kind == EmailAccount.Receive.IMAP and row.idle,
        every=row.every_seconds,
        failures=row.failures,
        last_fetched_at=since,
        next_try_in=(row.next_fetch_at - now).total_seconds(),
        lag=lag,
        read_up_to=_read_up_to(row),
        certificates=tuple(certificates_of(row, now)),
        quota=quota_of(row, now) if receives else None,
        canary=canary_of(row, now) if channel_on else None,
        permission=permission_of(row, now),
        lost_reply_address=getattr(row, "lost_one", False),
        a_domain_got_worse=getattr(row, "worse_one", False),
    )


def _read_up_to(row: EmailAccount) -> tuple[tuple[str, int], ...]:
    """Of the folders that it is to read, in its own order; POP3 has no UIDs."""
    known = {one.folder: one.last_uid for one in row.cursors.all() if one.uidvalidity}
    return tuple((name, known[name]) for name in row.watched_folders if name in known)


def _state(
    row: EmailAccount, lag: float | None, now: datetime
) -> Literal["ok", "degraded", "down"]:
    """Failing with mail still coming (a folder is missing) degrades; late is late whatever else.
    Whoever is brought mail is never late: nobody may have written."""
    if row.status == STATUSES.FAILING:
        return "down" if row.failures else "degraded"
    waited = (now - row.created_at).total_seconds() if lag is None else lag
    late = row.fetches and waited > max(3 * row.every_seconds, row.every_seconds + 60)
    return "degraded" if late or row.status == STATUSES.THROTTLED else "ok"

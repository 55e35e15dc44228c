"""What will break on a day that is known before: certificates, secrets and permissions that end,
space that fills up.

A server tells both while we speak with it anyway. They are kept with the account, and belong to
the server that told them: whoever changes the server forgets them.
"""

from collections.abc import Container
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.timezone import localtime

from apps.channels.lane import Lane
from apps.channels.models import EmailAccount, OAuthGrant, OAuthProfile, Tls
from apps.channels.oauth.providers import UNUSED_DAYS
from apps.channels.rules import WITHOUT_SERVER
from apps.channels.transports.errors import TransportError
from apps.channels.transports.imap import ImapInbox

CERTIFICATE_DAYS = (14, 10, 3, 0)  # a warning at each
SECRET_DAYS = (30, 7, 0)
QUOTA_PERCENT = (80, 95, 100)
QUOTA_EVERY = timedelta(hours=1)
COMPARED = timedelta(days=7)  # growth is judged by what was used so long ago
TRUSTED = timedelta(days=1)  # a shorter growth foretells nothing
FARTHEST_DAYS = 90

SIDES = ("receive", "send")
WHERE = ("kind", "host", "port", "tls")  # a change of these is another server
TOLD: dict[str, tuple[str, ...]] = {
    "receive": (
        "receive_certificate_until",
        "quota_used",
        "quota_limit",
        "quota_asked_at",
        "quota_then",
        "quota_then_at",
    ),
    "send": ("send_certificate_until",),
}


@dataclass(frozen=True, slots=True)
class Certificate:
    host: str
    until: datetime
    days: int  # that are left; below 0 it is over

    @property
    def level(self) -> int:
        """How many warnings it has passed."""
        return sum(self.days <= days for days in CERTIFICATE_DAYS)


@dataclass(frozen=True, slots=True)
class Quota:
    """In kB, as RFC 9208 counts; `full_in` are days, where its growth foretells them."""

    used: int
    limit: int
    full_in: int | None = None

    @property
    def percent(self) -> int:
        return self.used * 100 // self.limit

    @property
    def level(self) -> int:
        return sum(self.percent >= percent for percent in QUOTA_PERCENT)


@dataclass(frozen=True, slots=True)
class Permission:
    """What an account signs in with by OAuth. Days are those that are left, below 0 it is over;
    None: nobody knows of an end. `trouble` is as the grant keeps it, empty while all is well."""

    profile: int
    profile_name: str
    secret_until: date | None
    secret_days: int | None
    unused_days: int | None  # until the provider takes it for forgotten
    code: str
    trouble: str
    failing_since: datetime | None

    @property
    def secret_level(self) -> int:
        """How many warnings it has passed."""
        return _level(self.secret_days)

    @property
    def unused_level(self) -> int:
        return _level(self.unused_days)


def _level(left: int | None) -> int:
    return 0 if left is None else sum(left <= days for days in SECRET_DAYS)


# ---- what the servers tell ----------------------------------------------------------------------


def note_certificate(account: EmailAccount, side: str, until: datetime | None) -> None:
    """Of the server that was asked alone: an account under test may name one that is not saved."""
    field = f"{side}_certificate_until"
    if getattr(account, field) == until:
        return
    setattr(account, field, until)
    asked = {f"{side}_{name}": getattr(account, f"{side}_{name}") for name in WHERE}
    if account.pk:
        EmailAccount.objects.filter(pk=account.pk, **asked).update(**{field: until})


def ask_quota(lane: Lane, inbox: ImapInbox, account: EmailAccount) -> None:
    """Once an hour, after the mail: a server that stumbles over it has lost us nothing."""
    now, before = timezone.now(), account.quota_asked_at
    if before and abs(now - before) < QUOTA_EVERY:
        return
    row = EmailAccount.objects.filter(pk=account.pk)
    row.update(quota_asked_at=now)
    with suppress(TransportError):
        used, limit = lane.call(inbox.storage) or (None, None)
        then, then_at = _a_week_before(account, used, now)
        row.update(quota_used=used, quota_limit=limit, quota_then=then, quota_then_at=then_at)


def _a_week_before(
    account: EmailAccount, used: int | None, now: datetime
) -> tuple[int | None, datetime | None]:
    """The older point of the growth, moved along the line that leads to the new one."""
    then, then_at = account.quota_then, account.quota_then_at
    if used is None or then is None or then_at is None:
        return used, now
    if (span := now - then_at) <= COMPARED:
        return then, then_at
    return then + round((used - then) * (1 - COMPARED / span)), now - COMPARED


def forgotten(changed: Container[str]) -> dict[str, None]:
    """Fields to be emptied where CHANGED, names of fields, make a side another server."""
    moved = [side for side in SIDES if any(f"{side}_{name}" in changed for name in WHERE)]
    return {field: None for side in moved for field in TOLD[side]}


# ---- what follows from it -----------------------------------------------------------------------


def certificates_of(account: EmailAccount, now: datetime) -> list[Certificate]:
    """The one that ends first comes first."""
    found = [
        Certificate(getattr(account, f"{side}_host"), until, (until - now) // timedelta(days=1))
        for side in SIDES
        if (until := _until(account, side))
    ]
    return sorted(found, key=lambda one: one.until)


def _until(account: EmailAccount, side: str) -> datetime | None:
    """Only of a side that is in use and encrypted."""
    kind, tls = getattr(account, f"{side}_kind"), getattr(account, f"{side}_tls")
    if kind in WITHOUT_SERVER or tls == Tls.NONE:
        return None
    until: datetime | None = getattr(account, f"{side}_certificate_until")
    return until


def permission_of(account: EmailAccount, now: datetime) -> Permission | None:
    """None: it signs in by password. Asks nothing where profile and grant are selected with it."""
    profile = account.oauth_profile
    if account.sign_in != EmailAccount.SignIn.OAUTH or profile is None:
        return None
    grant: OAuthGrant | None = getattr(account, "oauth_grant", None)
    secret = profile.secret_until
    return Permission(
        profile=profile.pk,
        profile_name=profile.name,
        secret_until=secret,
        secret_days=(secret - localtime(now).date()).days if secret else None,
        unused_days=_unused_days(profile, grant, now),
        code=grant.code if grant else "",
        trouble=grant.sentence if grant else "",
        failing_since=grant.failing_since if grant else None,
    )


def _unused_days(profile: OAuthProfile, grant: OAuthGrant | None, now: datetime) -> int | None:
    lasts = UNUSED_DAYS.get(OAuthProfile.Provider(profile.provider))
    by_itself = profile.flow == OAuthProfile.Flow.APP
    if lasts is None or by_itself or grant is None or grant.refreshed_at is None:
        return None
    return (grant.refreshed_at + timedelta(days=lasts) - now) // timedelta(days=1)


def quota_of(account: EmailAccount, now: datetime) -> Quota | None:
    used, limit = account.quota_used, account.quota_limit
    if used is None or not limit:
        return None
    return Quota(used, limit, _full_in(account, limit - used, now))


def _full_in(account: EmailAccount, left: int, now: datetime) -> int | None:
    then, then_at = account.quota_then, account.quota_then_at
    if then is None or then_at is None or now - then_at < TRUSTED or left <= 0:
        return None
    grown = (account.quota_used or 0) - then
    days = left * ((now - then_at) / timedelta(days=1)) / grown if grown > 0 else FARTHEST_DAYS
    return round(days) if days < FARTHEST_DAYS else None

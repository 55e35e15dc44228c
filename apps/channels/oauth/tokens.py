"""`access_token(account)`: a token that is good now, asked for by one process at a time.

`with_token` signs in with it, whatever the protocol.

A provider may give a new refresh token with each answer and refuse the old one from then on. So the
answer is committed before anybody uses its access token, and whoever lost the race reads the row of
whoever won. Between the answer and the commit lies a moment: a process that is killed there has
spent its refresh token. Microsoft leaves the old one good, Google gives no new one, others accept
the old one for a while; where a provider does none of it, somebody has to press *Reconnect*.

Our clock is of no account: how long a token lasts is counted from the answer, on the database's
clock, and a token that the mail server refuses is renewed however long it was to last.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from apps.channels.fetch_threads import give_back_connection, resting
from apps.channels.models import EmailAccount, OAuthGrant, OAuthProfile
from apps.channels.oauth import server
from apps.channels.oauth.providers import facts_of
from apps.channels.oauth.server import AskLater, Tokens
from apps.channels.transports.errors import TransportError
from apps.channels.transports.xoauth2 import TokenRefused
from apps.core.db.patience import DATABASE_AWAY
from apps.core.faults import crashpoint
from apps.core.leases import held, in_seconds
from apps.core.secrets import seal, unseal
from apps.core.sentences import gettext_noop

Line = TypeVar("Line")

log = logging.getLogger(__name__)

LEASE = 30  # seconds: longer than a question and the commit of its answer
WAIT = 12  # for somebody else's answer
LOOK_EVERY = 0.1
# However long a token lasts, it is renewed so early: what was revoked is known within minutes.
LONGEST_USE, SHORTEST_USE, USE_UNTOLD = 600, 30, 300
PAUSE = {"oauth-revoked": 600.0, "oauth-secret": 300.0, "oauth-consent": 300.0}
OTHER_PAUSE = 20.0  # seconds before a token server that failed is asked again
COMMIT_AGAIN = (0.5, 1, 2, 4, 8)  # seconds between tries to commit, while a database restarts

Status, Flow = OAuthGrant.Status, OAuthProfile.Flow


def access_token(account: EmailAccount, *, refused: str = "") -> str:
    """REFUSED is the token that a mail server did not take: another one is asked for. Raises
    TransportError, with its sentence kept in the grant. Never call it inside a transaction."""
    profile = profile_of(account)
    if account._state.adding:
        return _without_a_row(account, profile).access
    grant = _grant_of(account, profile)
    return _usable(grant, refused) or _one_asks(grant, account, profile, refused)


def with_token(account: EmailAccount, sign_in: Callable[[str], Line]) -> Line:
    """Calls SIGN_IN with a token, and with a new one, once, where the mail server refuses it
    (`TokenRefused`); with an empty one where the account signs in by password."""
    if account.sign_in != EmailAccount.SignIn.OAUTH:
        return sign_in("")
    token = access_token(account)
    try:
        return sign_in(token)
    except TokenRefused:
        return sign_in(access_token(account, refused=token))


def granted_to(account: EmailAccount) -> str:
    """Whoever signed in for the account; empty: not known, or the application itself."""
    rows = OAuthGrant.objects.filter(account=account.pk)
    return next(iter(rows.values_list("user", flat=True)), "")


def stored_token(account: EmailAccount) -> str:
    grant = _read(account.pk)
    return unseal(grant.access_token) if grant else ""


def ask_at_once(account: EmailAccount) -> None:
    """Somebody is looking: no pause of an earlier failure counts."""
    OAuthGrant.objects.filter(account=account.pk).update(ask_after=None)


def profile_of(account: EmailAccount) -> OAuthProfile:
    profile = account.oauth_profile
    if profile is None:
        raise TransportError("oauth-profile", _NO_PROFILE, again=False, account=account.name)
    return profile


def _without_a_row(account: EmailAccount, profile: OAuthProfile) -> Tokens:
    """An account under test that is not saved yet."""
    if profile.flow == Flow.APP:
        return _ask_app(account, profile)
    raise _not_connected(account)


def _not_connected(account: EmailAccount) -> TransportError:
    return TransportError("oauth-waiting", _NOT_CONNECTED, again=False, account=account.name)


def _grant_of(account: EmailAccount, profile: OAuthProfile) -> OAuthGrant:
    """A grant belongs to the application that it was given to."""
    grant = _read(account.pk)
    if (grant is None or grant.profile_id != profile.pk) and profile.flow == Flow.APP:
        empty = {"profile": profile, "access_token": "", "refresh_token": "", "user": ""}
        OAuthGrant.objects.update_or_create(account=account, defaults=empty)
        grant = _read(account.pk)
    if grant is None or grant.profile_id != profile.pk:
        raise _not_connected(account)
    return grant


def _read(account_id: int) -> OAuthGrant | None:
    """With the database's time: a moment later it may be another token that is still good."""
    return OAuthGrant.objects.filter(account=account_id).annotate(now=Now()).first()


def _is_over(grant: OAuthGrant, until: datetime | None) -> bool:
    now: datetime = grant.now  # type: ignore[attr-defined]  # `_read` brings it
    return until is None or until <= now


def _usable(grant: OAuthGrant, refused: str) -> str:
    """Its access token, while that is good."""
    if not grant.access_token or _is_over(grant, grant.access_until):
        return ""
    token = unseal(grant.access_token)
    return "" if token == refused else token


# ---- one asks, the others read what it was told ------------------------------------------


def _one_asks(grant: OAuthGrant, account: EmailAccount, profile: OAuthProfile, refused: str) -> str:
    until = time.monotonic() + WAIT
    while True:
        with held(f"oauth:{grant.pk}", seconds=LEASE) as hold:
            now = _grant_of(account, profile)
            if token := _usable(now, refused):
                return token
            _raise_what_is_known(now, profile)
            if hold:
                return _renew(now, account, profile)
        if time.monotonic() > until:
            raise TransportError("oauth-busy", _BUSY, account=account.name)
        with resting():
            time.sleep(LOOK_EVERY)


def _raise_what_is_known(grant: OAuthGrant, profile: OAuthProfile) -> None:
    """A failure that is young is not asked for again, unless the profile changed since."""
    if not grant.code or grant.asked_with != digest(profile) or _is_over(grant, grant.ask_after):
        return
    hopeless = grant.code in PAUSE
    raise TransportError(grant.code, grant.template, again=not hopeless, **grant.facts)


def digest(profile: OAuthProfile) -> str:
    """Changes with whatever the token server gets to hear of the profile."""
    parts = (profile.pk, profile.provider, profile.flow, profile.tenant, profile.client_id,
             unseal(profile.client_secret), profile.token_url, profile.scopes)  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _renew(grant: OAuthGrant, account: EmailAccount, profile: OAuthProfile) -> str:
    try:
        tokens = _ask(grant, account, profile)
        missing = missing_scopes(account, profile, tokens)
        if missing:
            raise scopes_missing(account, profile, missing)
    except TransportError as error:
        note_failure(grant, profile, error)
        raise
    crashpoint("oauth.before_commit")
    return _kept(grant, account, profile, tokens)


def _ask(grant: OAuthGrant, account: EmailAccount, profile: OAuthProfile) -> Tokens:
    _refuse_transactions()
    if profile.flow == Flow.APP:
        return _ask_app(account, profile)
    if not grant.refresh_token:
        raise _not_connected(account)
    return server.ask(
        profile,
        facts_of(profile, account).token_url,
        grant_type="refresh_token",
        refresh_token=unseal(grant.refresh_token),
    )


def _refuse_transactions() -> None:
    """Said before anything is spent: what is kept inside one could be undone."""
    with transaction.atomic(durable=True):
        pass


def _ask_app(account: EmailAccount, profile: OAuthProfile) -> Tokens:
    facts = facts_of(profile, account)
    return server.ask(
        profile, facts.token_url, grant_type="client_credentials", scope=" ".join(facts.scopes)
    )


def missing_scopes(account: EmailAccount, profile: OAuthProfile, tokens: Tokens) -> Sequence[str]:
    """What mail needs and the answer does not list; an answer without a list grants all."""
    granted = {one.lower() for one in tokens.scopes.split()}
    if not granted or profile.flow == Flow.APP:
        return []
    return [one for one in facts_of(profile, account).scopes if one.lower() not in granted]


def scopes_missing(
    account: EmailAccount, profile: OAuthProfile, missing: Sequence[str]
) -> TransportError:
    return TransportError(
        "oauth-scope", _SCOPES_MISSING, again=False, scopes=", ".join(missing), profile=profile.name
    )


# ---- rows ---------------------------------------------------------------------------------


def _kept(grant: OAuthGrant, account: EmailAccount, profile: OAuthProfile, tokens: Tokens) -> str:
    """Committed, or somebody connected the account anew meanwhile: then what that brought."""
    if _through_a_restart(lambda: keep(grant, profile, tokens)):
        return tokens.access
    token = _usable(_grant_of(account, profile), refused="")
    if not token:
        raise TransportError("oauth-busy", _BUSY, account=account.name)
    return token


def keep(grant: OAuthGrant, profile: OAuthProfile, tokens: Tokens, **more: object) -> bool:
    """Before anybody uses the access token. False: the row is not the one that was read."""
    fields: dict[str, object] = {"refresh_token": seal(tokens.refresh)} if tokens.refresh else {}
    if tokens.scopes:
        fields["scopes"] = tokens.scopes
    with transaction.atomic(durable=True):
        return bool(
            OAuthGrant.objects.filter(pk=grant.pk, version=grant.version).update(
                profile=profile,
                access_token=seal(tokens.access),
                access_until=in_seconds(_use(tokens.lasts)),
                refreshed_at=Now(),
                asked_with=digest(profile),
                version=F("version") + 1,
                **_WELL,
                **fields,
                **more,
            )
        )


_WELL: dict[str, object] = {
    "status": Status.WORKING,
    "code": "",
    "template": "",
    "facts": {},
    "failing_since": None,
    "ask_after": None,
}


def _use(lasts: float | None) -> float:
    """Seconds. Whatever the server claims: 0, less, years, or nothing at all."""
    if lasts is None or lasts <= 0:
        return USE_UNTOLD
    return min(max(lasts * 0.9, SHORTEST_USE), LONGEST_USE)


def _through_a_restart(commit: Callable[[], bool]) -> bool:
    """The answer is the only place where the new refresh token is, until this is done."""
    for pause in COMMIT_AGAIN:
        with suppress(*DATABASE_AWAY):
            return commit()
        give_back_connection()
        time.sleep(pause)
    return commit()


def note_failure(grant: OAuthGrant, profile: OAuthProfile, error: TransportError) -> None:
    revoked = error.code == "oauth-revoked"
    pause = error.seconds if isinstance(error, AskLater) else PAUSE.get(error.code, OTHER_PAUSE)
    log.warning("OAuth failed", extra={"account": grant.account_id, "code": error.code})
    OAuthGrant.objects.filter(pk=grant.pk, version=grant.version).update(
        status=Status.REVOKED if revoked else Status.FAILING,
        code=error.code,
        template=error.template,
        facts=error.facts,
        failing_since=Coalesce(F("failing_since"), Now()),
        ask_after=in_seconds(pause),
        asked_with=digest(profile),
    )


_NO_PROFILE = gettext_noop(
    "The account %(account)s is to sign in by OAuth and has no OAuth profile; choose one."
)
_NOT_CONNECTED = gettext_noop(
    "The account %(account)s is not connected yet; save it, then press Connect and sign in."
)
_BUSY = gettext_noop(
    "Another process asks for the permission of %(account)s and has no answer yet; it is tried"
    " again by itself."
)
_SCOPES_MISSING = gettext_noop(
    "The permission lacks %(scopes)s; add it to the application of %(profile)s at the provider,"
    " then press Reconnect and tick everything that is asked."
)

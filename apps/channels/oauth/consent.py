"""A person allows it in the browser: `begin` leads to the provider, `finish` takes what comes back.

RFC 6749 (4.1) with PKCE (RFC 7636, S256). The state is signed, good for ten minutes, once, and only
in the session that began it. *Reconnect* is the same way: the account, its cursors, mailboxes and
queues are left as they are, and until the new permission is stored the old one goes on.
"""

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib.sessions.backends.base import SessionBase
from django.core import signing
from django.db.models import F
from django.db.models.functions import Now

from apps.channels.models import ChannelSettings, EmailAccount, OAuthGrant, OAuthProfile
from apps.channels.oauth import server, tokens
from apps.channels.oauth.providers import facts_of, opens_only_its_own
from apps.channels.oauth.server import Tokens
from apps.channels.transports.errors import TransportError
from apps.core.models import User
from apps.core.secrets import seal, unseal
from apps.core.sentences import gettext_noop

CALLBACK = "/settings/oauth/callback/"
MINUTES = 10
MOST_AT_ONCE = 5  # sign-ins begun and not ended, in one session
_KEY, _SALT = "oauth_begun", "apps.channels.oauth.consent"


def callback_url() -> str:
    """What has to be registered at the provider, letter by letter."""
    return ChannelSettings.load().external_url.rstrip("/") + CALLBACK


def begin(session: SessionBase, account: EmailAccount, by: User) -> str:
    """Where to send the browser. Raises TransportError `oauth-profile` where none is chosen, and
    `oauth-address` where the profile has no sign-in page."""
    profile = tokens.profile_of(account)
    facts = facts_of(profile, account)
    if not facts.authorize_url:
        raise TransportError("oauth-address", _NO_PAGE, again=False, profile=profile.name)
    nonce, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(64)
    begun = {"account": account.pk, "profile": profile.pk, "by": by.pk, "verifier": seal(verifier)}
    session[_KEY] = dict([*session.get(_KEY, {}).items(), (nonce, begun)][-MOST_AT_ONCE:])
    words = {
        "response_type": "code",
        "client_id": profile.client_id,
        "redirect_uri": callback_url(),
        "scope": facts.wanted,
        "state": signing.dumps(nonce, salt=_SALT),
        "code_challenge": _challenge(verifier),
        "code_challenge_method": "S256",
        "login_hint": _mailbox_of(account),
        **facts.at_sign_in,
    }
    joint = "&" if "?" in facts.authorize_url else "?"
    return f"{facts.authorize_url}{joint}{urlencode(words)}"


def finish(session: SessionBase, answer: Mapping[str, str], by: User) -> EmailAccount:
    """ANSWER is the query that the browser brought back. Raises TransportError: nothing of the
    account has changed then. Not inside a transaction."""
    begun = _taken(session, answer.get("state", ""), by)
    account = EmailAccount.objects.filter(pk=begun["account"]).first()
    if account is None or account.oauth_profile_id != begun["profile"]:
        raise TransportError("oauth-state", _CHANGED, again=False)
    profile = tokens.profile_of(account)
    code = answer.get("code", "")
    if not code:
        raise _denied(account, profile, answer)
    _connect(account, profile, _exchanged(account, profile, code, unseal(begun["verifier"])), by)
    return account


def connect_app(account: EmailAccount, by: User) -> None:
    """Where the application itself signs in: asks once and keeps the answer. Raises
    TransportError, which the grant keeps too. Not inside a transaction."""
    tokens.ask_at_once(account)
    tokens.access_token(account, refused=tokens.stored_token(account))
    OAuthGrant.objects.filter(account=account).update(connected_at=Now(), connected_by=by)
    account.try_at_once()


def forget(account: EmailAccount) -> bool:
    """It has another server or user now: no token goes there before somebody connects it again.
    False: there was nothing to forget."""
    waiting = {"status": OAuthGrant.Status.WAITING, "access_token": "", "refresh_token": ""}
    known = OAuthGrant.objects.filter(account=account.pk).exclude(status=waiting["status"])
    return bool(known.update(**waiting, access_until=None, version=F("version") + 1))


# ---- what came back ---------------------------------------------------------------------


def _taken(session: SessionBase, state: str, by: User) -> dict[str, Any]:
    """The beginning that belongs to it; it is gone from the session, whatever follows."""
    try:
        nonce = signing.loads(state, salt=_SALT, max_age=MINUTES * 60)
    except signing.BadSignature:
        raise TransportError("oauth-state", _STRANGE, again=False) from None
    waiting = dict(session.get(_KEY, {}))
    begun: dict[str, Any] | None = waiting.pop(nonce, None)
    if begun is None or begun["by"] != by.pk:
        raise TransportError("oauth-state", _STRANGE, again=False)
    session[_KEY] = waiting
    session.save()
    return begun


def _denied(
    account: EmailAccount, profile: OAuthProfile, answer: Mapping[str, str]
) -> TransportError:
    facts = {"profile": profile.name, "reason": server.reason_of(answer), "url": callback_url()}
    template = _NOT_ALLOWED if answer.get("error") == "access_denied" else _NOT_GIVEN
    return TransportError("oauth-consent", template, again=False, **facts)


def _exchanged(account: EmailAccount, profile: OAuthProfile, code: str, verifier: str) -> Tokens:
    try:
        return server.ask(
            profile,
            facts_of(profile, account).token_url,
            grant_type="authorization_code",
            code=code,
            redirect_uri=callback_url(),
            code_verifier=verifier,
        )
    except TransportError as error:
        if error.code != "oauth-revoked":
            raise
        facts = {"url": callback_url(), "reason": error.facts["reason"]}
        raise TransportError("oauth-code", _STALE, again=False, **facts) from None


def _connect(account: EmailAccount, profile: OAuthProfile, given: Tokens, by: User) -> None:
    if missing := tokens.missing_scopes(account, profile, given):
        raise tokens.scopes_missing(account, profile, missing)
    if not given.refresh:
        raise TransportError("oauth-offline", _NO_REFRESH, again=False, profile=profile.name)
    user = _user_of(given, profile)
    mailbox = _mailbox_of(account)
    if opens_only_its_own(profile) and user and user.lower() != mailbox.lower():
        raise TransportError("oauth-mailbox", _OTHER, again=False, who=user, mailbox=mailbox)
    _store(account, profile, given, user, by)
    account.try_at_once()


def _store(
    account: EmailAccount, profile: OAuthProfile, given: Tokens, user: str, by: User
) -> None:
    """Over whatever a refresh of the old permission writes at the same moment."""
    OAuthGrant.objects.get_or_create(account=account, defaults={"profile": profile})
    kept = False
    while not kept:
        grant = OAuthGrant.objects.get(account=account)
        kept = tokens.keep(grant, profile, given, user=user, connected_at=Now(), connected_by=by)


def _user_of(given: Tokens, profile: OAuthProfile) -> str:
    """From the id_token, which came straight from the token server (OpenID Connect 3.1.3.7, 6)."""
    claims = _claims(given.identity)
    if claims.get("aud") != profile.client_id:
        return ""
    named = (claims.get(one) for one in ("preferred_username", "email", "upn"))
    return next((one for one in named if isinstance(one, str) and "@" in one), "")[:255]


def _claims(identity: str) -> dict[str, Any]:
    try:
        body = identity.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, IndexError, binascii.Error, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _mailbox_of(account: EmailAccount) -> str:
    return account.receive_user or account.send_user


_NO_PAGE = gettext_noop(
    "The OAuth profile %(profile)s has no sign-in page; enter its address, or choose a provider."
)
_STRANGE = gettext_noop(
    "This sign-in was not begun here, or over ten minutes ago, or was used already; press Connect"
    " again."
)
_CHANGED = gettext_noop(
    "The account has another OAuth profile now than when the sign-in began; press Connect again."
)
_NOT_ALLOWED = gettext_noop(
    "The sign-in for %(profile)s was not allowed (%(reason)s); press Connect again and allow it, or"
    " ask an administrator of the provider to do so."
)
_NOT_GIVEN = gettext_noop(
    "The provider of %(profile)s did not let the sign-in end (%(reason)s); check that %(url)s is"
    " registered there as redirect address, then press Connect again."
)
_STALE = gettext_noop(
    "The provider does not take back its own code (%(reason)s): it is too old, was used already, or"
    " %(url)s is not the redirect address that is registered there. Press Connect again."
)
_NO_REFRESH = gettext_noop(
    "The provider gave a permission that ends within the hour (no refresh token); allow the"
    " application of %(profile)s offline access there, then press Connect again."
)
_OTHER = gettext_noop(
    "You signed in as %(who)s, and the mailbox is %(mailbox)s; press Connect again and choose"
    " %(mailbox)s on the page of the provider."
)

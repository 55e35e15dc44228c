"""Profiles at the local token server, and accounts that sign in through them."""

from typing import Any

from apps.channels.models import EmailAccount, OAuthGrant, OAuthProfile
from apps.core.secrets import seal
from tests.people import make_account, make_mailbox
from tests.servers.dovecot import Dovecot
from tests.servers.token_server import CLIENT, SECRET, TokenServer

MAIL = "mail"  # the scope of the local provider


def make_profile(server: TokenServer, **fields: Any) -> OAuthProfile:
    fields = {"provider": "other", "client_id": CLIENT, "scopes": f"{MAIL} offline_access"} | fields
    fields = {
        "authorize_url": f"{server.url}/authorize",
        "token_url": f"{server.url}/token",
    } | fields
    return OAuthProfile.objects.create(
        name=fields.pop("name", "local"), client_secret=seal(fields.pop("secret", SECRET)), **fields
    )


def oauth_account(profile: OAuthProfile, user: str = "user1", **fields: Any) -> EmailAccount:
    fields = {"receive_user": user, "send_user": user, "start": "all"} | fields
    account = make_account(sign_in="oauth", oauth_profile=profile, **fields)
    make_mailbox(account=account)
    return account


def at_dovecot(dovecot: Dovecot, profile: OAuthProfile, user: str, **fields: Any) -> EmailAccount:
    return oauth_account(profile, user, receive_port=dovecot.port, **fields)


def connected(account: EmailAccount, server: TokenServer, **fields: Any) -> OAuthGrant:
    """As if somebody had signed in; the first access token is still to be asked for."""
    fields = {"user": account.receive_user, "status": "working", "scopes": MAIL} | fields
    refresh = fields.pop("refresh", None) or server.grant(account.receive_user)
    return OAuthGrant.objects.create(
        account=account, profile=account.oauth_profile, refresh_token=seal(refresh), **fields
    )

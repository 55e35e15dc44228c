"""What may not be typed into an OAuth profile, and into an account that signs in through one."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from apps.core.hosts import is_permitted_host, web_host_problem
from apps.core.rules import Problem

EmailAccount = Any  # the models ask this module, so they cannot be imported here
OAuthProfile = Any
ODD = re.compile(r"[\s\x00-\x1f\x7f]")
TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,99}")


def account_problems(account: EmailAccount) -> Iterator[Problem]:
    if account.sign_in != account.SignIn.OAUTH:
        return
    if account.oauth_profile_id is None:
        sentence = _("Choose a profile. Is there none yet? Make one under OAuth profiles first.")
        yield "oauth_profile", sentence
    if account.send_kind == account.Send.SMTP and not account.send_user:
        sentence = _("Type the mailbox's address: with OAuth, it is needed for sending, too.")
        yield "send_user", sentence


def profile_problems(profile: OAuthProfile) -> Iterator[Problem]:
    by_itself = profile.flow == profile.Flow.APP
    if profile.provider == profile.Provider.MICROSOFT:
        yield from _tenant_problems(profile.tenant, needed=by_itself)
    if profile.provider == profile.Provider.GOOGLE and by_itself:
        yield "flow", _("With Google, a person signs in: choose that.")
    if profile.provider == profile.Provider.OTHER:
        yield from _missing(profile, by_itself=by_itself)
    for name in ("authorize_url", "token_url"):
        if (url := getattr(profile, name)) and (problem := _url_problem(url)):
            yield name, problem


def _tenant_problems(tenant: str, *, needed: bool) -> Iterator[Problem]:
    if needed and not tenant:
        yield "tenant", _("The application itself signs in to one tenant: type its ID or domain.")
    elif tenant and not TENANT.fullmatch(tenant):
        yield "tenant", _("Only the tenant's ID or domain, such as example.onmicrosoft.com.")


def _missing(profile: OAuthProfile, *, by_itself: bool) -> Iterator[Problem]:
    """Of a provider that we know nothing of."""
    if not by_itself and not profile.authorize_url:
        yield "authorize_url", _("Type the address of the provider's sign-in page.")
    if not profile.token_url:
        yield "token_url", _("Type the address of the provider's token server.")
    if not profile.scopes:
        yield "scopes", _("Type the scopes that the provider wants for its mail servers.")


def _url_problem(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.port != 0 else None
    except ValueError:  # a port that is no number, a bracket left open
        host = None
    if not host or ODD.search(url) or parts.scheme not in ("http", "https") or parts.username:
        return _("Write it like https://login.example.com/oauth2/token.")
    if parts.scheme == "http" and not is_permitted_host(host):
        return _("Begin with https://: over http:// everybody on the way could read the secret.")
    return web_host_problem(host)

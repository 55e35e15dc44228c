"""What each provider wants: addresses, scopes, odd parameters. Facts checked on 2026-11-26.

Google: developers.google.com/identity/protocols/oauth2/web-server (addresses, access_type=offline,
prompt=consent for a refresh token), developers.google.com/workspace/gmail/imap/xoauth2-protocol
(one scope for IMAP, POP and SMTP), developers.google.com/identity/protocols/oauth2 (a refresh token
ends after six months without use, and after seven days while the application is in "testing").

Microsoft 365: learn.microsoft.com/exchange/client-developer/legacy-protocols/
how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth (scopes of each protocol; the
application itself asks for `.default` and needs IMAP.AccessAsApp, POP.AccessAsApp, SMTP.SendAsApp),
learn.microsoft.com/entra/identity-platform/refresh-tokens (90 days without use; each use gives a
new one and does not revoke the one before).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.channels.models import EmailAccount, OAuthProfile

MICROSOFT = "https://login.microsoftonline.com"
OUTLOOK = "https://outlook.office.com/"
ANY_TENANT = "common"
# They say who signed in, and that a refresh token is wanted; no mail server asks for them.
ABOUT_THE_PERSON = frozenset({"openid", "email", "profile", "offline_access"})

Provider, Flow = OAuthProfile.Provider, OAuthProfile.Flow


@dataclass(frozen=True, slots=True)
class Facts:
    """How a provider is asked for one account; `scopes` are what mail needs, and no more."""

    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    about_the_person: tuple[str, ...] = ()
    at_sign_in: Mapping[str, str] = field(default_factory=dict)

    @property
    def wanted(self) -> str:
        return " ".join((*self.scopes, *self.about_the_person))


# By provider: after how many days without use a refresh token ends.
UNUSED_DAYS = {Provider.GOOGLE: 180, Provider.MICROSOFT: 90}


def facts_of(profile: OAuthProfile, account: EmailAccount) -> Facts:
    facts = _BY_PROVIDER[Provider(profile.provider)](profile, account)
    named = profile.scopes.split()
    return Facts(
        profile.authorize_url or facts.authorize_url,
        profile.token_url or facts.token_url,
        tuple(one for one in named if one not in ABOUT_THE_PERSON) or facts.scopes,
        tuple(one for one in named if one in ABOUT_THE_PERSON) or facts.about_the_person,
        facts.at_sign_in,
    )


def opens_only_its_own(profile: OAuthProfile) -> bool:
    """Whether a person's token opens that person's mailbox alone. Microsoft's opens those too that
    the person has full access to."""
    return profile.provider == Provider.GOOGLE


def _google(profile: OAuthProfile, account: EmailAccount) -> Facts:
    return Facts(
        "https://accounts.google.com/o/oauth2/v2/auth",
        "https://oauth2.googleapis.com/token",
        ("https://mail.google.com/",),
        ("openid", "email"),
        {"access_type": "offline", "prompt": "consent"},
    )


def _microsoft(profile: OAuthProfile, account: EmailAccount) -> Facts:
    base = f"{MICROSOFT}/{profile.tenant or ANY_TENANT}/oauth2/v2.0"
    authorize_url, token_url = f"{base}/authorize", f"{base}/token"
    if profile.flow == Flow.APP:
        return Facts(authorize_url, token_url, ("https://outlook.office365.com/.default",))
    scopes = tuple(OUTLOOK + one for one in _protocols(account))
    about = ("openid", "email", "profile", "offline_access")
    return Facts(authorize_url, token_url, scopes, about, {"prompt": "select_account"})


def _protocols(account: EmailAccount) -> list[str]:
    """Only what the account uses: the person is asked for each."""
    receive = {"imap": ["IMAP.AccessAsUser.All"], "pop3": ["POP.AccessAsUser.All"]}
    send = {"smtp": ["SMTP.Send"]}
    return receive.get(account.receive_kind, []) + send.get(account.send_kind, [])


def _other(profile: OAuthProfile, account: EmailAccount) -> Facts:
    return Facts("", "", ())


_BY_PROVIDER = {Provider.GOOGLE: _google, Provider.MICROSOFT: _microsoft, Provider.OTHER: _other}

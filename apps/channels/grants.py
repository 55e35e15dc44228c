"""How an account's sign-in by OAuth stands, in words: connected as whom, failing since, what to do.

Said on the account's page, in the list of accounts and in the set-up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localdate, localtime
from django.utils.translation import gettext as _

from apps.channels.models import EmailAccount, OAuthGrant, OAuthProfile

SECRET_DAYS = 30  # before its end, the secret of a profile is a trouble
Status = OAuthGrant.Status


@dataclass(frozen=True, slots=True)
class Standing:
    """`short` is for a list; `cure` is empty where nothing is to be done."""

    tone: str
    short: str
    sentence: str
    cure: str = ""
    secret: str = ""  # when the profile's secret ends
    connected: bool = True


def standing_of(account: EmailAccount) -> Standing | None:
    """None: it signs in by password. Asks nothing where profile and grant are selected with it."""
    if account.sign_in != EmailAccount.SignIn.OAUTH:
        return None
    grant: OAuthGrant | None = getattr(account, "oauth_grant", None)
    profile = account.oauth_profile
    if profile is None:
        sentence, cure = _("No OAuth profile is chosen."), _("Choose one below.")
        return Standing("warn", _("no profile"), sentence, cure, connected=False)
    if grant is None or grant.profile_id != profile.pk or grant.status == Status.WAITING:
        return _not_connected(profile)
    return _SAID.get(grant.status, _failing)(grant, profile)


def waits_for_connect(account: EmailAccount) -> bool:
    standing = standing_of(account)
    return standing is not None and account.oauth_profile is not None and not standing.connected


def _not_connected(profile: OAuthProfile) -> Standing:
    cures = {
        OAuthProfile.Flow.CODE: _(
            "Press “Connect”: the provider asks you to sign in as the mailbox."
        ),
        OAuthProfile.Flow.APP: _("Press “Connect”: nobody has to sign in."),
    }
    return Standing(
        "warn",
        _("not connected yet"),
        _("Not connected yet: no mail is fetched or sent."),
        cures.get(OAuthProfile.Flow(profile.flow), ""),
        secret_words(profile.secret_until),
        connected=False,
    )


def _working(grant: OAuthGrant, profile: OAuthProfile) -> Standing:
    sentence = _("%(who)s since %(when)s; the token is renewed by itself.") % {
        "who": connected_as(grant),
        "when": _moment(grant.connected_at),
    }
    secret = secret_words(profile.secret_until)
    short = _("as %(user)s") % {"user": grant.user} if grant.user else _("connected")
    if profile.secret_until and ends_soon(profile.secret_until):
        day = date_format(profile.secret_until, "SHORT_DATE_FORMAT")
        short = _("%(who)s, secret ends on %(day)s") % {"who": short, "day": day}
        return Standing("warn", short, sentence, "", secret)
    return Standing("ok", short, sentence, "", secret)


def _failing(grant: OAuthGrant, profile: OAuthProfile) -> Standing:
    return Standing(
        "warn",
        _("failing since %(when)s") % {"when": _moment(grant.failing_since)},
        _("Failing since %(when)s: %(trouble)s")
        % {"trouble": grant.sentence, "when": _moment(grant.failing_since)},
        _("It is tried again by itself. If the cure is yours, do it, then press “Reconnect”."),
        secret_words(profile.secret_until),
    )


def _revoked(grant: OAuthGrant, profile: OAuthProfile) -> Standing:
    return Standing(
        "danger",
        _("to be connected again"),
        _("Ended on %(when)s: %(trouble)s")
        % {"trouble": grant.sentence, "when": _moment(grant.failing_since)},
        _("Press “Reconnect”: it goes on where it stopped, and answers that wait leave then."),
        secret_words(profile.secret_until),
    )


_SAID: dict[str, Callable[[OAuthGrant, OAuthProfile], Standing]] = {
    Status.WORKING: _working,
    Status.REVOKED: _revoked,
}


def connected_as(grant: OAuthGrant) -> str:
    if grant.user:
        return _("Connected as %(user)s") % {"user": grant.user}
    return _("Connected")


def _moment(when: datetime | None) -> str:
    return date_format(localtime(when), "SHORT_DATETIME_FORMAT") if when else _("an unknown day")


# ---- the secret of a profile --------------------------------------------------------------------


def ends_soon(day: date | None) -> bool:
    return day is not None and day - localdate() <= timedelta(days=SECRET_DAYS)


def secret_words(day: date | None) -> str:
    if day is None:
        return ""
    words = _("The secret of its profile ends on %(day)s.")
    if day < timezone.localdate():
        words = _("The secret of its profile ended on %(day)s: make a new one at the provider.")
    return words % {"day": date_format(day, "DATE_FORMAT")}

"""What an account foretells: certificates, permissions, space, and the canary of each hour.

While all is well they are words in the account's own line; trouble has a line of its own.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from django.urls import reverse_lazy
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.channels import condition as channels
from apps.channels.canary import BACK_WITHIN, Canary
from apps.channels.condition import AccountCondition
from apps.channels.forecast import CERTIFICATE_DAYS, Certificate, Permission, Quota
from config.condition.line import Cure, Line, size, span

MINUTES = 60
PATIENCE = {"lost": 0, "not-taken": 0, "not-fetched": 60 * MINUTES}  # seconds; by stage


def words_of(one: AccountCondition) -> str:
    """How far it has read, and what is not yet a trouble."""
    read = [_read(folder, uid) for folder, uid in one.read_up_to]
    calm = [_days_left(found) for found in one.certificates if not found.level]
    quota = [_used(one.quota)] if one.quota and not one.quota.level else []
    canary = [_way(one.canary)] if one.canary and not one.canary.failed else []
    return " ".join(dict.fromkeys((*read, *calm, *quota, *canary)))


def warnings(found: Iterable[AccountCondition]) -> Iterator[Line]:
    rows = list(found)
    lines = [*_secrets(rows), *(line for one in rows for line in _warnings(one))]
    yield from lines[: channels.SHOWN]


def _warnings(one: AccountCondition) -> Iterator[Line]:
    for certificate in [each for each in one.certificates if each.level][:1]:
        yield _certificate(one, certificate)
    if one.permission and one.permission.trouble and one.state == "off":
        yield _permission(one, one.permission)
    if one.permission and one.permission.unused_level:
        yield _unused(one, one.permission)
    if one.quota and one.quota.level:
        yield _quota(one, one.quota)
    if one.canary and one.canary.failed:
        yield _canary(one, one.canary)


def _read(folder: str, uid: int) -> str:
    return _("%(folder)s is read up to UID %(uid)d.") % {"folder": folder, "uid": uid}


def _open(one: AccountCondition, sentence: str) -> tuple[Cure]:
    page = reverse_lazy("admin:email_channels_emailaccount_change", args=[one.pk])
    return (Cure(sentence, page=page, page_name=_("Open the account")),)


# ---- permissions of OAuth -----------------------------------------------------------------------


def _secrets(found: Iterable[AccountCondition]) -> Iterator[Line]:
    """Once for each profile, however many accounts sign in through it."""
    for one in {one.permission.profile: one for one in found if one.permission}.values():
        if one.permission and one.permission.secret_until and one.permission.secret_level:
            yield _secret(one.permission, one.permission.secret_until)


def _secret(found: Permission, until: date) -> Line:
    left = found.secret_days or 0
    words = _("It ended on %(date)s: accounts that sign in through it fetch and send nothing.")
    if left >= 0:
        words = ngettext(
            "It ends in %(n)d day, on %(date)s; then its accounts fetch and send nothing.",
            "It ends in %(n)d days, on %(date)s; then its accounts fetch and send nothing.",
            left,
        )
    facts = {"n": left, "date": date_format(until, "DATE_FORMAT")}
    page = reverse_lazy("admin:email_channels_oauthprofile_change", args=[found.profile])
    sentence = _("Make a new secret at the provider, and type it and its last day there.")
    return Line(
        f"oauth-secret-{found.profile}",
        _("Secret of the OAuth profile %(name)s") % {"name": found.profile_name},
        "down" if left < 0 else "degraded",
        words % facts,
        cures=(Cure(sentence, page=page, page_name=_("Open the profile")),),
        level=found.secret_level,
    )


def _permission(one: AccountCondition, found: Permission) -> Line:
    """Of an account that fetches nothing now; another one says it in its own line."""
    name = _("Permission of the account %(name)s") % {"name": one.name}
    cures = _open(one, _("Press “Reconnect” there; answers that wait leave then."))
    key = f"oauth-{one.pk}"
    return Line(key, name, "down", found.trouble, found.failing_since, cures)


def _unused(one: AccountCondition, found: Permission) -> Line:
    name = _("Permission of the account %(name)s") % {"name": one.name}
    words = ngettext(
        "It was not used for long, and the provider forgets it in %(n)d day.",
        "It was not used for long, and the provider forgets it in %(n)d days.",
        max(found.unused_days or 0, 0),
    )
    fact = words % {"n": max(found.unused_days or 0, 0)}
    cures = _open(one, _("Test the connection; if that fails, press “Reconnect”."))
    key = f"oauth-unused-{one.pk}"
    return Line(key, name, "degraded", fact, cures=cures, level=found.unused_level)


# ---- certificates -------------------------------------------------------------------------------


def _days_left(found: Certificate) -> str:
    if not found.days:
        return _("The certificate of %(host)s ends within a day.") % {"host": found.host}
    words = ngettext(
        "The certificate of %(host)s lasts %(n)d more day.",
        "The certificate of %(host)s lasts %(n)d more days.",
        found.days,
    )
    return words % {"host": found.host, "n": found.days}


def _certificate(one: AccountCondition, found: Certificate) -> Line:
    words = _("%(left)s Its last day is %(date)s; then no mail comes or goes by it.")
    if found.days < 0:
        words = _("The certificate of %(host)s ended on %(date)s: no mail comes or goes by it.")
    facts = {
        "left": _days_left(found),
        "host": found.host,
        "date": date_format(localtime(found.until), "DATE_FORMAT"),
    }
    cures = _open(
        one,
        _(
            "Whoever runs that server has to renew it. “Save and test connection” looks at the new"
            " one at once."
        ),
    )
    return Line(
        f"certificate-{one.pk}",
        _("Certificate, account %(name)s") % {"name": one.name},
        "degraded" if found.days >= 0 else "down",
        words % facts,
        found.until - timedelta(days=CERTIFICATE_DAYS[0]),
        cures,
        level=found.level,
    )


# ---- space --------------------------------------------------------------------------------------


def _used(quota: Quota) -> str:
    """kB of RFC 9208 are 1,024 bytes."""
    facts = {"percent": quota.percent, "limit": size(quota.limit * 1024)}
    words = _("%(percent)d %% of %(limit)s on the server are used.") % facts
    if quota.full_in is None:
        return words
    full = ngettext("Full in about %(n)d day.", "Full in about %(n)d days.", quota.full_in)
    return f"{words} {full % {'n': quota.full_in}}"


def _quota(one: AccountCondition, quota: Quota) -> Line:
    full = quota.used >= quota.limit
    return Line(
        f"quota-{one.pk}",
        _("Space, account %(name)s") % {"name": one.name},
        "down" if full else "degraded",
        _used(quota) if not full else _("The mailbox is full: new mail is sent back to customers."),
        cures=_open(
            one,
            _(
                "Make room in the mailbox or have it enlarged. Under “After storing” mail can be"
                " deleted on the server by itself."
            ),
        ),
        level=quota.level,
    )


# ---- the canary ---------------------------------------------------------------------------------


def _way(canary: Canary) -> str:
    words = {
        "new": _("The first mail to itself leaves within a minute."),
        "away": _("A mail to itself is on its way for %(span)s."),
        "back": _("Its last mail to itself was back after %(span)s."),
        "not-taken": _("A mail to itself was begun %(span)s ago, then a process ended."),
        "not-fetched": _("A mail to itself left %(span)s ago, and nobody has fetched since."),
        "lost": _("A mail to itself left %(span)s ago and has not arrived."),
    }
    return words.get(canary.stage, "") % {"span": span(canary.seconds or 0)}


def _canary(one: AccountCondition, canary: Canary) -> Line:
    sentences = {
        "lost": _(
            "The mail left and did not arrive: look for it in the junk folder, and at the rules and"
            " forwardings of the mailbox. Does its address belong to this login?"
        ),
        "not-fetched": _("Fetching is what fails: the account's own line says why."),
        "not-taken": _("The next one leaves by itself. Was the worker stopped?"),
    }
    usual = _("Sending or the way back is broken: correct it, then “Save and test connection”.")
    return Line(
        f"canary-{one.pk}",
        _("Mail to itself, account %(name)s") % {"name": one.name},
        "degraded" if canary.stage == "not-fetched" else "down",
        " ".join(filter(None, (canary.sentence, _way(canary)))),
        canary.since,
        _open(one, sentences.get(canary.stage, usual)),
        patience=PATIENCE.get(canary.stage, int(BACK_WITHIN.total_seconds())),
    )

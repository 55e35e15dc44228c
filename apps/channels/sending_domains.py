"""What the DNS says of the domains that our mail comes from: looked up each day, kept, judged.

    name       one row for each domain of a mailbox's address
    found      every question of the last look-up with its answer; pages judge them anew
    stands     what did its work when it was last known: spf, dkim, dmarc, mx
    worse      what did and does no longer, since when; an alarm, until it stands again or a person
               says that it is meant so

Nothing of it decides anything: mail is sent whatever stands here.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import idna
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from apps.channels import probe
from apps.channels.dns_help.answers import Answer, Verdict, tags, unjson
from apps.channels.dns_help.names import wire_name
from apps.channels.dns_help.providers import BY_KEY, Provider, Sending, provider_of_host
from apps.channels.dns_help.verdicts import judge_all, why_not_asked
from apps.channels.lookalikes import PROVIDERS as FREE_PROVIDERS
from apps.channels.lookalikes import domain_of
from apps.channels.models import EmailAccount, InboundEmail, Mailbox, SendingDomain
from apps.channels.models.domains import SELECTOR
from apps.core import blobs
from apps.core.mime.headers import read_headers

KINDS = ("spf", "dkim", "dmarc", "mx")
EVERY = timedelta(days=1)
AGAIN_AFTER = timedelta(hours=1)  # where something got worse
AT_ONCE = 5  # a name server that hangs costs some seconds each
LATEST = 5  # mails of ours that came back, by account

Send = EmailAccount.Send
_DOMAIN = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){1,8}", re.ASCII)


# ---- which domains, and how their mail leaves ---------------------------------------------------


def keep_rows() -> None:
    """One row for each domain that a mailbox has; of two tasks both may do it."""
    named = {_name(address) for address in Mailbox.objects.values_list("address", flat=True)} - {""}
    known = set(SendingDomain.objects.values_list("name", flat=True))
    fresh = [SendingDomain(name=one) for one in sorted(named - known)]
    SendingDomain.objects.bulk_create(fresh, ignore_conflicts=True)
    if gone := known - named:
        SendingDomain.objects.filter(name__in=gone).delete()


def _name(address: str) -> str:
    """As servers know it; nothing for what no server could know."""
    try:
        return wire_name(domain_of(address))[:253]
    except idna.IDNAError:
        return ""


def sendings(rows: Iterable[SendingDomain]) -> dict[int, Sending]:
    """How mail of each leaves; one question, however many there are."""
    leaving: dict[str, list[EmailAccount]] = {}
    boxes = Mailbox.objects.filter(account__enabled=True).select_related("account")
    for box in boxes.order_by("pk"):
        leaving.setdefault(_name(box.address), []).append(box.account)
    return {row.pk: _sending(row, leaving.get(row.name, [])) for row in rows}


def _sending(row: SendingDomain, accounts: list[EmailAccount]) -> Sending:
    found = [_leaves_by(one) for one in accounts]
    providers = [one for one in found if isinstance(one, Provider)]
    hosts = [one for one in found if isinstance(one, str) and _is_public(one)]
    return Sending(
        row.name,
        tuple(dict.fromkeys(providers)),
        tuple(dict.fromkeys(hosts)),
        tuple(row.selectors),
        tuple((at, name) for at, name in row.found.get("seen", ())),
    )


def _leaves_by(account: EmailAccount) -> Provider | str:
    if account.send_kind == Send.ANYMAIL:
        return BY_KEY.get(account.provider, "")
    if account.send_kind == Send.SMTP:
        return provider_of_host(account.send_host) or account.send_host.lower()
    return ""


def _is_public(host: str) -> bool:
    """A name that others could look up, and no number."""
    return not why_not_asked(host) and not host.rpartition(".")[2].isdecimal() and ":" not in host


# ---- looking up ---------------------------------------------------------------------------------


def due() -> list[int]:
    return list(_due().order_by("asked_at").values_list("pk", flat=True)[:AT_ONCE])


def _due() -> QuerySet[SendingDomain]:
    old = Q(asked_at=None) | Q(asked_at__lte=Now() - EVERY)
    got_worse = ~Q(worse={}) & Q(asked_at__lte=Now() - AGAIN_AFTER)
    return SendingDomain.objects.filter(old | got_worse)


def look_up_if_due(pk: int) -> None:
    """Of two tasks one does it."""
    if _due().filter(pk=pk).update(asked_at=Now()):
        for row in SendingDomain.objects.filter(pk=pk):
            look_up(row)


def look_up(row: SendingDomain) -> None:
    """Asks outside, for some seconds at most, and must not be called in a transaction."""
    from apps.channels.dns_lookup import Questions  # here: a worker hardly ever asks the DNS

    seen = seen_selectors(row)
    row.found = {"seen": [list(one) for one in seen]}
    sending = sendings([row])[row.pk]
    asked = None if is_not_asked(row) else Questions()
    verdicts = judge_all(sending, asked) if asked else []
    if asked:
        row.found["answers"] = [one.as_json() for one in asked.answers.values()]
        row.found["servers"] = list(asked.servers)
    _note(row, verdicts)


def is_not_asked(row: SendingDomain) -> str:
    """A template that says why, or nothing."""
    return why_not_asked(row.name, FREE_PROVIDERS)


def _note(row: SendingDomain, verdicts: Iterable[Verdict]) -> None:
    now = timezone.now()
    before = SendingDomain.objects.filter(pk=row.pk).values("stands", "worse").first()
    if before is None:  # its last mailbox was deleted meanwhile
        return
    stands, worse = dict(before["stands"]), dict(before["worse"])
    for kind, stands_now in _standing(verdicts):
        if stands_now:
            worse.pop(kind, None)
        elif stands.get(kind):
            worse.setdefault(kind, now.isoformat())
        stands[kind] = stands_now
    row.stands, row.worse, row.asked_at = stands, worse, now
    row.looked_at = None if is_not_asked(row) else now
    row.save(update_fields=["found", "stands", "worse", "asked_at", "looked_at"])


def _standing(verdicts: Iterable[Verdict]) -> Iterator[tuple[str, bool]]:
    """Only what is known for sure. With the domain everything is gone."""
    for verdict in verdicts:
        if verdict.kind == "domain":
            yield from ((kind, False) for kind in KINDS)
        elif verdict.stands is not None:
            yield verdict.kind, verdict.stands


def accept(row: SendingDomain) -> None:
    """*It is meant so*: what got worse is how it shall be."""
    SendingDomain.objects.filter(pk=row.pk).update(worse={})


def worse_since(row: SendingDomain) -> list[tuple[str, datetime]]:
    """spf, dkim, dmarc or mx, each with the moment when it was first missed."""
    return [(kind, datetime.fromisoformat(row.worse[kind])) for kind in KINDS if kind in row.worse]


# ---- reading what was found ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """Asks the answers of the last look-up."""

    answers: dict[tuple[str, str], Answer]

    def __call__(self, name: str, kind: str) -> Answer:
        return self.answers.get((name, kind)) or Answer(name, kind, "unasked")


def verdicts_of(row: SendingDomain, sending: Sending) -> list[Verdict]:
    """In the language of whoever reads, and without the network."""
    if row.looked_at is None or is_not_asked(row):
        return []
    answers = map(unjson, row.found.get("answers", ()))
    return judge_all(sending, Kept({(one.name, one.kind): one for one in answers}))


# ---- selectors that our mail was seen with ------------------------------------------------------


def seen_selectors(row: SendingDomain) -> list[tuple[str, str]]:
    """Domain and selector of the signatures on test mails of ours that came back; nobody else can
    write such a mail (probe.py)."""
    boxes = Mailbox.objects.values_list("address", "account_id")
    accounts = {account for address, account in boxes if _name(address) == row.name}
    found: dict[tuple[str, str], None] = {}
    for raw in _came_back(accounts):
        headers, _end = read_headers(raw, 0, len(raw))
        if any(_name(one.strip("<> ")) == row.name for one in headers.all("from")[:1]):
            found |= dict.fromkeys(_signed_by(headers.all("dkim-signature")[:10]))
    return list(found)


def _came_back(accounts: Collection[int]) -> Iterator[bytes]:
    mails = InboundEmail.objects.filter(account__in=accounts, code=probe.CODE, raw__isnull=False)
    for mail in mails.select_related("raw").order_by("-id")[: LATEST * len(accounts)]:
        first: Any = mail.raw
        try:
            yield b"".join(blobs.pieces(first, range(min(first.size, probe.LOOKED_AT))))
        except OSError:  # its pack file is gone; the ledger's count tells of that
            continue


def _signed_by(fields: list[str]) -> Iterator[tuple[str, str]]:
    for field in fields:
        signature = tags(field)
        at, name = signature.get("d", "").lower(), signature.get("s", "").lower()
        if _DOMAIN.fullmatch(at) and SELECTOR.fullmatch(name):
            yield at, name

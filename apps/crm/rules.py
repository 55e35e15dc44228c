"""What may not be typed into a connection, whichever page or settings file does it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.hosts import is_permitted_host, web_host_problem
from apps.core.rules import Problem
from apps.crm import registry
from apps.crm.connections import stays_with
from apps.crm.kind_words import words_of
from apps.crm.merge_fields import MOST_FIELDS, problem_of
from apps.crm.models import CrmConnection

LONGEST_URL, LONGEST_NAME = 500, 200
ODD = re.compile(r"[\s\\\x00-\x1f\x7f]")


def connection_problems(row: CrmConnection) -> Iterator[Problem]:
    """ROW as it is about to be stored, its token sealed already."""
    if row.kind not in registry.kinds():
        yield "kind", _("%(kind)s is not available in this release.") % {"kind": row.kind}
        return
    yield from _address_problems(row)
    yield from _needed(row)
    if problem := senders_problem(row.sender_addresses):
        yield "sender_addresses", problem
    if problem := fields_problem(row.fields):
        yield "fields", problem


def _address_problems(row: CrmConnection) -> Iterator[Problem]:
    if not words_of(row.kind).url:
        return
    if problem := url_problem(row.url) or _moved(row):
        yield "url", problem


def _needed(row: CrmConnection) -> Iterator[Problem]:
    if words_of(row.kind).token and not row.token:
        yield "token", _("Type the token; nothing can be asked without it.")


def _moved(row: CrmConnection) -> str:
    """Tickets are where they are: another address is another CRM."""
    before = CrmConnection.objects.filter(pk=row.pk).first() if row.pk else None
    if before is None or before.url == row.url:
        return ""
    count = stays_with(before)
    if not count:
        return ""
    return ngettext(
        "%(n)d conversation has its ticket at %(url)s. Make a new connection for the new address:"
        " that conversation stays here.",
        "%(n)d conversations have their tickets at %(url)s. Make a new connection for the new"
        " address: those conversations stay here.",
        count,
    ) % {"n": count, "url": before.url}


# ---- the address ------------------------------------------------------------------------------


def tidy_url(url: str) -> str:
    return url.strip().rstrip("/")


def url_problem(url: str) -> str:
    """Of the CRM's address, as far as it can be judged without asking the network."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, a bracket left open
        fine = False
    if not fine or ODD.search(url):
        return _("Write it like https://crm.example.com.")
    if len(url) > LONGEST_URL:
        return _("At most %(n)d characters.") % {"n": LONGEST_URL}
    if parts.username or parts.password:
        return _("Leave out user and password: they have fields of their own.")
    if parts.query or parts.fragment:
        return _("Leave out everything from ? or # on.")
    host = parts.hostname or ""
    return web_host_problem(host) or _open_way(parts.scheme, host)


def _open_way(scheme: str, host: str) -> str:
    if scheme == "https" or is_permitted_host(host):
        return ""
    return _(
        "Begin with https://: over http:// everybody on the way could read the token. Only a"
        " number like 10.0.0.5 whose range CARTERIA_PRIVATE_HOSTS permits may do without."
    )


def goes_elsewhere(before: str, now: str) -> bool:
    """Would a token that is only kept be handed to whom it was not typed for?"""
    old, new = urlsplit(before), urlsplit(now)
    return (old.scheme, old.netloc.lower()) != (new.scheme, new.netloc.lower())


# ---- addresses that are the CRM's own ---------------------------------------------------------


def tidy_senders(addresses: Iterable[str]) -> list[str]:
    """Each once, as it was typed first."""
    found: dict[str, str] = {}
    for address in addresses:
        found.setdefault(address.strip().lower(), address.strip())
    return [address for address in found.values() if address]


def senders_problem(addresses: Any) -> str:
    for address in addresses or ():
        try:
            validate_email(address)
        except ValidationError:
            told = {"address": str(address)[:100]}
            return _("“%(address)s” is no email address; write it like name@example.com.") % told
    return ""


# ---- the ticket's own fields ------------------------------------------------------------------


def fields_problem(fields: Mapping[str, Any]) -> str:
    """Of what is stored, where no line can be named."""
    if len(fields) > MOST_FIELDS:
        return too_many(len(fields))
    seen: set[str] = set()
    for name, template in fields.items():
        if problem := field_problem(name, template, seen):
            return f"{name}: {problem}"
        seen.add(name.casefold())
    return ""


def field_problem(name: str, template: Any, seen: Iterable[str] = ()) -> str:
    """SEEN: the names before it, folded."""
    if not name.strip() or not isinstance(template, str):
        return _("Write it like Department = {QUEUE}.")
    if len(name) > LONGEST_NAME:
        return _("The name of a field has at most %(n)d characters.") % {"n": LONGEST_NAME}
    if name.casefold() in seen:
        return _("“%(name)s” stands here twice; keep one.") % {"name": name}
    if not name.isprintable() or not template.isprintable():
        return _("Line breaks and control characters cannot stay here.")
    return problem_of(template)


def too_many(count: int) -> str:
    told = {"most": MOST_FIELDS, "n": count}
    return _("At most %(most)d fields; there are %(n)d.") % told

"""What may not be typed into the settings of the channel, and what is allowed but looks odd."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from apps.channels import oauth_rules, pop3_rules
from apps.core.hosts import host_problem
from apps.core.rules import Problem

EmailAccount = Any  # models.py asks this module, so it cannot be imported here
HERE = ("localhost", "127.0.0.1", "[::1]", "::1")
CONTROLS = re.compile(r"[\x00-\x1f\x7f]")

# Port: side and encryption that go with it.
USUAL: dict[int, tuple[str, tuple[str, ...]]] = {
    993: ("receive", ("implicit",)),
    143: ("receive", ("starttls", "none")),
    465: ("send", ("implicit",)),
    587: ("send", ("starttls",)),
    25: ("send", ("starttls", "none")),
    110: ("pop3", ("starttls", "none")),
    995: ("pop3", ("implicit",)),
}
PORTS = {
    ("receive", "implicit"): 993,
    ("receive", "starttls"): 143,
    ("receive", "none"): 143,
    ("pop3", "implicit"): 995,
    ("pop3", "starttls"): 110,
    ("pop3", "none"): 110,
    ("send", "implicit"): 465,
    ("send", "starttls"): 587,
    ("send", "none"): 25,
}
SAFER = ("none", "starttls", "implicit")
WITHOUT_SERVER = ("none", "provider", "anymail")  # kinds of a side that signs in nowhere


# ---- the channel ------------------------------------------------------------------------------


def tidy_address(url: str) -> str:
    """Without the slash at its end: links are put together from it."""
    return url.strip().rstrip("/")


def address_problem(url: str) -> str:
    """Of the console's address: a scheme, a host, perhaps a port, and nothing behind them."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, a bracket left open
        fine = False
    if not fine:
        return _("Write it like https://support.example.com.")
    if parts.username or parts.password:
        return _("Leave out user and password: everybody who gets a link would read them.")
    if parts.path.strip("/") or parts.query or parts.fragment:
        return _("Only up to the host: leave out “%(rest)s”.") % {
            "rest": url.split(parts.netloc, 1)[1][:60]
        }
    return ""


def address_doubt(url: str) -> str:
    if url.startswith("http://") and urlsplit(url).hostname not in HERE:
        return _(
            "The console address begins with http://: passwords and mails travel readable for"
            " everybody on the way. Use https:// as soon as you can."
        )
    return ""


def zone_problem(name: str) -> str:
    if name in available_timezones():
        return ""
    return _("A name like Europe/Madrid is needed.")


# ---- accounts -----------------------------------------------------------------------------------


def account_problems(account: EmailAccount) -> Iterator[Problem]:
    for side in ("receive", "send"):
        kind = getattr(account, f"{side}_kind")
        if kind not in WITHOUT_SERVER:
            host = getattr(account, f"{side}_host")
            problem = host_problem(host) if host else _("Name the server; it is needed to connect.")
            if problem:
                yield f"{side}_host", problem
        elif kind == "none" and account.canary:
            sentence = _("The account has to send and to receive, or nothing could come back.")
            yield "canary", sentence
    yield from oauth_rules.account_problems(account)
    yield from _fetching_problems(account)
    yield from pop3_rules.account_problems(account)
    by_provider = account.receive_kind == "provider" or account.send_kind == "anymail"
    if by_provider and not account.provider:
        yield "provider", _("Choose the mail provider.")


def _fetching_problems(account: EmailAccount) -> Iterator[Problem]:
    if account.after == account.After.MOVE:
        if not account.after_folder:
            yield "after_folder", _("Name the folder to move mail to.")
        elif _same(account.after_folder) in map(_same, account.watched_folders):
            yield (
                "after_folder",
                _("Mail is fetched from this folder. Choose another, or it would come in again."),
            )
    if account.start == account.Start.DATE and not account.start_date:
        yield "start_date", _("Say from which day on.")
    if bad := [name for name in account.folders if CONTROLS.search(name)]:
        yield "folders", _("“%(name)s” is no name of a folder.") % {"name": bad[0][:60]}
    if CONTROLS.search(account.junk_folder):
        sentence = _("“%(name)s” is no name of a folder.")
        yield "junk_folder", sentence % {"name": account.junk_folder[:60]}


def _same(folder: str) -> str:
    """INBOX is the same in any case; other names are not."""
    return "INBOX" if folder.upper() == "INBOX" else folder


def leads_elsewhere(
    account: EmailAccount, typed: Mapping[str, Any], side: str, *, ports: bool = True
) -> bool:
    """Would what is TYPED hand the side's stored password to whom it was not meant for?"""

    def was(name: str) -> str:
        return str(getattr(account, f"{side}_{name}"))

    def now(name: str) -> str:
        return str(typed.get(f"{side}_{name}", was(name)))

    if not now("host") or (side == "send" and not now("user")):
        return False  # nobody is told it
    kept = ("user", "port") if ports else ("user",)
    moved = now("host").lower() != was("host").lower() or any(now(one) != was(one) for one in kept)
    return moved or SAFER.index(now("tls")) < SAFER.index(was("tls"))


def account_doubts(account: EmailAccount) -> Iterator[str]:
    for side, word in (("receive", _("Incoming mail")), ("send", _("Outgoing mail"))):
        if getattr(account, f"{side}_kind") not in WITHOUT_SERVER:
            for doubt in _side_doubts(account, side):
                yield f"{word}: {doubt}"
    yield from _webhook_doubts(account)
    if account.after == account.After.DELETE and account.receive_kind not in WITHOUT_SERVER:
        yield _("Mail is deleted on its server once it is stored: back up Carteria's data.")
    if account.copy_to_sent and account.receive_kind != "imap":
        yield _("No copy of sent mail is kept: the account has no incoming server by IMAP.")


def _webhook_doubts(account: EmailAccount) -> Iterator[str]:
    if account.receive_kind != "provider":
        return
    if account.provider == "mailgun" and not account.webhook_signing_key:
        yield _("Mailgun's signing key is missing: no mail is taken in without it.")
    if account.provider == "brevo" and not account.provider_key:
        yield _("Brevo's API key is missing: mails with files stay there until it is given.")


def _side_doubts(account: EmailAccount, side: str) -> Iterator[str]:
    host, port, tls, user = (
        getattr(account, f"{side}_{name}") for name in ("host", "port", "tls", "user")
    )
    if doubt := port_doubt(port_side(account, side), port, tls):
        yield doubt
    if tls == "none" and host not in HERE:
        yield _("without encryption, everybody on the way can read password and mail.")
    by_password = account.sign_in == account.SignIn.PASSWORD
    if by_password and user and not getattr(account, f"{side}_password"):
        yield _("there is a user, but no password.")


def port_side(account: EmailAccount, side: str) -> str:
    """As PORTS names it: POP3 has ports of its own."""
    return "pop3" if side == "receive" and account.receive_kind == "pop3" else side


def port_doubt(side: str, port: int, tls: str) -> str:
    """A hint, never a refusal: a server may stand where it likes. SIDE may be pop3."""
    usual = USUAL.get(port)
    if usual is None or (usual[0] == side and tls in usual[1]):
        return ""
    facts: dict[str, Any] = {"port": port, "usual": PORTS[side, tls]}
    if usual[0] == "pop3" != side:
        return _("port %(port)s is one of POP3; with this choice %(usual)s is usual.") % facts
    if (usual[0], side) == ("receive", "pop3"):
        return _("port %(port)s is one of IMAP; with this choice %(usual)s is usual.") % facts
    if usual[0] != side:
        other = _("port %(port)s is one for sending; %(usual)s is usual here.")
        if usual[0] == "receive":
            other = _("port %(port)s is one for receiving; %(usual)s is usual here.")
        return other % facts
    return _("port %(port)s does not go with this encryption; with it, %(usual)s is usual.") % facts


# ---- mailboxes ----------------------------------------------------------------------------------


def tidy_servers(names: Iterable[str]) -> list[str]:
    """Each once, as Authentication-Results writes them."""
    return list(dict.fromkeys(one.strip().strip(";").lower() for one in names if one.strip()))


def tidy_aliases(address: str, aliases: Iterable[str]) -> list[str]:
    """Each once, and the address itself not again."""
    known = {address.lower(): ""}
    for alias in aliases:
        known.setdefault(alias.strip().lower(), alias.strip())
    return [alias for alias in known.values() if alias]


def mailbox_problems(
    address: str, aliases: Iterable[str], taken: dict[str, str]
) -> Iterator[Problem]:
    """TAKEN: each address of the other mailboxes, and whose it is."""
    if other := taken.get(address.lower()):
        yield "address", _belongs(address, other)
    for alias in aliases:
        if not _is_address(alias):
            yield (
                "aliases",
                _("“%(alias)s” is no email address; write it like name@example.com.")
                % {"alias": alias[:100]},
            )
        elif other := taken.get(alias.lower()):
            yield "aliases", _belongs(alias, other)


WHOLE_DOMAIN = "*@"


def tidy_forms(senders: Iterable[str]) -> list[str]:
    """Each once, in small letters."""
    return list(dict.fromkeys(one.strip().lower() for one in senders if one.strip()))


def form_problems(senders: Iterable[str], *, needed: bool) -> Iterator[Problem]:
    """Of the addresses that web forms send from; NEEDED: the choice above asks for them."""
    known = list(senders)
    if needed and not known:
        yield (
            "form_senders",
            _("Name the addresses that your web forms send from, or choose otherwise above."),
        )
    for one in known:
        if not is_form_sender(one):
            sentence = _(
                "“%(sender)s” is neither an address like forms@shop.example nor a whole domain"
                " like *@shop.example."
            )
            yield "form_senders", sentence % {"sender": one[:100]}


def is_form_sender(text: str) -> bool:
    """An address, or *@ and a domain."""
    name = f"any{text[1:]}" if text.startswith(WHOLE_DOMAIN) else text
    return _is_address(name)


def _belongs(address: str, other: str) -> str:
    sentence = _(
        "%(address)s belongs to the mailbox %(mailbox)s already; take it away there first."
    )
    return sentence % {"address": address, "mailbox": other}


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True

"""Reports on our mails in plain words: the codes of RFC 3463 and its registry, and of SMTP."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.tickets.models import DeliveryReport

Kind = DeliveryReport.Kind

# By subject and detail (RFC 3463, 3; RFC 5248's registry); each fits behind "did not get it: ".
REASONS = {
    "1.0": gettext_lazy("the address was not accepted"),
    "1.1": gettext_lazy("there is no such mailbox"),
    "1.2": gettext_lazy("there is no such mail domain"),
    "1.3": gettext_lazy("the address is not written correctly"),
    "1.4": gettext_lazy("the address fits several mailboxes"),
    "1.6": gettext_lazy("the mailbox has moved and left no new address"),
    "1.7": gettext_lazy("our own address was not accepted"),
    "1.8": gettext_lazy("our own domain was not found"),
    "1.9": gettext_lazy("it was passed on to a server that could not take it"),
    "1.10": gettext_lazy("this address takes no mail"),  # RFC 7505, and Exchange: not found
    "2.0": gettext_lazy("something is wrong with the mailbox"),
    "2.1": gettext_lazy("the mailbox is switched off"),
    "2.2": gettext_lazy("the mailbox is full"),
    "2.3": gettext_lazy("the mail is too large for this mailbox"),
    "2.4": gettext_lazy("the mailing list could not pass it on"),
    "3.0": gettext_lazy("the server has a problem"),
    "3.1": gettext_lazy("the server is full"),
    "3.2": gettext_lazy("the server takes no mail at the moment"),
    "3.3": gettext_lazy("the server cannot handle this kind of mail"),
    "3.4": gettext_lazy("the mail is too large for the server"),
    "3.5": gettext_lazy("the server is set up wrongly"),
    "4.0": gettext_lazy("the network failed on the way"),
    "4.1": gettext_lazy("the server could not be reached"),
    "4.2": gettext_lazy("the connection broke off"),
    "4.3": gettext_lazy("the server's address could not be looked up"),
    "4.4": gettext_lazy("no way to the server was found"),
    "4.5": gettext_lazy("too much mail was on the way"),
    "4.6": gettext_lazy("it was forwarded in a circle"),
    "4.7": gettext_lazy("the servers tried for too long"),
    "5.0": gettext_lazy("the servers did not understand each other"),
    "5.3": gettext_lazy("it went to too many people at once"),
    "6.0": gettext_lazy("the server did not accept what is in it"),
    "6.1": gettext_lazy("the server does not accept this kind of content"),
    "6.7": gettext_lazy("the server cannot handle addresses in this script"),
    "7.0": gettext_lazy("the server refused it for its security"),
    "7.1": gettext_lazy("the server's rules refused it"),
    "7.2": gettext_lazy("we may not write to this mailing list"),
    "7.13": gettext_lazy("the mailbox is switched off"),
    "7.17": gettext_lazy("the mailbox belongs to somebody else now"),
    "7.18": gettext_lazy("the domain belongs to somebody else now"),
    "7.20": gettext_lazy("our mail's signature (DKIM) was missing or not accepted"),
    "7.21": gettext_lazy("our mail's signature (DKIM) was missing or not accepted"),
    "7.22": gettext_lazy("our mail's signature (DKIM) was missing or not accepted"),
    "7.23": gettext_lazy("our server may not send for our domain (SPF)"),
    "7.24": gettext_lazy("our domain's list of servers (SPF) could not be read"),
    "7.25": gettext_lazy("our server's name does not fit its address"),
    "7.26": gettext_lazy("our domain's checks (SPF, DKIM, DMARC) did not pass"),
    "7.27": gettext_lazy("our own domain takes no answers"),
    "7.28": gettext_lazy("too much mail came from us at once"),
}

# Where a server gives no code of the above (RFC 5321, 4.2.3; RFC 7504).
SMTP_REASONS = {
    421: gettext_lazy("the server takes no mail at the moment"),
    450: gettext_lazy("the mailbox is busy or not available"),
    451: gettext_lazy("the server has a problem"),
    452: gettext_lazy("the server or the mailbox is full"),
    521: gettext_lazy("its server takes no mail at all"),
    550: gettext_lazy("there is no such mailbox, or it takes no mail from us"),
    551: gettext_lazy("the mailbox is not there any more"),
    552: gettext_lazy("the mailbox is full"),
    553: gettext_lazy("the address was not accepted"),
    554: gettext_lazy("the server refused it"),
    556: gettext_lazy("its server takes no mail at all"),
}


def reason_of(report: DeliveryReport) -> str:
    """Why it did not arrive, or not yet: a few words with the code; empty if nobody says."""
    words = _by_status(report.status) or SMTP_REASONS.get(report.smtp_code or 0, "")
    code = report.status or str(report.smtp_code or "")
    if not words:
        return _("the server says only %(code)s") % {"code": code} if code else ""
    return _("%(reason)s (%(code)s)") % {"reason": words, "code": code}


def _by_status(status: str) -> str:
    """A detail that we do not know still has its subject: 5.2.99 is about the mailbox."""
    _class, _dot, rest = status.partition(".")
    words = REASONS.get(rest) or REASONS.get(rest.partition(".")[0] + ".0")
    return str(words) if words else ""


def word_of(report: DeliveryReport) -> str:
    return {
        Kind.HARD: _("Not delivered"),
        Kind.SOFT: _("Not delivered"),
        Kind.DELAYED: _("Delayed"),
        Kind.DELIVERED: _("Delivered"),
        Kind.READ: _("Read"),
        Kind.COMPLAINT: _("Reported as unwanted"),
        Kind.OPTED_OUT: _("Wants no more mail"),
    }[Kind(report.kind)]


def sentence_of(report: DeliveryReport) -> str:
    """Beside the recipient, on the mail that it tells of."""
    why = reason_of(report)
    if report.kind == Kind.SOFT:
        again = _("It may be worth sending it again later.")
        return f"{capfirst(why)}. {again}" if why else again
    if report.kind == Kind.DELAYED:
        still = _("The server keeps trying.")
        return f"{capfirst(why)}. {still}" if why else still
    if report.kind == Kind.HARD:
        return f"{capfirst(why)}." if why else _("The server does not say why.")
    if report.kind == Kind.COMPLAINT:
        return _("Somebody there said that this mail was not wanted.")
    if report.kind == Kind.OPTED_OUT:
        return _("Somebody there asked your mail provider to send nothing more.")
    return ""


def event_of(report: DeliveryReport, sent_at: datetime) -> str:
    """In the history of the session, where the mail has to be named."""
    told = {
        "who": report.recipient or _("Somebody"),
        "at": _clock(sent_at, report.at),
        "reason": reason_of(report),
    }
    if report.kind in (Kind.HARD, Kind.SOFT) and not told["reason"]:
        return _("%(who)s did not get the mail of %(at)s.") % told
    return {
        Kind.HARD: _("%(who)s did not get the mail of %(at)s: %(reason)s."),
        Kind.SOFT: _("%(who)s did not get the mail of %(at)s: %(reason)s."),
        Kind.DELAYED: _("The mail of %(at)s is still on its way to %(who)s."),
        Kind.DELIVERED: _("The mail of %(at)s was delivered to %(who)s."),
        Kind.READ: _("%(who)s has read the mail of %(at)s."),
        Kind.COMPLAINT: _("%(who)s reported the mail of %(at)s as unwanted."),
        Kind.OPTED_OUT: _("%(who)s wants no more mail, the provider says after that of %(at)s."),
    }[Kind(report.kind)] % told


def _clock(sent_at: datetime, told_at: datetime) -> str:
    """The hour; on another day, that day before it."""
    sent, told = timezone.localtime(sent_at), timezone.localtime(told_at)
    return date_format(sent, "H:i" if sent.date() == told.date() else "j M, H:i")


def doubt_event_of(facts: dict[str, Any]) -> str:
    """How a mail that nobody knew of whether it arrived came out of doubt; who decided it, if a
    person did, stands beside the sentence."""
    outcome, evidence = facts.get("outcome"), facts.get("evidence")
    if outcome == "resend":
        if evidence == "setting":
            return _("The server fell silent; it is sent once more, as the account is set.")
        return _("A mail in doubt is sent again, with the same Message-ID.")
    if evidence == "sent-folder":
        told = {"folder": facts.get("said", "")}
        return _("A mail in doubt has arrived: it lies in the folder “%(folder)s”.") % told
    return {
        "report": _("A mail in doubt was taken by the server: a report on it has come."),
        "answer": _("A mail in doubt has arrived: somebody has answered it."),
        "provider": _("A mail in doubt has arrived: the provider says so."),
    }.get(str(evidence), _("A mail in doubt was marked as arrived."))

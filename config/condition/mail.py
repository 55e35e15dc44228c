"""The mail's own way: the switch, accounts, the scanner, and everything that waits."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.agents.condition import doubted_contacts
from apps.attachments.rescan import found_infected_later
from apps.attachments.scanner import Diagnosis
from apps.attachments.screen import files_waiting, last_verdict
from apps.channels import condition as channels
from apps.channels.condition import AccountCondition
from apps.channels.models import ChannelSettings
from apps.core.health import Backlog
from apps.tickets.condition import in_doubt_and_failed, not_yet_sent, unassigned
from config.condition import forecasts
from config.condition.line import Cure, Line, State, span, waits

MINUTE, HOUR = 60, 3600
FAILURES = 3  # so many in a row are an alarm at once
AT_ONCE = ("oauth-revoked", "oauth-secret")  # codes that nobody but a person cures


def switch(channel: ChannelSettings) -> Iterator[Line]:
    name = _("Email channel")
    page = reverse_lazy("admin:email_channels_channelsettings_change", args=[channel.pk])
    if channel.enabled:
        fact = _("On. Links lead to %(url)s.") % {"url": channel.external_url}
        yield Line("channel", name, "ok", fact)
        return
    fact = _("Off: nothing is fetched, given to agents or answered. Queued answers still leave.")
    sentence = _("Switch it on when accounts, queues and members are in place.")
    if not channel.external_url:
        sentence = _("Fill in the console address, then switch the channel on.")
    cure = Cure(sentence, page=page, page_name=_("Open the channel's settings"))
    yield Line("channel", name, "off", fact, cures=(cure,))


# ---- accounts -----------------------------------------------------------------------------------


def accounts(found: list[AccountCondition]) -> Iterator[Line]:
    if not found:
        page = reverse_lazy("admin:email_channels_emailaccount_add")
        cure = Cure(_("Add the first one."), page=page, page_name=_("Add an account"))
        yield Line("account", _("Accounts"), "off", _("There is none in use."), cures=(cure,))
    for one in found[: channels.SHOWN]:
        yield _account(one)
    if rest := found[channels.SHOWN :]:
        fact = ngettext("%(n)d more account.", "%(n)d more accounts.", len(rest))
        yield Line("account-more", _("And"), rest[0].state, fact % {"n": len(rest)})


def _account(one: AccountCondition) -> Line:
    name = _("Account %(name)s") % {"name": one.name}
    told = (_fetched(one), _trouble(one), _next_try(one), forecasts.words_of(one))
    fact = " ".join(filter(None, told))
    since = one.last_fetched_at if one.state in ("degraded", "down") else None
    cures = _account_cures(one) if since or one.state in ("degraded", "down") else ()
    return Line(f"account-{one.pk}", name, one.state, fact, since, cures, patience=_patience(one))


def _patience(one: AccountCondition) -> int:
    """Seconds: one that asks us to go slower is right for a while; three failures are enough."""
    if one.code == "throttled":
        return HOUR
    return 0 if one.failures >= FAILURES or one.code in AT_ONCE else 15 * MINUTE


def _fetched(one: AccountCondition) -> str:
    if not one.receives:
        return _("Only sends.")
    facts = {"every": span(one.every), "lag": span(one.lag or 0)}
    if not one.fetches:
        brought = _("Its provider brings the mail; the last one came %(lag)s ago.") % facts
        return _("Its provider brings the mail; none came yet.") if one.lag is None else brought
    if one.lag is None:
        return _("Never fetched; it looks every %(every)s.") % facts
    return _("Fetched %(lag)s ago; it looks every %(every)s.") % facts


def _trouble(one: AccountCondition) -> str:
    if not one.failures:
        return one.sentence
    times = ngettext("%(n)d failure in a row.", "%(n)d failures in a row.", one.failures)
    return f"{one.sentence} {times % {'n': one.failures}}"


def _next_try(one: AccountCondition) -> str:
    if not one.failures or not one.fetches:
        return ""
    if one.next_try_in <= 0:
        return _("The next try is due.")
    return _("Next try in %(span)s.") % {"span": span(one.next_try_in)}


def _account_cures(one: AccountCondition) -> tuple[Cure, ...]:
    page = reverse_lazy("admin:email_channels_emailaccount_change", args=[one.pk])
    sentences = {
        "": _("It is late. Is the worker or beat down? Else test the connection."),
        "throttled": _("The server asks us to go slower. If it stays so, look less often."),
        "wrong-key": _("Put the former CARTERIA_KEY back, or type the password again."),
        "oauth-revoked": _("Press “Reconnect” there and sign in; it goes on where it stopped."),
        "internal": _("The worker's log names the error. Test the connection."),
    }
    usual = _("Correct it, then press “Save and test connection”.")
    sentence = sentences.get(one.code, usual)
    return (Cure(sentence, page=page, page_name=_("Open the account")),)


def reply_addresses(found: Iterable[AccountCondition]) -> Iterator[Line]:
    """Only when there is something to say: the token is a help, and off for most."""
    lost = channels.reply_addresses_lost() if any(one.lost_reply_address for one in found) else []
    for one in lost:
        name = _("Reply address of %(address)s") % {"address": one.address}
        why = _("The token is switched off: %(why)s") % {"why": _(one.reply_token_sentence)}
        rest = _("Answers still find their conversation by Message-ID.")
        page = reverse_lazy("admin:email_channels_mailbox_change", args=[one.pk])
        sentence = _("Ask the provider why name+token@ does not arrive, then try again there.")
        cure = Cure(sentence, page=page, page_name=_("Open the mailbox"))
        yield Line(
            f"reply-address-{one.pk}",
            name,
            "down",
            f"{why} {rest}",
            one.reply_token_asked_at,
            (cure,),
        )


# ---- files --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ScannerAnswer:
    """What the scanner said; `asked_for` is how long an open question has waited."""

    diagnosis: Diagnosis | None
    asked_for: float = 0.0


SLOW_AFTER = 5.0  # seconds: the first question also proves that it finds a virus


def scanner(answer: ScannerAnswer) -> Iterator[Line]:
    found = answer.diagnosis
    if found is None:
        yield _no_answer_yet(answer.asked_for)
        return
    since = last_verdict() if found.state == "down" else None
    fact = " ".join(filter(None, (_scanner_fact(found), _engine(found))))
    yield Line("scanner", _("Virus scanner"), found.state, fact, since, _scanner_cures(found))


def _no_answer_yet(asked_for: float) -> Line:
    state: State = "down" if asked_for > SLOW_AFTER else "degraded"
    fact = _("No answer for %(span)s. Files wait, mail does not.") % {"span": span(asked_for)}
    return Line("scanner", _("Virus scanner"), state, fact, cures=_start_scanner())


def _scanner_fact(found: Diagnosis) -> str:
    words = {
        "": _("Answers and finds the test virus."),
        "not-set": _("None is set. Files wait, mail does not."),
        "silent": _("Does not answer. Files wait, mail does not."),
        "no-signatures": _("Down: no signatures. Files wait, mail does not."),
        "test-signatures": _("Knows the test virus only: real viruses are called clean."),
        "old-signatures": _("Its signatures are older than 3 days: new viruses pass."),
        "AlertExceedsMax": _(
            "It would not say which files it did not read whole: documents and archives wait."
        ),
        "AlertEncrypted": _(
            "It would not say which files it cannot open: documents and archives wait."
        ),
    }
    return words.get(found.code, _("It gives no verdict. Files wait, mail does not."))


def _engine(found: Diagnosis) -> str:
    engine = found.engine
    if engine is None or not engine.signature_version:
        return engine.name + "." if engine else ""
    if engine.signed_at is None:
        return _("%(engine)s, signatures %(version)s.") % {
            "engine": engine.name,
            "version": engine.signature_version,
        }
    return _("%(engine)s, signatures %(version)s of %(date)s, %(age)s old.") % {
        "engine": engine.name,
        "version": engine.signature_version,
        "date": date_format(engine.signed_at, "DATE_FORMAT"),
        "age": span((datetime.now(UTC) - engine.signed_at).total_seconds()),
    }


def _scanner_cures(found: Diagnosis) -> tuple[Cure, ...]:
    option = Cure(_("Add to clamd.conf, then restart clamd:"), f"{found.code} yes")
    fetch = Cure(_("Fetch ClamAV's signatures, then restart clamd:"), "freshclam")
    test = Cure(_("Take this out of the environment, run freshclam, and start again:"))
    cures = {
        "": (),
        "not-set": _start_scanner(),
        "silent": _start_scanner(),
        "no-signatures": (fetch,),
        "test-signatures": (Cure(test.sentence, "CARTERIA_TEST_SIGNATURES"),),
        "old-signatures": (
            Cure(_("Let freshclam run always:"), "systemctl enable --now clamav-freshclam"),
        ),
        "AlertExceedsMax": (option,),
        "AlertEncrypted": (option,),
    }
    return cures.get(found.code, (Cure(_("Restart clamd:"), "systemctl restart clamav-daemon"),))


def _start_scanner() -> tuple[Cure, ...]:
    return (
        Cure(
            _("Install ClamAV; `up` starts it within half a minute:"),
            "apt-get install -y clamav-daemon clamav-freshclam",
        ),
        Cure(_("Is it installed? Start it, or name yours in CLAMD_ADDRESS:"), _start_clamd()),
    )


def _start_clamd() -> str:
    return "systemctl start clamav-daemon"


def test_signatures_used(answer: ScannerAnswer) -> bool:
    """Real viruses are called clean: this stands above everything."""
    found = answer.diagnosis
    if not settings.TEST_SIGNATURES or found is None:
        return False
    return found.engine is not None and not found.engine.signature_version


def files() -> Iterator[Line]:
    found = files_waiting()
    cure = Cure(_("They are scanned by themselves as soon as worker and scanner work."))
    yield backlog("files", _("Files to be scanned"), found, late=10 * MINUTE, cures=(cure,))


def found_later() -> Iterator[Line]:
    """Only when there is something to say."""
    found = found_infected_later()
    if not found.count:
        return
    fact = ngettext(
        "%(n)d in the last 7 days, by newer signatures; it was clean before.",
        "%(n)d in the last 7 days, by newer signatures; they were clean before.",
        found.count,
    ) % {"n": found.count}
    page = format_lazy(
        "{}?after=infected", reverse_lazy("admin:attachments_verdictchange_changelist")
    )
    sentence = _("They are locked away now. Whoever saved one before should delete it.")
    cure = Cure(sentence, page=page, page_name=_("Open the list"))
    name = _("Files found infected later")
    yield Line("found-later", name, "degraded", fact, found.oldest, (cure,), kind="work")


# ---- what waits ---------------------------------------------------------------------------------


def waiting(*, channel_on: bool) -> Iterator[Line]:
    yield _received(channel_on=channel_on)
    yield _unassigned(channel_on=channel_on)
    yield _sending()
    unknown, failed = in_doubt_and_failed()
    yield _unknown(unknown)
    yield _not_arrived(failed)


def _received(*, channel_on: bool) -> Line:
    name = _("Mail to be taken in")
    found = channels.not_taken_in()
    if not channel_on:
        return Line("received", name, "off", waits(found), found.oldest, kind="work")
    cure = Cure(_("The worker does it. If it runs, its log names the error."))
    return backlog("received", name, found, late=2 * MINUTE, very_late=HOUR, cures=(cure,))


def _unassigned(*, channel_on: bool) -> Line:
    name = _("Sessions that nobody was given")
    found = unassigned()
    if not channel_on:
        return Line("unassigned", name, "off", waits(found), found.oldest, kind="work")
    page = reverse_lazy("admin:queues_queue_changelist")
    sentence = _("Nobody in these queues takes mail now, or all are full: members, capacity.")
    cure = Cure(sentence, page=page, page_name=_("Open the queues"))
    return backlog("unassigned", name, found, late=HOUR, cures=(cure,))


def _sending() -> Line:
    cure = Cure(_("Look at the account's outgoing server; each message says why it waits."))
    name = _("Answers to be sent")
    return backlog(
        "sending", name, not_yet_sent(), late=10 * MINUTE, very_late=2 * HOUR, cures=(cure,)
    )


def _unknown(found: Backlog) -> Line:
    name = _("Answers that may have arrived or not")
    if not found.count:
        return Line("unknown", name, "ok", _("None in the last 7 days."), kind="work")
    fact = ngettext(
        "%(n)d in the last 7 days: the server fell silent at the end.",
        "%(n)d in the last 7 days: the server fell silent at the end.",
        found.count,
    ) % {"n": found.count}
    sentence = _(
        "They are never sent again by themselves, unless their account is set so. The folder of"
        " sent mail is asked; in the conversation, somebody may say “It arrived” or send it again."
    )
    return Line("unknown", name, "degraded", fact, found.oldest, (Cure(sentence),), kind="work")


def _not_arrived(found: Backlog) -> Line:
    name = _("Answers that did not arrive")
    if not found.count:
        return Line("failed", name, "ok", _("None that waits for somebody."), kind="work")
    fact = ngettext(
        "%(n)d in the last 7 days, and nothing was written since.",
        "%(n)d in the last 7 days, and nothing was written since.",
        found.count,
    ) % {"n": found.count}
    sentence = _(
        "Each opened its session again, on top of the list: “Edit and resend” corrects the address."
    )
    return Line("failed", name, "degraded", fact, found.oldest, (Cure(sentence),), kind="work")


def quarantine() -> Iterator[Line]:
    found = channels.in_quarantine()
    page = reverse_lazy("admin:email_channels_quarantinedemail_changelist")
    name = _("Quarantine")
    if not found.count:
        yield Line("quarantine", name, "ok", _("Empty."), kind="work")
        return
    cure = Cure(_("Somebody has to look at them."), page=page, page_name=_("Open the quarantine"))
    fact = waits(found)
    yield Line("quarantine", name, "degraded", fact, found.oldest, (cure,), kind="work")


def contacts() -> Iterator[Line]:
    name = _("Calls and chats without an end")
    found = doubted_contacts()
    if not found.count:
        yield Line("contacts", name, "ok", _("None."), kind="work")
        return
    fact = ngettext(
        "%(n)d: its agent counts as busy.", "%(n)d: their agents count as busy.", found.count
    ) % {"n": found.count}
    page = reverse_lazy("admin:agents_agent_changelist")
    sentence = _("A supervisor ends it on the agent's page. Does the call system send “leave”?")
    cure = Cure(sentence, page=page, page_name=_("Open the agents"))
    yield Line("contacts", name, "degraded", fact, found.oldest, (cure,), kind="work")


def backlog(
    key: str,
    name: str,
    found: Backlog,
    *,
    late: float,
    cures: tuple[Cure, ...],
    very_late: float = float("inf"),
) -> Line:
    """Fine while the oldest has not waited for LATE seconds."""
    if not found.count or found.oldest is None:
        return Line(key, name, "ok", waits(found), kind="work")
    age = (timezone.now() - found.oldest).total_seconds()
    oldest = _("The oldest for %(span)s.") % {"span": span(age)}
    fact = f"{waits(found)} {oldest}"
    if age < late:
        return Line(key, name, "ok", fact, kind="work")
    return Line(
        key,
        name,
        "down" if age >= very_late else "degraded",
        fact,
        found.oldest,
        cures,
        kind="work",
    )

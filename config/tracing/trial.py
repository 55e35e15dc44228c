"""The dry run of one mail in steps: what intake would decide today, by intake's own functions.

Nothing is written: the database is asked in a mode in which it refuses to.
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.attachments.decide import Decision
from apps.attachments.models import Verdict
from apps.channels.models import InboundEmail
from apps.channels.parsed import Address, ParsedEmail, ParsedFile
from apps.channels.parsing.quotes import visible_reply
from apps.crm.models import TicketUpdate
from apps.queues.models import Queue
from apps.queues.routing import line_of
from apps.tickets.assignment import why_given, why_waiting
from apps.tickets.dry_run import Decisions, Trial, try_out
from apps.tickets.models import Session
from apps.tickets.placing import Placed
from apps.tickets.reading import words_of
from apps.tickets.threading.placement import facts_of
from apps.tickets.threading.words import sentence
from config.mailcheck import MailCheck, mail_check
from config.tracing.steps import (
    Step,
    Table,
    Tone,
    confidence_of,
    facts,
    joined,
    signals_of,
    size_of,
    yes_or_no,
)

MOST_TEXT = 20_000  # characters shown
MOST_FILES = 100

Status, Kind = InboundEmail.Status, TicketUpdate.Kind


def try_mail(raw: bytes, *, to: str = "") -> list[Step]:
    """The steps of a mail that would come now; TO is a mailbox that it is given to."""
    with mail_check(to) as check:
        trial = try_out(raw, to=to, with_database=check.with_database)
        return list(_steps(raw, trial, check))


def _steps(raw: bytes, trial: Trial, check: MailCheck) -> Iterator[Step]:
    mail = trial.mail
    if mail is None:
        yield _outcome(raw, trial)
        return
    yield _headers(mail)
    yield _nature(mail)
    yield _outcome(raw, trial)
    yield from _decided(trial)
    if mail.files:
        yield _files(mail, check)
    yield _words(mail)


def _outcome(raw: bytes, trial: Trial) -> Step:
    stored = trial.disposition == Status.STORED
    decision = trial.sentence or _("It would be stored.")
    about = facts(
        (_("Outcome"), Status(trial.disposition).label),
        (_("Reason"), trial.reason),
        (_("Size"), size_of(len(raw))),
    )
    return Step("outcome", _("Outcome"), decision, about, tone="ok" if stored else "danger")


# ---- what the mail says -------------------------------------------------------------------


def _headers(mail: ParsedEmail) -> Step:
    about = facts(
        (_("From"), _people(mail.froms)),
        (_("To"), _people(mail.to)),
        (_("Cc"), _people(mail.cc)),
        (_("Reply-To"), _people(mail.reply_to)),
        (_("Delivered to"), joined(mail.delivered_to)),
        (_("Date"), mail.date.isoformat(" ") if mail.date else ""),
        (_("Message-ID"), mail.message_id),
        (_("In reply to"), mail.in_reply_to),
        (_("References"), joined(mail.references)),
        (_("Forwarded from"), _people([mail.forwarded_from] if mail.forwarded_from else ())),
    )
    return Step("headers", _("Read"), mail.subject or _("no subject"), about)


def _people(addresses: tuple[Address, ...] | list[Address]) -> str:
    return joined(f"{one.name} <{one.email}>" if one.name else one.email for one in addresses)


def _nature(mail: ParsedEmail) -> Step:
    """Why something automatic would or would not be sent to it."""
    kinds = [
        word
        for word, is_so in (
            (_("an automatic answer"), mail.is_auto_reply),
            (_("list or bulk mail"), mail.is_list),
            (_("a report that a mail did not arrive"), mail.is_bounce),
            (_("a receipt"), mail.is_receipt),
            (_("a complaint"), bool(mail.feedback_type)),
            (_("sent with an empty return path"), mail.null_return_path),
        )
        if is_so
    ]
    bounce = mail.bounce
    about = facts(
        (_("Did not reach"), joined(bounce.recipients) if bounce else ""),
        (_("Delayed for"), joined(bounce.delayed) if bounce else ""),
        (_("Code"), bounce.status if bounce else ""),
        (_("Signed or encrypted"), mail.secured),
        (_("Odd in its structure"), joined(mail.oddities)),
        (_("Cut"), yes_or_no(True) if mail.is_cut else ""),
    )
    decision = _("It is %(kinds)s: nothing automatic answers it.") % {"kinds": joined(kinds)}
    plain = _("A person wrote it, as far as its headers tell.")
    return Step("nature", _("Kind"), decision if kinds else plain, about)


def _words(mail: ParsedEmail) -> Step:
    text = words_of(mail)
    new = visible_reply(mail.text or text, mail.html)
    folded = len(text.strip()) - len(new)
    said = ngettext(
        "%(count)d character of earlier mail is folded away.",
        "%(count)d characters of earlier mail are folded away.",
        max(folded, 0),
    )
    decision = said % {"count": folded} if folded > 0 else _("All of it is new.")
    return Step("text", _("Text"), decision, text=new[:MOST_TEXT], tone="quiet")


def _files(mail: ParsedEmail, check: MailCheck) -> Step:
    files = mail.files[:MOST_FILES]
    checked = list(check.pool.map(check.name_and_decision, files))
    decisions = [decision for _name, decision in checked]
    heads = (_("File"), _("Size"), _("Declared type"), _("Verdict"), _("Reason"))
    rows = tuple(
        _file_row(file, name, decision)
        for file, (name, decision) in zip(files, checked, strict=True)
    )
    stopped = sum(one.verdict not in (Verdict.CLEAN, Verdict.WAITING) for one in decisions)
    said = ngettext(
        "%(count)d file would be stopped.", "%(count)d files would be stopped.", stopped
    )
    waits = any(one.verdict == Verdict.WAITING for one in decisions)
    tone: Tone = "danger" if stopped else "warn" if waits else "ok"
    decision = said % {"count": stopped} if stopped else _("No file would be stopped.")
    return Step("files", _("Files"), decision, (), Table(heads, rows), tone=tone)


def _file_row(file: ParsedFile, name: str, decision: Decision) -> tuple[str, ...]:
    word = str(Verdict(decision.verdict).label)
    return name, size_of(len(file.content)), file.content_type, word, decision.reason


# ---- what intake would decide -------------------------------------------------------------


def _decided(trial: Trial) -> Iterator[Step]:
    if trial.decisions is None or trial.placed is None:
        return
    yield _place(trial.placed, trial.decisions)
    yield _session(trial.placed)
    yield _agent(trial.placed.session)
    yield _answer(trial.decisions)
    yield _crm(trial.decisions)


def _place(placed: Placed, decisions: Decisions) -> Step:
    placement = facts_of(placed.place)
    about = facts(
        (_("Mailbox"), decisions.mailbox),
        (_("Queue"), decisions.queue),
        (_("Conversation"), _("a new conversation") if placed.place.new else decisions.thread[5:]),
    )
    return Step(
        "place",
        _("Conversation"),
        sentence(placement),
        (*about, *confidence_of(placement)),
        signals_of(placement),
        tone="warn" if placement.get("flags") else "ok",
    )


def _session(placed: Placed) -> Step:
    session = placed.session
    if session._state.adding:
        return Step("session", _("Session"), _("A new session would begin."))
    about = facts((_("Session"), session.public_id), (_("Status"), session.get_status_display()))
    return Step("session", _("Session"), _("It would lie in a session that is here."), about)


def _agent(session: Session) -> Step:
    """By today's states and loads, as if nobody else waited."""
    if session.agent is not None:
        said = _("It stays with %(agent)s.") % {"agent": session.agent.name}
        return Step("agent", _("Agent"), said)
    automatic = session.queue.routing == Queue.Routing.AUTOMATIC
    choice = line_of(session.queue).choose_agent() if automatic else None
    if choice is None:
        return Step("agent", _("Agent"), why_waiting(session.queue), tone="quiet")
    return Step("agent", _("Agent"), why_given(choice))


def _answer(decisions: Decisions) -> Step:
    said = decisions.auto_response
    title = _("Automatic answer")
    if said is None:
        return Step("answer", title, _("Its queue sends none."), tone="quiet")
    would = _("An automatic answer would be sent.") if said.send else said.because
    return Step("answer", title, would, tone="ok" if said.send else "quiet")


def _crm(decisions: Decisions) -> Step:
    kinds = dict(Kind.choices)
    rows = tuple(
        (str(kinds[Kind(one.kind)]), _("a new ticket") if one.ticket == "new" else one.ticket)
        for one in decisions.crm
    )
    if not rows:
        return Step("crm", _("CRM"), _("The CRM would not be told anything."), tone="quiet")
    said = ngettext("%(count)d entry would be made.", "%(count)d entries would be made.", len(rows))
    table = Table((_("What"), _("Ticket")), rows)
    return Step("crm", _("CRM"), said % {"count": len(rows)}, (), table)

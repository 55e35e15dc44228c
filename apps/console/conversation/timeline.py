"""What happened to a session, one sentence each, told again from the stored facts.

A sentence that a row keeps is in the language of whoever moved the session; from the facts it is
made again in the reader's. Who did it stands beside it and not in it. What the facts do not say is
told in the words that were stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NotRequired, TypedDict

from django.utils.translation import gettext as _

from apps.agents.models import Agent
from apps.attachments.models import Attachment
from apps.channels.lookalikes import visible
from apps.console.conversation.regrouped import WayJson, ways_of
from apps.console.desk.rows import moment
from apps.crm.models import TicketUpdate
from apps.queues.models import Queue
from apps.queues.routing import Choice
from apps.tickets.assignment import why_given
from apps.tickets.automatic import words as auto_response_words
from apps.tickets.delivery_words import doubt_event_of, event_of
from apps.tickets.models import DeliveryReport, Message, Session, SessionEvent, ThreadPdf
from apps.tickets.regrouping import words as regrouping_words

Kind, Status = SessionEvent.Kind, Session.Status

ICONS = {
    Kind.ASSIGNED: "users",
    Kind.RELEASED: "inbox",
    Kind.QUEUE: "transfer",
    Kind.JOINED: "mail",
    Kind.RAW_READ: "eye",
    Kind.FOUND_LATER: "shield-x",
    Kind.SENT_ANYWAY: "alert",
    Kind.UNDONE: "reply",
    Kind.AUTO_ANSWER: "mail",
    Kind.LOOP: "alert",
    Kind.DRAFT: "reply",
    Kind.CUSTOMER: "users",
    Kind.REGROUPED: "stack",
    Kind.DELIVERY: "send",
}


class EventJson(TypedDict):
    id: str
    icon: str
    at: str
    by: str | None
    sentence: str
    way: NotRequired[WayJson]  # of mails that came or went


@dataclass(frozen=True, slots=True)
class Names:
    """Of what events name by its key, as they are called today; what is gone has none."""

    agents: dict[str, Agent]
    queues: dict[str, str]
    files: dict[int, str]
    ways: dict[int, WayJson]


def timeline_of(
    session: Session, updates: Iterable[TicketUpdate], messages: Iterable[Message] = ()
) -> list[EventJson]:
    """Oldest first; UPDATES for the CRM are those about this session, MESSAGES those of its whole
    conversation with their reports."""
    events = list(session.events.select_related("by").order_by("id"))
    names = _names(events)
    told = [(event.at, _event(event, names)) for event in events]
    told += _crm_events(updates)
    told += _pdf_events(session)
    told += _report_events(session, messages)
    return [event for _at, event in sorted(told, key=lambda one: one[0])]


def _names(events: Sequence[SessionEvent]) -> Names:
    agents: set[int] = set()
    queues: set[int] = set()
    for event in events:
        pks = {int(one) for one in (event.before, event.after) if one.isdigit()}
        if event.kind in (Kind.ASSIGNED, Kind.RELEASED):
            agents |= pks
        elif event.kind == Kind.QUEUE:
            queues |= pks
    files = {event.facts.get("attachment") for event in events} - {None}
    return Names(
        agents=_agents(agents),
        queues={str(one.pk): one.name for one in Queue.objects.filter(pk__in=queues)},
        files=dict(Attachment.objects.filter(pk__in=files).values_list("pk", "name")),
        ways=ways_of(events),
    )


def _agents(pks: set[int]) -> dict[str, Agent]:
    found = Agent.objects.filter(pk__in=pks).select_related("user")
    return {str(agent.pk): agent for agent in found}


def _event(event: SessionEvent, names: Names) -> EventJson:
    by = event.by.display_name if event.by else None
    sentence = _SENTENCES.get(event.kind, _stored)(event, names) or _stored(event, names)
    told = EventJson(
        id=f"e{event.pk}",
        icon=_icon(event),
        at=moment(event.at),
        by=None if by and by in sentence else by,
        sentence=sentence,
    )
    if way := names.ways.get(event.pk):
        told["way"] = way
    return told


def _icon(event: SessionEvent) -> str:
    if event.kind == Kind.STATUS:
        return f"s-{event.after}"
    if event.kind == Kind.RELEASED and "attachment" in event.facts:
        return "lock"
    return ICONS.get(Kind(event.kind), "route")


# ---- sentences ------------------------------------------------------------------------------


def _stored(event: SessionEvent, names: Names) -> str:
    """Sentences without names are known to the catalogue, in whatever language they were said."""
    return _(event.why) if event.why else event.get_kind_display()


def _status(event: SessionEvent, names: Names) -> str | None:
    if event.by is None or event.before in ("", event.after):
        return None
    again = event.before in (Status.PAUSED, Status.RESOLVED)
    return {
        Status.ACTIVE: _("Opened again.") if again else _("Opened."),
        Status.PAUSED: _("Paused."),
        Status.RESOLVED: _("Resolved."),
        Status.CLOSED: _("Closed."),
    }.get(Status(event.after))


def _assigned(event: SessionEvent, names: Names) -> str | None:
    agent = names.agents.get(event.after)
    if agent is None:
        return None
    if event.facts.get("candidates"):
        return why_given(Choice(agent, event.facts))
    if event.facts.get("hand_over"):
        return _left(event, names, _("Given to %(agent)s: %(user)s has left."), agent)
    if event.by is not None and agent.user_id == event.by.pk:
        return _("Taken.")
    return _("Given to %(agent)s.") % {"agent": agent.name} if event.by else None


def _released(event: SessionEvent, names: Names) -> str | None:
    """A session from its agent, or a locked file to the readers."""
    if "attachment" in event.facts:
        name = names.files.get(event.facts["attachment"], "")
        return _("The password-protected file “%(name)s” was released.") % {"name": name}
    if event.facts.get("hand_over"):
        return _left(event, names, _("Back in the queue: %(user)s has left."), None)
    agent = names.agents.get(event.before)
    if agent is None or event.by is not None:
        return None
    return _("Back in the queue: %(agent)s is no agent any more.") % {"agent": agent.name}


def _left(event: SessionEvent, names: Names, sentence: str, agent: Agent | None) -> str | None:
    leaver = names.agents.get(event.before)
    if leaver is None:
        return None
    return sentence % {"agent": agent.name if agent else "", "user": leaver.user.display_name}


def _queue(event: SessionEvent, names: Names) -> str | None:
    name = names.queues.get(event.after)
    if name is None or event.by is None:
        return None
    back = event.before == event.after
    sentence = _("Given back to %(queue)s.") if back else _("Transferred to %(queue)s.")
    return sentence % {"queue": name}


def _raw_read(event: SessionEvent, names: Names) -> str:
    left_out = event.facts.get("left_out") or ()
    if not left_out:
        return _("The source of a mail was read.")
    files = ", ".join(str(one.get("name", "")) for one in left_out)
    return _("The source of a mail was read, without %(files)s.") % {"files": files}


def _found_later(event: SessionEvent, names: Names) -> str | None:
    name = names.files.get(event.facts.get("attachment", 0))
    if name is None:
        return None
    if event.facts.get("sent_out"):
        sentence = _("The file “%(name)s”, which we sent, was found infected by newer signatures.")
    else:
        sentence = _(
            "The file “%(name)s” was found infected by newer signatures; it had been clean until"
            " now."
        )
    return sentence % {"name": name}


def _customer(event: SessionEvent, names: Names) -> str | None:
    chosen = event.facts.get("after")
    if not chosen:
        return None
    words = {"customer": visible(chosen.get("name") or chosen.get("email", ""))}
    return _("%(customer)s is the customer from here on.") % words


def _undone(event: SessionEvent, names: Names) -> str | None:
    return _("A mail was called back before it left.") if event.by else None


def _delivery(event: SessionEvent, names: Names) -> str:
    return doubt_event_of(event.facts)


def _regrouped(event: SessionEvent, names: Names) -> str:
    return regrouping_words.sentence(event.facts)


def _auto_answer(event: SessionEvent, names: Names) -> str:
    return auto_response_words.sentence(event.facts)


def _loop(event: SessionEvent, names: Names) -> str:
    return auto_response_words.loop_sentence(event.facts)


_SENTENCES: dict[str, Callable[[SessionEvent, Names], str | None]] = {
    Kind.STATUS: _status,
    Kind.ASSIGNED: _assigned,
    Kind.RELEASED: _released,
    Kind.QUEUE: _queue,
    Kind.RAW_READ: _raw_read,
    Kind.FOUND_LATER: _found_later,
    Kind.UNDONE: _undone,
    Kind.AUTO_ANSWER: _auto_answer,
    Kind.LOOP: _loop,
    Kind.CUSTOMER: _customer,
    Kind.REGROUPED: _regrouped,
    Kind.DELIVERY: _delivery,
}


# ---- the CRM --------------------------------------------------------------------------------


def _crm_events(updates: Iterable[TicketUpdate]) -> list[tuple[datetime, EventJson]]:
    told = []
    for update in updates:
        if update.status == TicketUpdate.Status.POSTED and update.posted_at:
            told.append((update.posted_at, _crm_event(update, "ticket", _posted(update.kind))))
        elif update.error:
            told.append((update.created_at, _crm_event(update, *_trouble(update))))
    return told


def _crm_event(update: TicketUpdate, icon: str, sentence: str) -> EventJson:
    at = update.posted_at or update.created_at
    return EventJson(id=f"u{update.pk}", icon=icon, at=moment(at), by=None, sentence=sentence)


def _posted(kind: str) -> str:
    return {
        TicketUpdate.Kind.STANDARD.value: _("The ticket has got its comment."),
        TicketUpdate.Kind.LINK.value: _("The ticket has got the link to an email."),
        TicketUpdate.Kind.COPY.value: _("The ticket has got a copy of an email."),
        TicketUpdate.Kind.FILE.value: _("The ticket has got a file."),
        TicketUpdate.Kind.PDF.value: _("The ticket has got the PDF of the conversation."),
    }.get(kind, _("The ticket was told."))


def _trouble(update: TicketUpdate) -> tuple[str, str]:
    told: dict[str, Any] = {"reason": update.error}
    if update.status == TicketUpdate.Status.FAILED:
        return "alert", _("The ticket is not told any more: %(reason)s") % told
    if update.status == TicketUpdate.Status.SKIPPED:
        return "alert", _("Left out of the ticket: %(reason)s") % told
    return "hourglass", _("The CRM has not taken it yet: %(reason)s") % told


def _pdf_events(session: Session) -> list[tuple[datetime, EventJson]]:
    """What went wrong; a PDF that is made is told of by the ticket that has got it."""
    pdfs = ThreadPdf.objects.filter(thread=session.thread_id).exclude(reason="")
    troubled = pdfs.exclude(status=ThreadPdf.Status.RENDERED).order_by("pk")
    return [(pdf.asked_at, _pdf_event(pdf)) for pdf in troubled]


def _pdf_event(pdf: ThreadPdf) -> EventJson:
    icon, sentence = "hourglass", _("The PDF of the conversation is tried again: %(reason)s")
    if pdf.status == ThreadPdf.Status.FAILED:
        icon, sentence = "alert", _("The PDF of the conversation could not be made: %(reason)s")
    sentence %= {"reason": _(pdf.reason)}
    at = moment(pdf.asked_at)
    return EventJson(id=f"p{pdf.pk}", icon=icon, at=at, by=None, sentence=sentence)


# ---- reports on our mails -----------------------------------------------------------------


REPORT_ICONS = {
    DeliveryReport.Kind.HARD: "alert",
    DeliveryReport.Kind.SOFT: "alert",
    DeliveryReport.Kind.COMPLAINT: "ban",
    DeliveryReport.Kind.DELAYED: "hourglass",
    DeliveryReport.Kind.DELIVERED: "check",
    DeliveryReport.Kind.READ: "eye",
}


def _report_events(
    session: Session, messages: Iterable[Message]
) -> list[tuple[datetime, EventJson]]:
    """Those that came in this session, which may be younger than the mail; each fact once."""
    sent = list(messages)
    here = {one.pk for one in sent if one.session_id == session.pk}
    facts: dict[tuple[object, ...], tuple[datetime, EventJson]] = {}
    for message in sent:
        for report in sorted(message.reports.all(), key=lambda one: one.pk):
            if (report.told_by_id or message.pk) in here:
                fact = (message.pk, report.recipient, report.kind, report.status)
                facts.setdefault(fact, (report.at, _report_event(message, report)))
    return list(facts.values())


def _report_event(message: Message, report: DeliveryReport) -> EventJson:
    return EventJson(
        id=f"r{report.pk}",
        icon=REPORT_ICONS[DeliveryReport.Kind(report.kind)],
        at=moment(report.at),
        by=None,
        sentence=event_of(report, message.created_at),
    )

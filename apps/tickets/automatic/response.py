"""The automatic answer to a mail that came in (RFC 3834): whether there is one, and what it is.

Decided in the transaction that stores the mail, after its routing, and sent by the ordinary
outbox. It changes neither state nor clock of the session, and says no word of the sender's; only
the ids of the mail that it answers stand in its header, as they have to (3.1.6). It goes to the
customer, as answers of people do: the return path of mail that was passed on is often one that
takes nothing but reports. Nor is its own return path empty, which would be allowed: providers
refuse a login that names another sender than its own, SPF would speak for nobody, and a report
that comes back is recognised and never answered.

Of the guards, the mail's own signs come first, then what is stored. The two that count hold
against every other worker: one in a session by the lock on it and by the database's own rule, so
many for an address in a day by a lock on the address. That one is taken last, when all else that
the batch changes is locked, so that nobody waits in a circle.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, TypedDict

from django.db.models import Count
from django.db.models.functions import Now
from django.utils import timezone

from apps.channels import answerable, suppression
from apps.channels.compose import MAX_SUBJECT, clean_line, wire_address
from apps.channels.models import ChannelSettings, EmailAccount, Mailbox
from apps.channels.parsed import Address
from apps.core.db.locks import lock_all_until_commit
from apps.core.errors import Invalid
from apps.core.zones import zone_named
from apps.queues.auto_response import (
    OPENS_AT,
    QUEUE,
    SESSION_ID,
    AutoResponse,
    moment_words,
    rendered,
)
from apps.queues.hours import Hours
from apps.tickets import outbound
from apps.tickets.automatic import loops as mail_loops
from apps.tickets.automatic.words import ANSWERED, LIMIT, loop_sentence, sentence
from apps.tickets.letters import Recipients
from apps.tickets.models import AutomaticAnswer, Message, Session, SessionEvent
from apps.tickets.placing import Placed
from apps.tickets.sending import restored

Kind = SessionEvent.Kind

LATE = timedelta(hours=24)  # more than any clock is wrong about its zone
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Decision:
    """ANSWERED, or the code of the guard that stopped it, with what its sentence needs."""

    code: str
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def answers(self) -> bool:
        return self.code == ANSWERED

    def as_facts(self) -> dict[str, Any]:
        return {"code": self.code, **self.facts}

    def __str__(self) -> str:
        return sentence(self.as_facts())


def answer(placed: Sequence[Placed]) -> None:
    """Inside the caller's transaction: what is sent is planned, and why the rest is not is kept."""
    events = [_loop_event(suspect) for suspect in mail_loops.found_in(placed).values()]
    SessionEvent.objects.bulk_create(events)
    known = _Known.of(placed)
    decided = _decide(known, lock=True)
    _send([one for one, decision in decided if decision.answers], known)
    SessionEvent.objects.bulk_create(_event(one, decision) for one, decision in decided)


def foreseen(one: Placed) -> Decision | None:
    """For the dry run, of a mail as if it came now; None: its queue answers nothing by itself."""
    known = _Known.of([one])
    known.looping |= {each.placed.mail.sender for each in mail_loops.suspects(known.asked)}
    return next((decision for _one, decision in _decide(known, lock=False)), None)


def _decide(known: "_Known", *, lock: bool) -> list[tuple[Placed, Decision]]:
    """In their order: a mail of the batch counts for the next one."""
    first = [(one, _by_itself(one, known, is_now=not lock)) for one in known.asked]
    hopeful = {one.mail.customer.key for one, code in first if not code}
    if hopeful:
        if lock:
            lock_all_until_commit(f"auto-response:{address}" for address in hopeful)
        known.count(hopeful)
    return [(one, Decision(code) if code else known.decision(one)) for one, code in first]


# ---- guards -------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Known:
    """The mails of a batch whose queues answer by themselves, and what is stored about them: read
    in a few statements, whatever the batch; in none where no queue does."""

    asked: list[Placed]
    channel: ChannelSettings
    zone: tzinfo
    senders: dict[str, Mailbox]
    answered: set[int]  # sessions
    spoken: set[int]  # sessions in which a person has written to the customer
    looping: set[str]
    suppressed: set[str]
    restored_at: datetime | None
    had: Counter[str] = field(default_factory=Counter)  # answers within a day, by address

    @classmethod
    def of(cls, placed: Sequence[Placed]) -> "_Known":
        asked = [one for one in placed if one.session.queue.auto_response]
        channel = ChannelSettings.load() if asked else ChannelSettings()
        zone = zone_named(channel.time_zone) or UTC
        sessions = {one.session.pk for one in asked if one.session.pk}
        spoken, answered = _spoken(sessions), _answered(sessions)
        looping = mail_loops.flagged({one.mail.sender for one in asked})
        last = restored.noticed_at() if asked else None
        suppressed = suppression.listed(one.mail.customer.key for one in asked)
        senders = _senders(asked)
        return cls(asked, channel, zone, senders, answered, spoken, looping, suppressed, last)

    def count(self, addresses: Collection[str]) -> None:
        """What each of these has had within a day, by the database's clock."""
        sent = AutomaticAnswer.objects.filter(address__in=addresses, at__gt=Now() - A_DAY)
        grouped = sent.values("address").order_by().annotate(n=Count("pk"))
        self.had.update(dict(grouped.values_list("address", "n")))

    def decision(self, one: Placed) -> Decision:
        """The guards that count."""
        most, address = self.channel.auto_responses_per_day, one.mail.customer.key
        if one.session.pk in self.answered:
            return Decision("session")
        if self.had[address] >= most:
            return Decision(LIMIT, {"most": most})
        self.had[address] += 1
        self.answered.add(one.session.pk)
        is_open = self.hours(one).is_open(timezone.now())
        return Decision(ANSWERED, {} if is_open else {"closed": True})

    def hours(self, one: Placed) -> Hours:
        return one.session.queue.opening_hours(self.zone)

    def sender(self, one: Placed) -> Mailbox | None:
        return self.senders.get(_sender_address(one))


def _answered(sessions: Collection[int]) -> set[int]:
    found = AutomaticAnswer.objects.filter(session__in=sessions)
    return set(found.values_list("session", flat=True)) if sessions else set()


def _spoken(sessions: Collection[int]) -> set[int]:
    ours = Message.objects.filter(direction=Message.Direction.OUT, automatic=False)
    found = ours.filter(session__in=sessions).exclude(status=Message.Status.FAILED)
    return set(found.values_list("session", flat=True)) if sessions else set()


def _by_itself(one: Placed, known: _Known, *, is_now: bool) -> str:
    """The first guard that stops it, of those that nobody else's answer changes; or nothing."""
    mail, row = one.mail, one.mail.row
    servers = row.servers_to_trust(mail.mailbox.account)
    return (
        answerable.why_not(mail.parsed, mail.customer)
        or _no_customer(one)
        or _first(
            ("forged", answerable.is_forged(mail.parsed, servers)),
            ("junk", row.from_junk or answerable.is_junk_folder(row.folder)),
            ("agent", one.place.from_agent),
            ("stranger", not one.place.verified),
            ("import", row.answers_nobody),
            ("moving", mail.mailbox.move_state == Mailbox.MoveState.MOVING),
            ("late", not is_now and _is_late(one)),
            ("restored", known.restored_at is not None and _time_of(one) <= known.restored_at),
            ("channel-off", not known.channel.enabled),
            ("loop", mail.sender in known.looping),
            ("suppressed", mail.customer.key in known.suppressed),
            ("session", one.session.pk in known.answered),
            ("in-person", one.session.pk in known.spoken),
            ("no-sender", not _can_send(known.sender(one))),
        )
    )


def _first(*guards: tuple[str, bool]) -> str:
    return next((code for code, stops in guards if stops), "")


def _no_customer(one: Placed) -> str:
    """Who writes from an address of ours or of the CRM is nobody's customer (customer.py)."""
    if not one.mail.customer.email:
        return "ours" if one.mail.parsed.from_ and one.mail.parsed.from_.email else "no-address"
    try:
        wire_address(one.mail.customer.email, utf8=True)  # whether it can, the server says
    except Invalid:
        return "no-address"
    return ""


def _is_late(one: Placed) -> bool:
    """After an outage, out of the quarantine: "we have got your mail" says nothing new any more."""
    return timezone.now() - _time_of(one) > LATE


def _time_of(one: Placed) -> datetime:
    times = (one.mail.row.server_date, one.mail.parsed.date, one.mail.row.received_at)
    return min(time for time in times if time)


def _senders(asked: Sequence[Placed]) -> dict[str, Mailbox]:
    """By address: those that the queues name, and those that were written to."""
    written_to = {one.mail.mailbox.address.lower(): one.mail.mailbox for one in asked}
    named = {_sender_address(one) for one in asked} - written_to.keys()
    boxes = Mailbox.objects.filter(address__in=named).select_related("account") if named else ()
    return written_to | {box.address.lower(): box for box in boxes}


def _sender_address(one: Placed) -> str:
    return (_said(one).sender or one.mail.mailbox.address).lower()


def _can_send(mailbox: Mailbox | None) -> bool:
    account = mailbox.account if mailbox else None
    return bool(account and account.enabled and account.send_kind != EmailAccount.Send.NONE)


# ---- the mail -----------------------------------------------------------------------------------


def _send(answered: Sequence[Placed], known: _Known) -> None:
    if not answered:
        return
    mails = [(one.session, _mail_to(one, known)) for one in answered]
    messages = outbound.queue_automatic(mails)
    AutomaticAnswer.objects.bulk_create(
        AutomaticAnswer(session=one.session, message=message, address=one.mail.customer.key)
        for one, message in zip(answered, messages, strict=True)
    )


def _mail_to(one: Placed, known: _Known) -> outbound.Mail:
    said, sender = _said(one), known.sender(one)
    assert sender is not None  # refused without one
    return outbound.Mail(
        mailbox=sender,
        people=Recipients((Address(one.mail.customer.email),)),  # the name is the sender's word
        answers_to=one.mail.mailbox,
        html="",
        **_written(said, one.session, known.hours(one), known.channel.language),
        **outbound.thread_headers(one.message),
    )


def _said(one: Placed) -> AutoResponse:
    return AutoResponse.of(one.session.queue.auto_response) or AutoResponse("", "", "")


class _Words(TypedDict):
    subject: str
    text: str


def _written(said: AutoResponse, session: Session, hours: Hours, language: str) -> _Words:
    """As it stands at this moment."""
    now = timezone.now()
    is_open = hours.is_open(now)
    opens = None if is_open else hours.next_opening(now)
    facts = {
        SESSION_ID: session.public_id,
        QUEUE: session.queue.name,
        OPENS_AT: moment_words(opens, hours.zone, language),
    }
    subject = clean_line(rendered(said.subject, facts), MAX_SUBJECT)
    return {"subject": subject, "text": rendered(said.body(is_open=is_open), facts)}


# ---- rows ---------------------------------------------------------------------------------------


def _event(one: Placed, decision: Decision) -> SessionEvent:
    return SessionEvent(
        session=one.session,
        kind=Kind.AUTO_ANSWER,
        after=decision.code,
        why=str(decision),
        facts={**decision.as_facts(), "message": one.message.pk},
    )


def _loop_event(suspect: mail_loops.Suspect) -> SessionEvent:
    facts = {"mails": suspect.mails}
    return SessionEvent(
        session=suspect.placed.session,
        kind=Kind.LOOP,
        after=suspect.placed.mail.sender[: mail_loops.KEPT],
        why=loop_sentence(facts),
        facts=facts,
        at=Now(),
    )

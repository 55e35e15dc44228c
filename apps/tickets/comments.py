"""What the CRM is told of a message: the standard comment once per thread, a link each time, and
by setting a copy and the files.

Everything is planned in the transaction of what it tells, after the routing decision. A session
that nobody could look at yet holds its standard comment back: the row is finished, with
*unassigned* in it, and not due before half a minute; the decision writes it anew and lets it go.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self, cast

from django.db import transaction
from django.db.models import Q, QuerySet, prefetch_related_objects
from django.db.models.functions import Now

from apps.core.announce import announce
from apps.core.leases import in_seconds
from apps.crm import updates
from apps.crm.models import CrmSettings, TicketUpdate
from apps.crm.signals import updates_planned
from apps.crm.updates import Planned
from apps.tickets import copies, sessions, storing_outside, thread_pdf, ticket_files
from apps.tickets.comment_words import LANGUAGES, Words
from apps.tickets.facts import House, facts_of, house
from apps.tickets.harmless import one_line
from apps.tickets.models import Message

NEEDED = ("thread", "mailbox", "session__queue", "session__agent__user")
FIRST = "first"  # the key of a thread's one standard comment
GOES_ON = "merged-"  # before the thread's key in the key of a link to another conversation
HELD_FOR = 30  # seconds at most, until the first routing decision

Kind, Status = TicketUpdate.Kind, TicketUpdate.Status


@dataclass(frozen=True, slots=True)
class Telling:
    """By which settings and in which words the CRM is told."""

    settings: CrmSettings
    words: Words
    house: House

    @classmethod
    def now(cls) -> Self:
        return cls.by(CrmSettings.load(), house())

    @classmethod
    def by(cls, settings: CrmSettings, house: House) -> Self:
        return cls(settings, LANGUAGES[settings.language], house)


def plan_for(
    messages: Sequence[Message],
    *,
    undecided: Collection[int] = (),
    reports: Collection[int] = (),
) -> None:
    """Inside the caller's transaction, after the routing decision, in the order of the messages.

    UNDECIDED: queues whose sessions nobody has been able to look at yet. REPORTS on mails of ours
    are stored outside and not told. A standard comment is planned with every message: the outbox
    keeps the first of a thread.
    """
    if not messages:
        return
    telling = Telling.now()
    told = with_ticket([one for one in messages if one.pk not in reports], telling)
    updates.plan([*updates_of(told, telling, undecided), *_contents(told, telling)])
    thread_pdf.plan_after(told, telling.settings)
    storing_outside.plan_messages(messages, telling.house)


def with_ticket(messages: Sequence[Message], telling: Telling) -> list[Message]:
    """By setting without automatic mail of threads in which no person has written yet."""
    automatic = {one.thread.key for one in messages if one.automatic}
    if telling.settings.automatic_tickets or not automatic:
        return list(messages)
    begun = TicketUpdate.objects.filter(thread_key__in=automatic, kind=Kind.STANDARD)
    known = set(begun.values_list("thread_key", flat=True))
    told = []
    for one in messages:
        if not one.automatic or one.thread.key in known:
            known.add(one.thread.key)
            told.append(one)
    return told


def updates_of(
    messages: Sequence[Message], telling: Telling, undecided: Collection[int] = ()
) -> list[Planned]:
    """The standard comment and the links. Writes nothing: the dry run asks it too."""
    prefetch_related_objects(messages, *NEEDED)  # no query for what the caller has loaded
    plans: list[Planned] = []
    begun: set[str] = set()
    for message in messages:
        if message.thread.key not in begun:
            begun.add(message.thread.key)
            plans.append(_standard(message, telling, undecided))
        plans.append(_link(message, telling))
    return plans


def _contents(messages: Sequence[Message], telling: Telling) -> Iterable[Planned]:
    """By setting: copies of what waits for no file, and the files that are clean already."""
    settings, words, house = telling.settings, telling.words, telling.house
    if settings.content_copy:
        yield from _copies(messages, telling)
    # A file that came in waits still: nobody needs to ask for it.
    sent = [one.pk for one in messages if one.direction == Message.Direction.OUT]
    if settings.attach_files and sent:
        yield from ticket_files.planned_files(Q(message__in=sent), words, house)


def _copies(messages: Sequence[Message], telling: Telling) -> Iterable[Planned]:
    prefetch_related_objects(messages, "files__attachment")
    for message in messages:
        if copies.is_ready(message):
            yield copies.planned_copy(message, telling.words, telling.house)


# ---- after the verdicts -----------------------------------------------------------------------


def files_screened(*, attachment_ids: Collection[int], **facts: object) -> None:
    """In the transaction of the verdicts, so that nothing can be lost between them and this.

    The sessions are locked first: of two files that are decided at once, the later one sees both.
    """
    told = Message.objects.told().filter(files__attachment__in=attachment_ids)
    pairs = dict(told.values_list("pk", "session"))
    if not pairs:
        return
    sessions.lock(set(pairs.values()))
    telling, screened = Telling.now(), Q(attachment__in=attachment_ids)
    if telling.settings.content_copy:
        messages = Message.objects.commented().filter(pk__in=pairs).order_by("pk")
        updates.plan(list(_copies(_with_files(messages), telling)))
    if telling.settings.attach_files:
        updates.plan(list(ticket_files.planned_files(screened, telling.words, telling.house)))
    storing_outside.plan_screened(sorted(pairs), screened, telling.house)


def files_found(*, attachment_ids: Collection[int], **facts: object) -> None:
    """In the transaction in which clean files turn out to be infected after all.

    Whoever plans their mails at this moment holds these rows, and is waited for: what he planned
    is taken back too. The mails come before their sessions (sessions.lock).
    """
    mails = Message.objects.filter(files__attachment__in=attachment_ids)
    ids = list(mails.values_list("pk", flat=True))
    locked = Message.objects.filter(pk__in=ids).select_for_update().order_by("pk")
    sessions.lock(set(locked.values_list("session", flat=True)))
    ticket_files.leave_out_found(attachment_ids)
    storing_outside.withdraw_found(attachment_ids)


def plan_overdue_copies() -> None:
    """Whoever waits a quarter of an hour for a verdict is told without it."""
    telling = Telling.now()
    if not telling.settings.content_copy:
        return
    late = _with_files(copies.overdue())
    updates.plan([copies.planned_copy(one, telling.words, telling.house) for one in late])


def _with_files(messages: QuerySet[Message]) -> list[Message]:
    return list(messages.select_related("thread").prefetch_related("files__attachment"))


# ---- the first routing decision ---------------------------------------------------------------


def release_decided() -> None:
    """Standard comments that are held back and whose session has got its agent say so and go."""
    held = {row.thread_key: row for row in _held()}
    if not held:
        return
    telling = Telling.now()
    for message in _first_messages(held):
        row = held[message.thread.key]
        if message.session.agent is not None:
            _release(row, replace(_standard(message, telling, ()), not_before=None))


def _held() -> QuerySet[TicketUpdate]:
    """Nothing else that was never tried is planned for later."""
    standard = TicketUpdate.objects.filter(kind=Kind.STANDARD, status=Status.PLANNED)
    return standard.filter(tries=0, not_before__gt=Now())


def _first_messages(thread_keys: Collection[str]) -> list[Message]:
    """Those that the standard comments are about: their links were planned with them."""
    links = TicketUpdate.objects.filter(thread_key__in=thread_keys, kind=Kind.LINK)
    links = links.exclude(key__startswith=GOES_ON)
    first = dict(links.order_by("-pk").values_list("thread_key", "key"))
    return list(Message.objects.filter(pk__in=first.values()).select_related(*NEEDED))


def _release(row: TicketUpdate, anew: Planned) -> None:
    with transaction.atomic():
        still = TicketUpdate.objects.filter(pk=row.pk, status=Status.PLANNED, tries=0)
        if still.update(text=anew.text, facts=dict(anew.facts), not_before=Now()):
            announce(updates_planned, thread_keys=[row.thread_key])


def begin_anew(message: Message, telling: Telling) -> None:
    """MESSAGE has become the first of its thread: the standard comment is about it, if there is
    still time. It comes with what NEEDED names."""
    standard = TicketUpdate.objects.filter(
        thread_key=message.thread.key, kind=Kind.STANDARD, status=Status.PLANNED, tries=0
    )
    anew = _standard(message, telling, ())
    standard.update(text=anew.text, facts=dict(anew.facts))


# ---- the standard comment and the link ----------------------------------------------------------


def _standard(message: Message, telling: Telling, undecided: Collection[int]) -> Planned:
    session, words = message.session, telling.words
    is_held = session.agent is None and session.queue_id in undecided
    return Planned(
        thread_key=message.thread.key,
        kind=Kind.STANDARD,
        key=FIRST,
        subject=_subject(message, words),
        text=_standard_text(message, words),
        not_before=cast(datetime, in_seconds(HELD_FOR)) if is_held else None,
        facts=facts_of(message, telling.house),
    )


def _link(message: Message, telling: Telling) -> Planned:
    link = telling.house.link(message.pk)
    return Planned(
        thread_key=message.thread.key,
        kind=Kind.LINK,
        key=str(message.pk),
        subject=_subject(message, telling.words),
        text=f"{direction_words(message, telling.words)}: {link}",
        facts={"LINK": link, "DIRECTION": message.direction},
    )


def goes_on(key: str, message: Message, telling: Telling) -> Planned:
    """The last word to the ticket of the thread KEY, whose mails lie where MESSAGE does."""
    link = telling.house.link(message.pk)
    return Planned(
        thread_key=key,
        kind=Kind.LINK,
        key=f"{GOES_ON}{message.thread.key}",
        subject=_subject(message, telling.words),
        text=f"{telling.words.goes_on}: {link}",
        facts={"LINK": link, "DIRECTION": Message.Direction.OUT},  # it opens no closed ticket
    )


def _subject(message: Message, words: Words) -> str:
    return one_line(message.thread.subject) or words.no_subject


def direction_words(message: Message, words: Words) -> str:
    if message.direction == Message.Direction.IN:
        return words.received
    return words.unknown if message.status == Message.Status.UNKNOWN else words.sent


def _standard_text(message: Message, words: Words) -> str:
    """Six lines, `label: value`, in the order of the contract."""
    session = message.session
    values = (
        one_line(message.from_email) or words.no_address,
        one_line(_received_by(message)) or words.no_address,
        session.public_id,
        one_line(session.agent.name) if session.agent else words.unassigned,
        one_line(session.queue.name),
        one_line(message.subject) or words.no_subject,
    )
    lines = zip(words.labels, values, strict=True)
    return "\n".join(f"{label}: {value}" for label, value in lines)


def _received_by(message: Message) -> str:
    """Our mailbox for what came in, the people written to for what went out."""
    if message.direction == Message.Direction.IN and message.mailbox:
        return message.mailbox.address
    return ", ".join(person["email"] for person in message.to)

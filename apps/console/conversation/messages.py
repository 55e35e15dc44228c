"""The mails of a conversation: a line for each, and the bodies of those that open by themselves.

The text of a folded mail is never read from the database but for its first words, so that a
conversation of hundreds of mails, or of megabytes, opens at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.db.models.functions import Substr
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.attachments.release import may_be_released
from apps.channels.lookalikes import visible
from apps.channels.trust import NEUTRAL
from apps.channels.trust_words import TITLES, advice_of, marked_sentences_of
from apps.console.conversation.files import FileJson, file_json
from apps.console.conversation.invites import with_invites
from apps.console.conversation.outcomes import FAILED, OutcomeJson, outcome_of
from apps.console.conversation.regrouped import place_of
from apps.console.conversation.text import SHOWN_AT_MOST, parts_of
from apps.console.desk.rows import moment
from apps.console.who import AddressJson, initials_of, tint_of
from apps.core.html import MOST_CHARACTERS
from apps.core.html_images import remote_images
from apps.core.models import User
from apps.queues.models import Queue
from apps.tickets.models import Message, MessageFile, Session
from apps.tickets.sending.pacing import waits_of
from apps.tickets.undo import undo_until

SNIPPET = 120  # characters
MOST_BODIES = 10
MOST_BODY_TEXT = 100_000  # characters of plain bodies at once; older ones wait until they are asked
MOST_SHOWN_ADDRESSES = 50

Status = Message.Status
Json = dict[str, Any]

_LINE = (
    "thread direction status because placement from_email from_name to cc bcc subject automatic"
    " trust forwarded created_at attempts next_try_at session__public_id session__created_at"
    " session__queue author__username author__first_name author__last_name"
).split()
_FILE = (
    "message position inline attachment__name attachment__size attachment__verdict"
    " attachment__reason attachment__detected_type attachment__engine"
).split()


@dataclass(frozen=True, slots=True)
class Opening:
    """Which mails are unfolded: the newest, one that a link named, those not read yet."""

    wanted: int | None = None
    mark: int | None = None  # the newest that the reader has seen; None: he never looked

    def of(self, messages: Sequence[Message]) -> set[int]:
        newest = messages[-MOST_BODIES:]
        seen = self.mark or 0
        unread = {one.pk for one in newest if one.pk > seen and _is_incoming(one)}
        spoken = [one.pk for one in messages if _is_incoming(one) or not one.automatic]
        last = set(spoken[-1:])
        return unread | last | {one.pk for one in messages if one.pk == self.wanted}


def messages_of(user: User, session: Session) -> list[Message]:
    """The whole conversation as far as USER may see it, oldest first."""
    return list(lines_of(user).filter(thread=session.thread_id).order_by("pk"))


def shown(user: User, messages: Sequence[Message], opening: Opening) -> list[Json]:
    """MESSAGES are those of `messages_of`; no number of them raises the number of queries."""
    opened = opening.of(messages)
    bodies = _bodies(_to_read(messages, opened, opening.wanted))
    with_invites(bodies, messages)
    dividers = _dividers(messages)
    reader = Reader(user, _steered(user, messages), waits_of(messages))
    return [
        reader.line(one)
        | {"open": one.pk in opened, "divider": dividers.get(one.pk), "body": bodies.get(one.pk)}
        for one in messages
    ]


def message_of(user: User, message: Message) -> Json:
    """One of `lines_of`, whole."""
    reader = Reader(user, _steered(user, [message]), waits_of([message]))
    bodies = _bodies([message.pk])
    with_invites(bodies, [message])
    return reader.line(message) | {"open": True, "divider": None, "body": bodies[message.pk]}


def lines_of(user: User) -> QuerySet[Message]:
    """With the first words of each, its files and what was reported of it, and without its text."""
    files = MessageFile.objects.select_related("attachment").only(*_FILE).order_by("position")
    return (
        Message.objects.visible_to(user)
        .select_related("author", "session")
        .only(*_LINE)
        .annotate(beginning=Substr("text", 1, 2 * SNIPPET))
        .prefetch_related(Prefetch("files", queryset=files), "reports")
    )


# ---- one line -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reader:
    """To whom it is shown, the queues whose locked files this user may release, and how many
    seconds each mail still has to wait for its turn."""

    user: User
    steered: Collection[int]
    waits: Mapping[int, int]

    def line(self, message: Any) -> Json:
        who = self._who(message)
        return {
            "id": str(message.pk),
            "direction": message.direction,
            **who,
            "from": _address(message.from_email, message.from_name),
            "to": _addresses(message.to),
            "cc": _addresses(message.cc),
            "bcc": [] if _is_incoming(message) else _addresses(message.bcc),
            "subject": message.subject,
            "at": moment(message.created_at),
            "automatic": message.automatic,
            "place": place_of(message),
            "snippet": " ".join(message.beginning.split())[:SNIPPET],
            "trust": _trust(message) if _is_incoming(message) else None,
            "forwarded": _first_writer(message),
            "delivery": None if _is_incoming(message) else self._delivery(message),
            "files": self._files(message),
        }

    def _who(self, message: Message) -> Json:
        """The person; for a mail that we sent by itself, the mailbox."""
        if message.author is not None:
            name = message.author.display_name
            who = _("You") if message.author_id == self.user.pk else name
            initials = message.author.initials
            return {"who": who, "initials": initials, "tint": tint_of(name, "")}
        name, email = message.from_name, message.from_email
        return {
            "who": visible(name or email),
            "initials": initials_of(name, email),
            "tint": tint_of(name, email),
        }

    def _delivery(self, message: Message) -> Json:
        """Only its author can call a mail back, so nobody else waits for that."""
        until = undo_until(message) if message.author_id == self.user.pk else None
        outcome = outcome_of(message)
        return {
            "status": message.status,
            "word": _delivery_word(message.status),
            "because": self._because(message),
            "undo_until": moment(until) if until and until > timezone.now() else None,
            "outcome": outcome,
            "is_in_doubt": message.status == Status.UNKNOWN,
            "has_failed": message.status == Status.FAILED or _did_not_reach(message, outcome),
        }

    def _because(self, message: Message) -> str:
        said = message.because or _doubt(message.status)
        wait = 0 if undo_until(message) else self.waits.get(message.pk, 0)
        if not wait:
            return said
        leaves = ngettext("It leaves in %(n)d second.", "It leaves in %(n)d seconds.", wait)
        return f"{said} {leaves % {'n': wait}}".strip()

    def _files(self, message: Message) -> list[FileJson]:
        may = message.session.queue_id in self.steered
        return [
            file_json(
                one.attachment,
                inline=one.inline,
                may_release=may and may_be_released(one.attachment),
            )
            for one in message.files.all()
        ]


def _delivery_word(status: str) -> str:
    return {
        Status.SENT: _("Sent"),
        Status.FAILED: _("Not delivered"),
        Status.UNKNOWN: _("Unknown"),
        Status.SENDING: _("Sending"),
    }.get(Status(status), _("Waits to be sent"))


def _did_not_reach(message: Message, outcome: OutcomeJson | None) -> bool:
    return message.status == Status.SENT and outcome is not None and outcome["look"] == FAILED


def _doubt(status: str) -> str:
    """Where the server gave no reason."""
    if status == Status.FAILED:
        return _("The mail server did not take it.")
    if status == Status.UNKNOWN:
        return _(
            "The mail server fell silent after it had all of it. It may have arrived; it is not"
            " sent again by itself."
        )
    return ""


def _trust(message: Message) -> Json | None:
    """Values stay by themselves, so that none turns its sentence around."""
    trust = message.trust
    sentences = [_isolated(str(one)) for one in marked_sentences_of(trust)]
    level = trust.get("level", "")
    if not sentences or level not in TITLES:
        return None
    return {
        "level": level,
        "title": str(TITLES[level]),
        "hint": "" if level == NEUTRAL else " ".join(sentences),  # of the mark, which it has not
        "sentences": sentences,
        "advice": advice_of(trust),
    }


def _first_writer(message: Message) -> AddressJson | None:
    """Of the mail that this one passes on."""
    written = message.forwarded
    return _address(written["email"], written["name"]) if written.get("email") else None


def _isolated(marked: str) -> str:
    """As text: the signs of Unicode that do what <bdi> does."""
    return unescape(marked.replace("<bdi>", "\u2068").replace("</bdi>", "\u2069"))


def _addresses(people: Iterable[dict[str, str]]) -> list[AddressJson]:
    some = list(people)[:MOST_SHOWN_ADDRESSES]
    return [_address(one["email"], one["name"]) for one in some]


def _address(email: str, name: str) -> AddressJson:
    return AddressJson(email=visible(email), name=visible(name))


def _is_incoming(message: Message) -> bool:
    return message.direction == Message.Direction.IN


# ---- what concerns several ------------------------------------------------------------------


def _steered(user: User, messages: Sequence[Message]) -> set[int]:
    """Asked only where a file waits for somebody's word."""
    queues = {
        one.session.queue_id
        for one in messages
        if any(may_be_released(file.attachment) for file in one.files.all())
    }
    if not queues:
        return set()
    return set(Queue.objects.steered_by(user).filter(pk__in=queues).values_list("pk", flat=True))


def _dividers(messages: Sequence[Message]) -> dict[int, Json]:
    """Where another stretch of work begins; a conversation of one needs no line for it."""
    begins: dict[int, Json] = {}
    before: int | None = None
    for message in messages:
        if message.session_id != before:
            session = message.session
            begins[message.pk] = {"id": session.public_id, "at": moment(session.created_at)}
        before = message.session_id
    return begins if len(begins) > 1 else {}


# ---- bodies ---------------------------------------------------------------------------------


def _to_read(messages: Sequence[Message], opened: set[int], wanted: int | None) -> list[int]:
    """The one that a link named, then from the newest on."""
    ids = [one.pk for one in reversed(messages) if one.pk in opened]
    return sorted(ids, key=lambda pk: pk != wanted)[:MOST_BODIES]


def _bodies(ids: Sequence[int]) -> dict[int, Json]:
    """In this order, until there is more text than a page needs at once."""
    beginning = Substr("text", 1, SHOWN_AT_MOST + 1)
    found = Message.objects.filter(pk__in=ids).annotate(beginning=beginning)
    columns = found.values_list("pk", "beginning", "html", "forwarded")
    rows = {pk: (text, html, bool(forwarded)) for pk, text, html, forwarded in columns}
    bodies: dict[int, Json] = {}
    room = MOST_BODY_TEXT
    for pk in ids:
        text, html, is_forward = rows[pk]
        room -= 0 if html else min(len(text), SHOWN_AT_MOST)
        if bodies and room < 0:
            break
        bodies[pk] = _frame(pk, html) if html else _text(text, is_forward)
    return bodies


def _frame(pk: int, html: str) -> Json:
    """A mail that is shown as text has no pictures."""
    remote = len(remote_images(html)) if len(html) <= MOST_CHARACTERS else 0
    return {
        "kind": "frame",
        "url": reverse("mail-frame", args=[pk]),
        "remote": remote,
        "chars": len(html),
    }


def _text(text: str, is_forward: bool) -> Json:
    """What a mail passes on is why it came: there, nothing is folded."""
    parts = [
        {"html": part.html, "quoted": part.quoted and not is_forward, "lines": part.lines}
        for part in parts_of(text)
    ]
    return {"kind": "text", "parts": parts, "cut": len(text) > SHOWN_AT_MOST}

"""The reading pane: one conversation, its files and moves, and what this reader may do with it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from django.urls import reverse

from apps.attachments.models import Attachment, Verdict
from apps.attachments.previews import PICTURES, THUMBNAIL, WHOLE, can_be_drawn
from apps.channels.models import ChannelSettings
from apps.console.text import SHOWN_AT_MOST, Part, parts_of
from apps.core.models import User
from apps.crm.links import links_of
from apps.crm.models import TicketLink
from apps.queues.models import Queue
from apps.tickets.file_verdicts import may_release
from apps.tickets.models import Message, MessageFile, Session, SessionEvent
from apps.tickets.sessions import MOVES, may_steer

# Bounded, and `<` ends it: a hostile mail cannot make this slow.
_REMOTE_PICTURE = re.compile(r"<img\b[^<>]{1,2000}?src\s*=\s*[\"']?\s*(https?:)?//", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ShownFile:
    attachment: Attachment
    inline: bool
    may_release: bool = False

    @property
    def url(self) -> str:
        """Empty until the verdict is clean: then there is nothing to click."""
        return content_url(self.attachment)

    @property
    def thumbnail(self) -> str:
        """Of what the viewer can show."""
        if not can_be_drawn(self.attachment):
            return ""
        return preview_url(self.attachment, longest=THUMBNAIL)


@dataclass(frozen=True, slots=True)
class ShownMessage:
    message: Message
    parts: list[Part]
    files: list[ShownFile]
    unfolded: bool
    wanted: bool  # the mail link named it
    starts_session: bool  # the first one of another stretch of work

    @property
    def incoming(self) -> bool:
        return self.message.direction == Message.Direction.IN

    @property
    def who(self) -> str:
        """The person; for a mail that we sent by itself, the mailbox."""
        if self.message.author:
            return self.message.author.display_name
        return self.message.from_name or self.message.from_email

    @property
    def has_remote_pictures(self) -> bool:
        return bool(_REMOTE_PICTURE.search(self.message.html))

    @property
    def cut(self) -> bool:
        return len(self.message.text) > SHOWN_AT_MOST


@dataclass(frozen=True, slots=True)
class Rights:
    """What the page offers; the verbs check it again."""

    take: bool
    give_back: bool
    moves: tuple[str, ...]
    reply: bool


@dataclass(frozen=True, slots=True)
class Reading:
    session: Session
    messages: list[ShownMessage]
    events: list[SessionEvent]
    ticket: TicketLink | None
    rights: Rights
    mine: bool


def find_session(user: User, public_id: str) -> Session:
    """404 for what is not there and for what is not this user's alike."""
    visible = Session.objects.visible_to(user).select_related("thread", "queue", "agent__user")
    return get_object_or_404(visible, public_id=public_id)


def reading_of(
    user: User, session: Session, channel: ChannelSettings, *, wanted: int | None = None
) -> Reading:
    """Everything about SESSION, in a number of queries that no message can raise."""
    return Reading(
        session=session,
        messages=_messages(user, session, wanted),
        events=list(session.events.select_related("by").order_by("id")),
        ticket=links_of([session.thread.key]).get(session.thread.key),
        rights=_rights(user, session, channel),
        mine=_is_mine(user, session),
    )


def content_url(attachment: Attachment, *, inline: bool = False) -> str:
    """Where the file is saved from; inline: where its picture comes from, drawn anew by us."""
    if attachment.verdict != Verdict.CLEAN:
        return ""
    if inline:
        return preview_url(attachment) if attachment.detected_type in PICTURES else ""
    return reverse("api:attachment-content", args=[attachment.pk])


def preview_url(attachment: Attachment, *, longest: int = WHOLE, page: int = 1) -> str:
    url = reverse("api:attachment-preview", args=[attachment.pk])
    paged = f"&page={page}" if page > 1 else ""
    return f"{url}?longest={longest}{paged}"


def ticket_url(link: TicketLink) -> str:
    """The built-in tickets have a page of ours; every other CRM has its own."""
    if link.kind == "builtin" and link.ticket.isdigit():
        return reverse("ticket", args=[int(link.ticket)])
    return link.url


def _messages(user: User, session: Session, wanted: int | None) -> list[ShownMessage]:
    """The whole conversation as far as this user may see it, oldest first, the newest unfolded."""
    files = MessageFile.objects.select_related("attachment").order_by("position")
    found = list(
        Message.objects.visible_to(user)
        .filter(thread=session.thread_id)
        .select_related("author", "session")
        .prefetch_related(Prefetch("files", queryset=files))
        .order_by("id")
    )
    shown = []
    before: int | None = None
    for message in found:
        shown.append(
            ShownMessage(
                message=message,
                parts=[] if message.html else parts_of(message.text),
                files=_files(message, user),
                unfolded=message is found[-1] or message.pk == wanted,
                wanted=message.pk == wanted,
                starts_session=message.session_id != before,
            )
        )
        before = message.session_id
    if sum(one.starts_session for one in shown) < 2:
        return [_without_divider(one) for one in shown]
    return shown


def _without_divider(shown: ShownMessage) -> ShownMessage:
    """A conversation of one session needs no line that says where it begins."""
    return ShownMessage(
        shown.message, shown.parts, shown.files, shown.unfolded, shown.wanted, False
    )


def _files(message: Message, user: User) -> list[ShownFile]:
    """Inline pictures that the HTML shows are not listed again, unless they are held back."""
    return [
        ShownFile(file.attachment, file.inline, may_release(user, file))
        for file in message.files.all()
        if not (file.inline and message.html and file.attachment.verdict == Verdict.CLEAN)
    ]


def _is_mine(user: User, session: Session) -> bool:
    return session.agent is not None and session.agent.user_id == user.pk


def _rights(user: User, session: Session, channel: ChannelSettings) -> Rights:
    mine, steer = _is_mine(user, session), may_steer(user, session.queue_id)
    works_here = Queue.objects.worked_by(user).filter(pk=session.queue_id).exists()
    free = session.agent is None
    is_open = session.status in Session.OPEN
    may_write = mine or steer or (free and is_open and works_here)
    return Rights(
        take=free and is_open and works_here,
        give_back=not free and is_open and (mine or steer),
        moves=MOVES[session.status] if mine or steer else (),
        reply=channel.enabled and session.status != Session.Status.CLOSED and may_write,
    )

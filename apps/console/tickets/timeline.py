"""What stands on a ticket in the order of time: comments, notes, and who closed or opened it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.console.conversation.text import SHOWN_AT_MOST, linked
from apps.crm.models import Ticket, TicketComment, TicketMove, TicketUpdate

AT_ONCE = 100
PEEK_LINES, PEEK_LETTERS = 12, 900  # of a long comment, before the rest is unfolded

Kind = TicketUpdate.Kind


@dataclass(frozen=True, slots=True)
class ShownComment:
    comment: TicketComment
    kind: str
    title: str
    by: str
    html: SafeString
    rest: SafeString  # of a long one

    @property
    def at(self) -> datetime:
        return self.comment.created_at


@dataclass(frozen=True, slots=True)
class ShownMove:
    move: TicketMove
    sentence: str

    kind = "move"

    @property
    def at(self) -> datetime:
        return self.move.created_at


@dataclass(frozen=True, slots=True)
class Timeline:
    items: Sequence[ShownComment | ShownMove]
    earlier: int | None  # comments before this one are on another page
    is_newest: bool


def timeline_of(ticket: Ticket, before: int | None = None) -> Timeline:
    """The newest comments, oldest first; or those BEFORE one of them. Two queries."""
    comments = ticket.comments.select_related("author").order_by("-pk")
    if before is not None:
        comments = comments.filter(pk__lt=before)
    found = list(comments[: AT_ONCE + 1])
    shown = found[:AT_ONCE][::-1]
    earlier = shown[0].pk if len(found) > AT_ONCE else None
    moves = ticket.moves.select_related("by")
    if earlier is not None:
        moves = moves.filter(created_at__gte=shown[0].created_at)
    if before is not None:
        moves = moves.filter(created_at__lt=shown[-1].created_at if shown else ticket.created_at)
    items: list[ShownComment | ShownMove] = [*map(_comment, shown)]
    items += map(_move, moves[:AT_ONCE])
    return Timeline(sorted(items, key=lambda one: one.at), earlier, before is None)


def _comment(comment: TicketComment) -> ShownComment:
    words, rest = _folded(comment.text[:SHOWN_AT_MOST])
    return ShownComment(
        comment=comment,
        kind=comment.kind,
        title=_title(comment.kind),
        by=comment.author.display_name if comment.author else "",
        html=linked(words),
        rest=linked(rest),
    )


def _title(kind: str) -> str:
    titles = {
        Kind.STANDARD.value: _("First email"),
        Kind.LINK.value: _("Link to the newest email"),
        Kind.COPY.value: _("Copy of the email"),
        TicketComment.NOTE: _("Note"),
    }
    return titles.get(kind, _("Comment"))


def _folded(text: str) -> tuple[str, str]:
    """Where a long text is folded: at the end of a line, or of a word."""
    lines = text.split("\n")
    if len(text) <= 2 * PEEK_LETTERS and len(lines) <= 2 * PEEK_LINES:
        return text, ""
    peek = "\n".join(lines[:PEEK_LINES])
    if len(peek) > PEEK_LETTERS:
        peek = peek[:PEEK_LETTERS].rsplit(" ", 1)[0]
    return peek.rstrip(), text[len(peek) :].lstrip("\n")


def _move(move: TicketMove) -> ShownMove:
    return ShownMove(move, _sentence(move))


def _sentence(move: TicketMove) -> str:
    closed = move.status == Ticket.Status.CLOSED
    if move.by is None:
        return _("Closed.") if closed else _("Opened again by a new email.")
    told = _("Closed by %(name)s.") if closed else _("Opened again by %(name)s.")
    return told % {"name": move.by.display_name}

"""Mails go to another conversation, conversations are joined or kept apart, and that is undone."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from apps.console.answers import as_json, body_of
from apps.console.conversation.head import NEEDED, head_of
from apps.console.frame import Visit
from apps.console.places import find_session
from apps.core.errors import Invalid
from apps.tickets.models import Message, Regrouping, Session
from apps.tickets.regrouping import by_hand

Body = dict[str, Any]
Said = dict[str, Any]


@require_POST
@as_json
def move(request: Visit, message_id: int) -> Said:
    """`session`: null for a conversation of its own; `with_later`: all mails after it, too."""
    mine = Message.objects.visible_to(request.user)
    known = mine.select_related("session__queue", "session__agent__user")
    message, body = get_object_or_404(known, pk=message_id), body_of(request)
    to = body.get("session")
    row, landed = by_hand.move(
        message,
        _word(body, "session") if to is not None else None,
        by=request.user,
        with_later=body.get("with_later") is True,
        why=_word(body, "why"),
    )
    count = len(row.before["messages"])
    if to is None:
        said = ngettext("%(n)d mail split off.", "%(n)d mails split off.", count)
    else:
        said = ngettext("%(n)d mail moved.", "%(n)d mails moved.", count)
    return _answer(request, said % {"n": count}, message.session, landed, row)


@require_POST
@as_json
def merge(request: Visit, public_id: str) -> Said:
    """The whole conversation goes on in that of the session `into`."""
    session, body = find_session(request.user, public_id), body_of(request)
    into, why = _word(body, "into"), _word(body, "why")
    row, landed = by_hand.merge(session, into, by=request.user, why=why)
    return _answer(request, _("The two conversations are one now."), session, landed, row)


@require_POST
@as_json
def keep_apart(request: Visit, public_id: str) -> Said:
    session = find_session(request.user, public_id)
    by_hand.keep_apart(session, by=request.user)
    said = _("Kept apart: this is a conversation of its own.")
    return _answer(request, said, session, session, None)


@require_POST
@as_json
def undo(request: Visit, regrouping_id: int) -> Said:
    row = get_object_or_404(Regrouping.objects.select_related("by"), pk=regrouping_id)
    left = by_hand.landed(row)
    _row, back = by_hand.undo(row, by=request.user)
    return _answer(request, _("Undone: everything is where it was."), left, back, None)


def _answer(
    request: Visit, said: str, left: Session, landed: Session, row: Regrouping | None
) -> Said:
    """Both sides as they are now, a last look at what has left the reader's sight included."""
    known = Session.objects.select_related(*NEEDED)
    now = {one.pk: one for one in known.filter(pk__in=[left.pk, landed.pk])}
    heads = {pk: head_of(request.user, one, request.channel) for pk, one in now.items()}
    return {
        "said": said,
        "session": heads[left.pk],
        "landed": heads[landed.pk],
        "undo": str(row.pk) if row else None,
    }


def _word(body: Body, field: str) -> str:
    word = body.get(field, "")
    if not isinstance(word, str) or "\0" in word:
        raise Invalid("invalid", _("%(field)s: this must be text.") % {"field": field})
    return word.strip()

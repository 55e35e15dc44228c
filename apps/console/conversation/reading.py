"""One conversation in JSON: its head, its mails, what happened, who is there and who writes."""

from __future__ import annotations

from typing import Any

from django.db.models.functions import Substr
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from apps.channels.models import ChannelSettings
from apps.console.answers import Answer, as_json
from apps.console.conversation.head import head_of
from apps.console.conversation.marks import mark_of
from apps.console.conversation.messages import Opening, lines_of, message_of, messages_of, shown
from apps.console.conversation.mirror import is_about, updates_of
from apps.console.conversation.regrouped import possible_of
from apps.console.conversation.timeline import timeline_of
from apps.console.desk.rows import moment
from apps.console.frame import Visit
from apps.console.places import find_session
from apps.console.viewing import viewers_of
from apps.console.who import person_of
from apps.core.models import User
from apps.tickets.models import Draft, Session

SNIPPET = 120  # characters


@require_safe
@as_json
def session(request: Visit, public_id: str) -> Answer:
    """`?message=` is one that a link named; it comes unfolded."""
    found = find_session(request.user, public_id)
    wanted = request.GET.get("message", "")
    number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 19 else None
    return _json(reading_of(request.user, found, request.channel, wanted=number))


@require_safe
@as_json
def message(request: Visit, message_id: int) -> Answer:
    found = get_object_or_404(lines_of(request.user), pk=message_id)
    return _json(message_of(request.user, found))


def reading_of(
    user: User, session: Session, channel: ChannelSettings, *, wanted: int | None = None
) -> dict[str, Any]:
    """The head first: its version is older than everything below it."""
    updates = updates_of(session.thread.key)
    head = head_of(user, session, channel, updates=updates)
    messages = messages_of(user, session)
    here = [one for one in messages if one.session_id == session.pk]
    own = {str(one.pk) for one in here}
    files = {str(file.pk) for one in here for file in one.files.all()}
    return {
        "session": head,
        "messages": shown(user, messages, Opening(wanted, mark_of(user, session))),
        "events": timeline_of(
            session, [one for one in updates if is_about(one, own, files)], messages
        ),
        "possible": possible_of(user, session, messages) if head["rights"]["regroup"] else None,
        "viewers": viewers_of(session, user),
        "drafts": drafts_of(user, session),
        "newest": messages[-1].pk if messages else 0,
    }


def drafts_of(user: User, session: Session) -> list[dict[str, Any]]:
    """Everybody's: whoever reads the conversation sees that somebody writes in it."""
    drafts = Draft.objects.unsent().filter(session=session).select_related("author")
    begun = drafts.defer("text", "html").annotate(beginning=Substr("text", 1, SNIPPET))
    return [_draft(one, user) for one in begun.order_by("pk")]


def _draft(draft: Any, user: User) -> dict[str, Any]:
    return {
        "id": draft.key,
        "kind": draft.kind,
        "author": person_of(draft.author),
        "mine": draft.author_id == user.pk,
        "updated_at": moment(draft.updated_at),
        "snippet": " ".join(draft.beginning.split()),
    }


def _json(answer: dict[str, Any]) -> HttpResponse:
    """Letters as they are: escaped, those of most of the world would take six bytes each."""
    return JsonResponse(answer, json_dumps_params={"ensure_ascii": False, "separators": (",", ":")})

"""Writing: drafts begun, saved, handed on, sent and called back, as the composer asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.db.models import Q
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from apps.channels.models import ChannelSettings
from apps.channels.parsed import Address
from apps.console.answers import Answer, as_json, body_of, refusal
from apps.console.desk.rows import SNIPPET, moment
from apps.console.frame import Visit
from apps.console.places import find_session
from apps.console.writing.draft_body import (
    content_of,
    number_in,
    text_in,
    version_of,
    wish_of,
    words_in,
)
from apps.console.writing.draft_shapes import draft_json, line_json, notes_json
from apps.console.writing.signatures import opening_of
from apps.core.errors import Conflict, Guarded, Invalid, Missing
from apps.core.models import User
from apps.queues.models import Queue
from apps.tickets import draft_files, drafts, drafts_begin, undo
from apps.tickets.draft_notes import notes_of
from apps.tickets.drafts import Content
from apps.tickets.drafts_send import ThreadChanged, send
from apps.tickets.models import Draft, Message, Session
from apps.tickets.newcomers import newcomers
from apps.tickets.sending.unwanted import UNWANTED, Unwanted, confirmed_or_refuse

MOST_LISTED = 200
AGAIN = "again"  # asked for: a mail that did not arrive, to be changed and sent once more


# ---- begin and list ---------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@as_json
def all_drafts(request: Visit) -> Answer:
    """GET: one's own and those that wait in one's sessions. POST: one more, or the one begun."""
    if request.method == "GET":
        return {"rows": [line_json(one, request.user) for one in _listed(request.user)]}
    draft, new = _begun(request.user, body_of(request))
    status = HTTPStatus.CREATED if new else HTTPStatus.OK
    return JsonResponse(draft_json(draft, request.user), status=status)


def _listed(user: User) -> list[Draft]:
    wanted = Q(author=user) | Q(session__agent__user=user)
    found = Draft.objects.unsent().filter(wanted).select_related("author", "session")
    return list(found.order_by("-updated_at", "-pk")[:MOST_LISTED])


def _begun(user: User, body: dict[str, Any]) -> tuple[Draft, bool]:
    kind, newest = _kind(body), number_in(body, "newest") or 0
    if kind == Draft.Kind.NEW:
        queue = _queue(user, number_in(body, "queue"))
        return drafts_begin.begin_new(queue, by=user, opening=opening_of(user, queue)), True
    message = _message(user, number_in(body, "message"))
    if kind == AGAIN:
        assert message is not None  # as below
        return drafts_begin.begin_again(message, by=user, newest=newest), True
    session = _session(user, text_in(body, "session"), message)
    about: dict[str, Any] = {"by": user, "newest": newest}
    about["opening"] = opening_of(user, session.queue)
    if kind == Draft.Kind.REPLY:
        return drafts_begin.begin_reply(session, answers=message, **about)
    assert message is not None  # `_kind` asked for it
    return drafts_begin.begin_forward(session, message, **about), True


def _kind(body: dict[str, Any]) -> str:
    kind = text_in(body, "kind")
    if kind not in (*Draft.Kind.values, AGAIN):
        raise Invalid("kind", _("kind: reply, forward, new or again."))
    if kind in (Draft.Kind.FORWARD, AGAIN) and not body.get("message"):
        raise Invalid("message", _("message: say which mail it is about."))
    return kind


def _session(user: User, public_id: str, message: Message | None) -> Session:
    """The named one, which may be younger than the mail; else the mail's own."""
    if message is None:
        return find_session(user, public_id)
    if not public_id:
        return message.session
    session = find_session(user, public_id)
    if message.thread_id != session.thread_id:
        raise Invalid("message", _("message: This mail belongs to another conversation."))
    return session


def _message(user: User, pk: int | None) -> Message | None:
    if pk is None:
        return None
    known = Message.objects.visible_to(user).select_related(
        "mailbox__account", "session__thread", "session__queue", "session__agent__user"
    )
    message = known.filter(pk=pk).first()
    if message is None:
        raise Missing("not-found", _("This mail is not there any more, or not yours to see."))
    return message


def _queue(user: User, pk: int | None) -> Queue | None:
    """The named one, else the first in which the author works and that has an address."""
    mine = (Queue.objects.worked_by(user) | Queue.objects.steered_by(user)).filter(enabled=True)
    if pk is None:
        with_address = mine.filter(routes__isnull=False)
        worked = Queue.objects.worked_by(user).filter(routes__isnull=False)
        return worked.first() or with_address.first()
    queue = mine.filter(pk=pk).first()
    if queue is None:
        raise Invalid("queue", _("queue: You do not work in this queue."))
    return queue


# ---- one draft --------------------------------------------------------------------------------


@require_http_methods(["GET", "PUT", "DELETE"])
@as_json
def one_draft(request: Visit, key: str) -> Answer:
    draft = drafts.find(key, by=request.user, own=request.method != "GET")
    if request.method == "GET":
        _unsent_or_refuse(draft)
        return draft_json(draft, request.user)
    if request.method == "DELETE":
        drafts.discard(draft)
        return {"gone": draft.key}
    body = body_of(request)
    try:
        saved = drafts.write(draft, content_of(body, draft), version=version_of(body))
    except Conflict as conflict:
        return _with_draft(conflict, request.user, key)
    return {
        "version": saved.version,
        "saved_at": moment(saved.updated_at),
        "notes": notes_json(notes_of(saved, list(draft_files.files_of(saved)))),
    }


def _unsent_or_refuse(draft: Draft) -> None:
    """To look at it is over with Send, in every window."""
    if draft.sent_as_id:
        raise Missing("not-found", _("This mail was sent already."))


def _with_draft(conflict: Conflict, user: User, key: str) -> HttpResponse:
    """Another window was quicker: what it wrote comes along."""
    if conflict.code != "draft-changed":
        raise conflict
    now = drafts.find(key, by=user, own=True)
    return refusal(conflict, draft=draft_json(now, user))


@require_POST
@as_json
def take(request: Visit, key: str) -> Answer:
    """Somebody else's draft, by whoever has the conversation now."""
    draft = drafts.find(key, by=request.user)
    _unsent_or_refuse(draft)
    taken = drafts.take_over(draft, by=request.user)
    return {"draft": draft_json(taken, request.user)}


# ---- Send and Undo ----------------------------------------------------------------------------


@require_POST
@as_json
def send_draft(request: Visit, key: str) -> Answer:
    user, body = request.user, body_of(request)
    draft = drafts.find(key, by=user, own=True)
    wish, content = wish_of(body), content_of(body, draft)
    if strangers := _not_confirmed(draft, content, body):
        return refusal(_new_recipients(strangers), people=[one.email for one in strangers])
    try:
        _wanted_or_refuse(draft, content, body)
        message = send(draft, content, wish, by=user)
    except ThreadChanged as changed:
        return refusal(changed, newer=[_newer(one) for one in changed.newer])
    except Unwanted as unwanted:
        return refusal(unwanted, people=[f"{UNWANTED} {one}" for one in unwanted.people])
    except Conflict as conflict:
        return _with_draft(conflict, user, key)
    answer = _sent(message, wish.then, request.channel)
    return JsonResponse(answer, status=HTTPStatus.ACCEPTED)


def _not_confirmed(draft: Draft, content: Content, body: dict[str, Any]) -> list[Address]:
    """Whom an answer would show the conversation for the first time. Whom a mail is passed on to
    was chosen for that."""
    if draft.sent_as_id or draft.session is None or draft.kind != Draft.Kind.REPLY:
        return []
    confirmed = set(words_in(body, "confirmed"))
    new = newcomers(draft.session, (*content.to, *content.cc, *content.bcc))
    return [one for one in new if "@" in one.email and one.key not in confirmed]


def _wanted_or_refuse(draft: Draft, content: Content, body: dict[str, Any]) -> None:
    """That somebody is new here says nothing of whether he wants mail: each is confirmed alone."""
    if draft.sent_as_id:
        return
    said = (one.partition(f"{UNWANTED} ")[2] for one in words_in(body, "confirmed"))
    people = [one.key for one in (*content.to, *content.cc, *content.bcc)]
    confirmed_or_refuse(people, {*said}, mailbox=content.mailbox or draft.mailbox_id)


def _new_recipients(strangers: Sequence[Address]) -> Guarded:
    sentence = ngettext(
        "New in this conversation: %(who)s. Send it to this address, too?",
        "New in this conversation: %(who)s. Send it to these addresses, too?",
        len(strangers),
    )
    who = ", ".join(one.email for one in strangers)
    return Guarded("new-recipients", sentence % {"who": who})


def _newer(message: Message) -> dict[str, Any]:
    who = message.author.display_name if message.author else message.from_name
    return {
        "id": str(message.pk),
        "who": who or message.from_email,
        "snippet": " ".join(message.text[: 4 * SNIPPET].split())[:SNIPPET],
        "at": moment(message.created_at),
    }


def _sent(message: Message, then: str, channel: ChannelSettings) -> dict[str, Any]:
    until = undo.undo_until(message)
    return {
        "message": str(message.pk),
        "session": message.session.public_id,
        "undo_until": moment(until) if until else None,
        "undo_seconds": channel.undo_seconds if until else 0,
        "said": _said(then, channel.undo_seconds if until else 0),
    }


def _said(then: str, seconds: int) -> str:
    done = {
        "paused": _("Sent, and the session is paused."),
        "resolved": _("Sent, and the session is resolved."),
        "closed": _("Sent, and the session is closed."),
    }.get(then, _("Sent."))
    if not seconds:
        return done
    sentence = ngettext("It leaves in %(n)d second.", "It leaves in %(n)d seconds.", seconds) % {
        "n": seconds
    }
    return f"{done} {sentence}"


@require_POST
@as_json
def undo_message(request: Visit, message_id: int) -> Answer:
    message = _message(request.user, message_id)
    assert message is not None  # an id was given, so it was found or refused
    draft = undo.undo(message, by=request.user)
    return {"draft": draft_json(drafts.find(draft.key, by=request.user), request.user)}

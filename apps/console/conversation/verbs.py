"""What can be done to a session: each address calls one verb, says so, and shows it anew."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from apps.agents.models import Agent
from apps.attachments.models import Attachment
from apps.channels.parsed import Address
from apps.console.answers import as_json, body_of
from apps.console.conversation.head import NEEDED, head_of
from apps.console.conversation.marks import mark_seen, mark_unread
from apps.console.desk.rows import row_of
from apps.console.frame import Visit
from apps.console.places import find_session
from apps.core.errors import Conflict, Forbidden, Guarded, Invalid
from apps.core.models import User
from apps.crm import updates
from apps.queues.attended import attended
from apps.queues.models import Queue
from apps.tickets import customers, sessions
from apps.tickets.file_verdicts import release_file
from apps.tickets.models import Message, Session
from apps.tickets.sending import doubts

log = logging.getLogger(__name__)

Body = dict[str, Any]
Verb = Callable[[User, Session, Body], str]


def _answering(verb: Verb) -> Callable[..., Any]:
    """VERB answers what was done in a sentence; its Problems are the answer otherwise.

    The session is shown even where the verb took it out of the reader's sight: a last look.
    """

    @require_POST
    @as_json
    def view(request: Visit, public_id: str) -> dict[str, Any]:
        session = find_session(request.user, public_id)
        said = verb(request.user, session, body_of(request))
        now = Session.objects.select_related(*NEEDED).get(pk=session.pk)
        return {"said": said, "session": head_of(request.user, now, request.channel)}

    view.__name__, view.__doc__ = verb.__name__, verb.__doc__
    return view


@_answering
def take(user: User, session: Session, body: Body) -> str:
    mine = Agent.objects.working().filter(user=user)
    agent = mine.select_related("user").first()
    if agent is None:
        raise Forbidden("agent-required", _("Only an agent can do this; you are not one."))
    sessions.take(session, agent)
    return _("Taken: the session is yours.")


@_answering
def give_back(user: User, session: Session, body: Body) -> str:
    """To the same queue, unopened and unassigned; what nobody has keeps its place in the line."""
    if session.agent_id is None:
        raise Conflict("not-assigned", _("Nobody has this session: it waits in its queue already."))
    sessions.transfer(session, session.queue, by=user)
    return _("Given back: the session waits in %(queue)s.") % {"queue": session.queue.name}


@_answering
def status(user: User, session: Session, body: Body) -> str:
    wanted = body.get("status")
    said: dict[str, str] = {
        Session.Status.ACTIVE: _("Opened."),
        Session.Status.PAUSED: _("Paused. It comes back when the customer writes."),
        Session.Status.RESOLVED: _("Resolved."),
        Session.Status.CLOSED: _("Closed."),
    }
    if not isinstance(wanted, str) or wanted not in said:
        raise Invalid("unknown-status", _("status: choose active, paused, resolved or closed."))
    sessions.set_status(session, wanted, by=user)
    return said[wanted]


@_answering
def transfer(user: User, session: Session, body: Body) -> str:
    queue = _queue(body)
    if queue.pk == session.queue_id:
        sentence = _("The session lies in %(queue)s already. To free it, give it back.")
        raise Guarded("same-queue", sentence % {"queue": queue.name})
    if queue.enabled and queue.pk not in attended():
        sentence = _("Nobody works in %(queue)s: the session would wait unseen there.")
        raise Guarded("queue-unattended", sentence % {"queue": queue.name})
    sessions.transfer(session, queue, by=user)
    return _("Transferred to %(queue)s.") % {"queue": queue.name}


@_answering
def assign(user: User, session: Session, body: Body) -> str:
    agent = _agent(body)
    if agent.pk == session.agent_id:
        sentence = _("%(agent)s has this session already.") % {"agent": agent.name}
        raise Conflict("already-assigned", sentence)
    sessions.assign(session, agent, by=user)
    return _("Given to %(agent)s.") % {"agent": agent.name}


@_answering
def make_customer(user: User, session: Session, body: Body) -> str:
    """Whoever wrote the mail that was passed on; the mail itself stays as it came."""
    messages = Message.objects.visible_to(user).filter(thread=session.thread_id)
    written = get_object_or_404(messages, pk=_id(body, "message")).forwarded
    if not written.get("email"):
        raise Conflict("not-forwarded", _("This mail passes no other one on."))
    now = customers.make_customer(session, Address(written["email"], written["name"]), by=user)
    return _("%(customer)s is the customer now.") % {"customer": now.customer_name or now.customer}


@_answering
def resolve(user: User, session: Session, body: Body) -> str:
    """Of a mail in doubt: it arrived, or it is sent again."""
    messages = Message.objects.visible_to(user).filter(thread=session.thread_id)
    needed = messages.select_related("mailbox__account", "thread", "session__queue")
    message = get_object_or_404(needed, pk=_id(body, "message"))
    outcome = str(body.get("outcome", ""))
    doubts.resolve(message, outcome, by=user)
    if outcome == "arrived":
        return _("Marked as arrived, and the history says by whom.")
    return _("It is sent again, with the same Message-ID.")


@_answering
def release(user: User, session: Session, body: Body) -> str:
    """A password-protected file, on the word of somebody who may answer for it."""
    files = Attachment.objects.visible_to(user)
    pk = _id(body, "attachment")
    file = get_object_or_404(files, pk=pk, carrier__message__thread=session.thread_id)
    release_file(file, by=user)
    return _("Released: the file can be downloaded now, and the history says by whom.")


@_answering
def rebuild(user: User, session: Session, body: Body) -> str:
    """Of the ticket: each comment is looked for, and written where the CRM has lost it."""
    if not sessions.may_steer(user, session.queue_id):
        sentence = _("Only a supervisor of this queue or an administrator can do this.")
        raise Forbidden("supervisor-required", sentence)
    count = updates.rebuild(session.thread.key)
    if not count:
        sentence = _("There is nothing to rebuild: the CRM was told nothing of this session.")
        raise Conflict("nothing-told", sentence)
    log.info("a ticket's comments are rebuilt", extra={"session": session.pk, "by": user.pk})
    said = ngettext(
        "%(n)d comment of the ticket is looked through and written where it is missing.",
        "%(n)d comments of the ticket are looked through and written where they are missing.",
        count,
    )
    return said % {"n": count}


# ---- what the reader has seen -------------------------------------------------------------------


@require_POST
@as_json
def seen(request: Visit, public_id: str) -> dict[str, Any]:
    """As far as the message that was shown, and no further."""
    session = find_session(request.user, public_id)
    mark_seen(request.user, session, _id(body_of(request), "message"))
    return {"row": row_of(request.user, session)}


@require_POST
@as_json
def unread(request: Visit, public_id: str) -> dict[str, Any]:
    session = find_session(request.user, public_id)
    mark_unread(request.user, session)
    return {"row": row_of(request.user, session)}


# ---- what a body names --------------------------------------------------------------------------


def _queue(body: Body) -> Queue:
    """Any: a session goes where its matter lies, whoever sees that queue."""
    queue = Queue.objects.filter(pk=_id(body, "queue")).first()
    if queue is None:
        raise Invalid("unknown-queue", _("queue: there is no such queue any more."))
    return queue


def _agent(body: Body) -> Agent:
    known = Agent.objects.working().select_related("user")
    agent = known.filter(pk=_id(body, "agent")).first()
    if agent is None:
        raise Invalid("unknown-agent", _("agent: there is no such agent any more."))
    return agent


def _id(body: Body, field: str) -> int:
    """Ids come as strings; a number will do."""
    word = str(body.get(field, ""))
    if not (word.isascii() and word.isdigit() and len(word) < 19):
        raise Invalid("id-missing", _("%(field)s: name one by its id.") % {"field": field})
    return int(word)

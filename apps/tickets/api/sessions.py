"""REST: sessions/, the work on conversations: look, take, open, hand on, answer, begin."""

import logging
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.agents import api as agents_api
from apps.agents.models import Agent
from apps.channels.parsed import Address
from apps.core.api.parsers import SafeJSONParser
from apps.core.api.permissions import caller, require_role
from apps.core.api.views import ApiViewSet
from apps.core.errors import Conflict, Forbidden, Invalid
from apps.core.models import Role, User
from apps.queues import api as queues_api
from apps.queues.models import Queue
from apps.tickets import customers, deleting, outbound, sessions
from apps.tickets.api import bodies
from apps.tickets.api.regroupings import DoneSerializer, MergeSerializer, done_json
from apps.tickets.api.shapes import (
    MessageSerializer,
    SessionSerializer,
    message_json,
    session_json,
    sessions_json,
)
from apps.tickets.models import Session
from apps.tickets.regrouping import by_hand

log = logging.getLogger(__name__)

SESSION_ID = "E[0-9A-HJKMNP-TV-Z]{12}"
REPLIED = inline_serializer("Replied", {"message": MessageSerializer()})
BEGUN = inline_serializer("Begun", {"session": SessionSerializer(), "message": MessageSerializer()})


class SessionViewSet(ApiViewSet):
    """Newest first; only what lies in the caller's queues or is assigned to the caller."""

    serializer_class: Any = SessionSerializer
    lookup_field = "public_id"
    lookup_url_kwarg = "id"
    lookup_value_regex = SESSION_ID
    parser_classes = [SafeJSONParser, MultiPartParser]
    queryset = Session.objects.all()

    def get_queryset(self) -> QuerySet[Session]:
        return Session.objects.visible_to(caller(self.request)).select_related("thread")

    @extend_schema(parameters=[bodies.SessionFilter])
    def list(self, request: Request) -> Response:
        wanted = bodies.SessionFilter(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        found = self.get_queryset().filter(_asked(wanted.validated_data, caller(request)))
        return self.get_paginated_response(sessions_json(self.paginate_queryset(found) or []))

    def retrieve(self, request: Request, id: str) -> Response:
        return Response(session_json(self.get_object()))

    @extend_schema(
        request={
            "application/json": bodies.NewSessionSerializer,
            "multipart/form-data": bodies.FORM_OF_A_FIRST_LETTER,
        },
        responses={201: BEGUN},
    )
    def create(self, request: Request) -> Response:
        """Writes to a customer first: a session that is ours from the start, and its mail."""
        body = bodies.NewSessionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        queue = _queue(body.validated_data["queue"], Queue.objects.visible_to(caller(request)))
        name = body.validated_data.get("agent")
        message = outbound.write_first(
            queue, body.letter, by=caller(request), agent=_agent(name) if name else None
        )
        session = self.get_queryset().get(pk=message.session_id)
        begun = {
            "session": session_json(session),
            "message": message_json(message, request),
        }
        return Response(begun, status=201)

    @extend_schema(parameters=[bodies.Confirmation], responses={200: bodies.ReceiptSerializer})
    def destroy(self, request: Request, id: str) -> Response:
        """The whole conversation, for good, by an administrator; answers the receipt."""
        session, user = self.get_object(), caller(request)
        require_role(user, Role.ADMINISTRATOR)
        if request.query_params.get("confirm") != session.public_id:
            sentence = _("confirm: repeat the session's id; this deletes its whole conversation.")
            raise Invalid("confirm", sentence)
        receipt = deleting.delete_thread(session.thread, by=user)
        return Response(bodies.ReceiptSerializer(receipt).data)

    @extend_schema(request=None, responses=SessionSerializer)
    @action(detail=True, methods=["post"])
    def take(self, request: Request, id: str) -> Response:
        """409 `already-taken`: somebody was quicker."""
        return Response(session_json(sessions.take(self.get_object(), _me(request))))

    @extend_schema(request=None, responses=SessionSerializer)
    @action(detail=True, methods=["post"])
    def open(self, request: Request, id: str) -> Response:
        """The assignee begins; reading changes nothing."""
        return Response(session_json(sessions.open_session(self.get_object(), _me(request))))

    @extend_schema(request=bodies.AssignSerializer, responses=SessionSerializer)
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, id: str) -> Response:
        """By a supervisor or an administrator."""
        session, user = self.get_object(), caller(request)
        require_role(user, Role.ADMINISTRATOR, Role.SUPERVISOR)
        agent = _agent(self._body(bodies.AssignSerializer)["agent"])
        return Response(session_json(sessions.assign(session, agent, by=user)))

    @extend_schema(request=bodies.TransferSerializer, responses=SessionSerializer)
    @action(detail=True, methods=["post"])
    def transfer(self, request: Request, id: str) -> Response:
        """To any queue in use; the answer is the last look at it if that queue is not yours."""
        session = self.get_object()
        queue = _queue(self._body(bodies.TransferSerializer)["queue"], Queue.objects.all())
        return Response(session_json(sessions.transfer(session, queue, by=caller(request))))

    @extend_schema(request=bodies.StatusSerializer, responses=SessionSerializer)
    @action(detail=True, methods=["post"])
    def status(self, request: Request, id: str) -> Response:
        session = self.get_object()
        status = self._body(bodies.StatusSerializer)["status"]
        return Response(session_json(sessions.set_status(session, status, by=caller(request))))

    @extend_schema(request=bodies.CustomerSerializer, responses=SessionSerializer)
    @action(detail=True, methods=["post"])
    def customer(self, request: Request, id: str) -> Response:
        """Says whom the session is about, as after a forwarded mail; the mails stay as they are."""
        session, said = self.get_object(), self._body(bodies.CustomerSerializer)
        address = Address(said["email"], said["name"])
        return Response(session_json(customers.make_customer(session, address, by=caller(request))))

    @extend_schema(
        request={
            "application/json": bodies.ReplySerializer,
            "multipart/form-data": bodies.FORM_OF_A_REPLY,
        },
        responses={202: REPLIED},
    )
    @action(detail=True, methods=["post"])
    def reply(self, request: Request, id: str) -> Response:
        """Takes an unassigned session; the mail is queued and leaves when its files are clean."""
        session = self.get_object()
        body = bodies.ReplySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        message = outbound.reply(session, body.letter, by=caller(request))
        if body.validated_data.get("then") == "resolve":
            _resolve(message.session, caller(request))
        return Response({"message": message_json(message, request)}, status=202)

    @extend_schema(request=MergeSerializer, responses=DoneSerializer)
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, id: str) -> Response:
        """The whole conversation goes on in that of another session; this ends if that is open."""
        session, user = self.get_object(), caller(request)
        given = self._body(MergeSerializer)
        done = by_hand.merge(session, given["into"], by=user, why=given["why"])
        return done_json(done)

    @extend_schema(request=None, responses=SessionSerializer)
    @action(detail=True, methods=["post"], url_path="keep-apart")
    def keep_apart(self, request: Request, id: str) -> Response:
        """The conversation that is suggested as a possible match is another one."""
        by_hand.keep_apart(self.get_object(), by=caller(request))
        return Response(session_json(self.get_object()))

    def _body(self, kind: type[Any]) -> dict[str, str]:
        body = kind(data=self.request.data)
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)


def _resolve(session: Session, user: User) -> None:
    """The mail is on its way already: a session that moved meanwhile does not undo that."""
    session.refresh_from_db()
    try:
        sessions.set_status(session, Session.Status.RESOLVED, by=user)
    except Conflict as conflict:
        log.info("answered, not resolved", extra={"session": session.pk, "code": conflict.code})


def _asked(wanted: dict[str, Any], user: User) -> Q:
    asked = Q()
    if queue := wanted.get("queue"):
        asked &= Q(queue__in=Queue.objects.filter(queues_api.named(queue)))
    if agent := wanted.get("agent"):
        asked &= _of_agent(agent, user)
    if status := wanted.get("status"):
        asked &= Q(status=status)
    if thread := wanted.get("thread"):
        asked &= Q(thread__key=thread)
    if after := wanted.get("updated_after"):
        asked &= Q(updated_at__gt=after)
    return asked


def _of_agent(word: str, user: User) -> Q:
    if word == "none":
        return Q(agent__isnull=True)
    if word == "me":
        return Q(agent__user=user)
    return Q(agent__in=Agent.objects.visible_to(user).filter(agents_api.named(word)))


def _me(request: Request) -> Agent:
    mine = Agent.objects.working().filter(user=caller(request))
    agent = mine.select_related("user").first()
    if agent is None:
        raise Forbidden("agent-required", _("Only an agent can do this; you are not one."))
    return agent


def _agent(word: str) -> Agent:
    """By id before user name, should one be the other's; the verb asks who works where."""
    known = Agent.objects.working().select_related("user")
    agents = list(known.filter(agents_api.named(word)))
    if not agents:
        raise Invalid("unknown-agent", _("agent: there is no such agent; see agents/."))
    return min(agents, key=lambda agent: str(agent.pk) != word)


def _queue(word: str, among: QuerySet[Queue]) -> Queue:
    queues = list(among.filter(queues_api.named(word)))
    if not queues:
        raise Invalid("unknown-queue", _("queue: there is no such queue; see queues/."))
    return min(queues, key=lambda queue: str(queue.pk) != word)

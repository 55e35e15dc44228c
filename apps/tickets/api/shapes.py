"""What callers get: sessions, messages and their files as typed, explicit fields."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from apps.attachments.models import Verdict
from apps.channels.trust import NEUTRAL, VERIFIED, WARNING
from apps.channels.trust_words import advice_of, sentences_of
from apps.core.api.permissions import caller
from apps.core.models import Role
from apps.crm.links import links_of
from apps.tickets import raw
from apps.tickets.delivery_reports import for_whom_all_see
from apps.tickets.delivery_words import sentence_of, word_of
from apps.tickets.models import DeliveryReport, Message, MessageFile, Session
from apps.tickets.threading.words import because_of

MAY_SEE_RAW = (Role.ADMINISTRATOR, Role.AUDITOR)


class TicketRefSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="ticket")
    url = serializers.CharField()


class SessionSerializer(serializers.Serializer[Session]):
    # `sessions_json` puts the `links` of a whole page into the context.

    id = serializers.CharField(source="public_id", read_only=True)
    thread = serializers.CharField(source="thread.key", read_only=True)
    queue = serializers.CharField(source="queue_id", read_only=True)
    status = serializers.ChoiceField(Session.Status.choices, read_only=True)
    agent = serializers.CharField(source="agent_id", read_only=True, allow_null=True)
    ticket = serializers.SerializerMethodField()
    subject = serializers.CharField(read_only=True)
    customer = serializers.CharField(read_only=True, help_text="The customer's address.")
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)
    message_count = serializers.IntegerField(read_only=True)
    why = serializers.CharField(read_only=True, help_text="The last decision in one sentence.")

    @extend_schema_field(TicketRefSerializer(allow_null=True))
    def get_ticket(self, session: Session) -> Any:
        link = self.context["links"].get(session.thread.key)
        return TicketRefSerializer(link).data if link else None


def sessions_json(sessions: Sequence[Session]) -> Any:
    """The ticket links of all of them in one query."""
    links = links_of([session.thread.key for session in sessions])
    context = {"links": links}
    return [SessionSerializer(session, context=context).data for session in sessions]


def session_json(session: Session) -> Any:
    return sessions_json([session])[0]


class PersonSerializer(serializers.Serializer[Any]):
    email = serializers.CharField()
    name = serializers.CharField(allow_blank=True)


class FileSerializer(serializers.Serializer[MessageFile]):
    id = serializers.CharField(source="attachment_id", read_only=True)
    name = serializers.CharField(source="attachment.name", read_only=True)
    size = serializers.IntegerField(source="attachment.size", read_only=True)
    type = serializers.SerializerMethodField()
    verdict = serializers.ChoiceField(Verdict.choices, source="attachment.verdict", read_only=True)
    reason = serializers.CharField(source="attachment.reason", read_only=True)
    content_url = serializers.SerializerMethodField()

    def get_type(self, file: MessageFile) -> str:
        """What the bytes say; before they have been looked at, what the mail claims."""
        return file.attachment.detected_type or file.attachment.declared_type

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_content_url(self, file: MessageFile) -> str | None:
        if file.attachment.verdict != Verdict.CLEAN:
            return None
        return _url(self.context["request"], "api:attachment-content", file.attachment_id)


class LinkSerializer(serializers.Serializer[Any]):
    url = serializers.URLField(help_text="Works without a token, for whoever has it.")
    expires_at = serializers.DateTimeField()


class TrustSerializer(serializers.Serializer[Any]):
    """How far the sender can be believed, in words of the caller's language."""

    level = serializers.ChoiceField([VERIFIED, NEUTRAL, WARNING])
    sentences = serializers.ListField(child=serializers.CharField())
    advice = serializers.CharField()


class ReportSerializer(serializers.Serializer[DeliveryReport]):
    """What a server far away, or the recipient, said of a mail that we sent."""

    recipient = serializers.CharField(read_only=True, help_text="Empty: the report names nobody.")
    kind = serializers.ChoiceField(DeliveryReport.Kind.choices, read_only=True)
    status = serializers.CharField(read_only=True, help_text="RFC 3463, as 5.1.1; may be empty.")
    sentence = serializers.SerializerMethodField()
    at = serializers.DateTimeField(read_only=True)

    def get_sentence(self, report: DeliveryReport) -> str:
        return sentence_of(report) or f"{word_of(report)}."


class MessageSerializer(serializers.Serializer[Message]):
    # `from` is a word of Python, so `get_fields` adds it.

    id = serializers.CharField(source="pk", read_only=True)
    session = serializers.CharField(source="session.public_id", read_only=True)
    direction = serializers.ChoiceField(Message.Direction.choices, read_only=True)
    to = PersonSerializer(many=True, read_only=True)
    cc = PersonSerializer(many=True, read_only=True)
    subject = serializers.CharField(read_only=True)
    text = serializers.CharField(read_only=True)
    html_url = serializers.SerializerMethodField()
    raw_url = serializers.SerializerMethodField()
    status = serializers.ChoiceField(Message.Status.choices, read_only=True)
    automatic = serializers.BooleanField(
        read_only=True, help_text="Written by a program; sent by us: an automatic answer."
    )
    because = serializers.SerializerMethodField()
    reports = serializers.SerializerMethodField()
    attachments = FileSerializer(source="files", many=True, read_only=True)
    message_id = serializers.CharField(read_only=True)
    trust = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(read_only=True)

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {"from": SenderSerializer(source="*", read_only=True)}

    def get_because(self, message: Message) -> str:
        return because_of(message)

    @extend_schema_field(ReportSerializer(many=True))
    def get_reports(self, message: Message) -> Any:
        return [ReportSerializer(one).data for one in for_whom_all_see(message)]

    @extend_schema_field(TrustSerializer())
    def get_trust(self, message: Message) -> Any:
        trust = message.trust
        told = {"sentences": sentences_of(trust), "advice": advice_of(trust)}
        return TrustSerializer({"level": trust.get("level", NEUTRAL), **told}).data

    @extend_schema_field(serializers.URLField())
    def get_html_url(self, message: Message) -> str:
        return str(self.context["request"].build_absolute_uri(f"/m/{message.pk}/"))

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_raw_url(self, message: Message) -> str | None:
        request: Request = self.context["request"]
        may = caller(request).has_role(*MAY_SEE_RAW) and raw.has_source(message)
        if not may or raw.is_waiting(message):
            return None
        return _url(request, "api:message-raw", message.pk)


class SenderSerializer(serializers.Serializer[Message]):
    email = serializers.CharField(source="from_email", read_only=True)
    name = serializers.CharField(source="from_name", read_only=True)


def file_json(file: MessageFile, request: Request) -> Any:
    return FileSerializer(file, context={"request": request}).data


def message_json(message: Message, request: Request) -> Any:
    return MessageSerializer(message, context={"request": request}).data


def _url(request: Request, name: str, key: object) -> str:
    return str(request.build_absolute_uri(reverse(name, kwargs={"id": key})))

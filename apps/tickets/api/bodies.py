"""What callers send: letters with their files, as JSON or as a form, and the small bodies."""

import base64
import binascii
import re
from email.utils import parseaddr
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.attachments.previews import SIZES, WHOLE
from apps.channels.parsed import Address
from apps.tickets.models import Session, ThreadDeletion
from apps.tickets.outbound import Letter, Upload

MOST_PEOPLE = 100
MOST_FILES = 100  # the channel's own limit is lower and speaks for itself
MOST_TEXT = 2_000_000

_ADDRESS = re.compile(
    r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,64}@[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,255}"
)
_WHOLE_ADDRESS = re.compile(rf"(?:{_ADDRESS.pattern})\Z")
one_line = RegexValidator(r"^[^\x00-\x1f\x7f]*\Z", _("No line breaks or control characters."))


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "example": "Ana <ana@example.com>"},
            {
                "type": "object",
                "properties": {"email": {"type": "string"}, "name": {"type": "string"}},
                "required": ["email"],
            },
        ]
    }
)
class AddressField(serializers.Field[Address, Any, Any, Any]):
    """`ana@example.com`, `Ana <ana@example.com>` or {"email", "name"}."""

    default_error_messages = {"address": _("“{given}” is not an email address.")}

    def to_internal_value(self, data: Any) -> Address:
        if isinstance(data, dict):
            email, name = data.get("email"), data.get("name") or ""
        else:
            readable = isinstance(data, str) and data.isprintable()
            name, email = parseaddr(data) if readable else ("", None)
        if not isinstance(email, str) or not isinstance(name, str):
            self.fail("address", given=str(data)[:100])
        if not _ADDRESS.fullmatch(email) or len(email) > 320:
            self.fail("address", given=str(data)[:100])
        return Address(email, _printable(name)[:200])


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "content_type": {"type": "string"},
            "content_base64": {"type": "string", "contentEncoding": "base64"},
        },
        "required": ["name", "content_base64"],
    }
)
class UploadField(serializers.Field[Upload, Any, Any, Any]):
    """A file of a form, or {"name", "content_type", "content_base64"}."""

    default_error_messages = {
        "file": _("A file is {{name, content_type, content_base64}}, or a part of a form."),
        "base64": _("content_base64 is not base64."),
    }

    def to_internal_value(self, data: Any) -> Upload:
        if isinstance(data, UploadedFile):
            return Upload(_printable(data.name or ""), data.content_type or "", data.read())
        if not isinstance(data, dict):
            self.fail("file")
        name, kind = data.get("name"), data.get("content_type") or ""
        packed: Any = data.get("content_base64")
        if not (name and all(isinstance(one, str) for one in (name, kind, packed))):
            self.fail("file")
        try:
            content = base64.b64decode(packed, validate=True)
        except (binascii.Error, ValueError):
            self.fail("base64")
        return Upload(_printable(name), _printable(kind), content)


def _printable(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())


def _people(**more: Any) -> Any:
    return serializers.ListField(child=AddressField(), max_length=MOST_PEOPLE, **more)


class LetterSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(
        required=False, allow_blank=True, trim_whitespace=False, max_length=MOST_TEXT
    )
    html = serializers.CharField(
        required=False, allow_blank=True, trim_whitespace=False, max_length=MOST_TEXT
    )
    subject = serializers.CharField(required=False, max_length=900, validators=[one_line])
    to = _people(required=False, allow_empty=False)
    cc = _people(required=False)
    bcc = _people(required=False)
    files = serializers.ListField(child=UploadField(), required=False, max_length=MOST_FILES)
    confirmed = serializers.ListField(
        child=serializers.CharField(max_length=320),
        required=False,
        max_length=MOST_PEOPLE,
        help_text="Addresses that are written to although somebody there wants no mail.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        said = (attrs.get("text") or "").strip() or (attrs.get("html") or "").strip()
        if not said and not attrs.get("files"):
            raise serializers.ValidationError({"text": [_("Write something: text or html.")]})
        return attrs

    @property
    def letter(self) -> Letter:
        given = self.validated_data
        people = {
            side: tuple(given[side]) if side in given else None for side in ("to", "cc", "bcc")
        }
        return Letter(
            text=given.get("text", ""),
            html=given.get("html", ""),
            subject=given.get("subject"),
            to=people["to"],
            cc=people["cc"],
            bcc=people["bcc"],
            files=tuple(given.get("files", ())),
            confirmed=frozenset(one.lower() for one in given.get("confirmed", ())),
        )


class ReplySerializer(LetterSerializer):
    """What is left out is as the conversation suggests: recipients, subject."""

    send_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Refused: sending later is not available yet."
    )
    then = serializers.ChoiceField(["resolve"], required=False)

    def validate_send_at(self, value: Any) -> Any:
        if value is not None:
            raise serializers.ValidationError(
                _("Sending later is not available yet; leave it out to send now.")
            )
        return value


class NewSessionSerializer(LetterSerializer):
    queue = serializers.CharField(max_length=200, help_text="An id or a name.")
    agent = serializers.CharField(
        max_length=200, required=False, allow_null=True, help_text="An id or a user name."
    )
    subject = serializers.CharField(max_length=900, validators=[one_line])
    to = _people(allow_empty=False)


class AssignSerializer(serializers.Serializer[Any]):
    agent = serializers.CharField(max_length=200, help_text="An id or a user name.")


class TransferSerializer(serializers.Serializer[Any]):
    queue = serializers.CharField(max_length=200, help_text="An id or a name.")


class StatusSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(Session.Status.choices)


class CustomerSerializer(serializers.Serializer[Any]):
    email = serializers.CharField(
        max_length=320,
        validators=[RegexValidator(_WHOLE_ADDRESS, _("Write it like name@example.com."))],
    )
    name = serializers.CharField(
        required=False, allow_blank=True, max_length=200, validators=[one_line], default=""
    )


class SessionFilter(serializers.Serializer[Any]):
    queue = serializers.CharField(required=False, help_text="An id or a name.")
    status = serializers.ChoiceField(Session.Status.choices, required=False)
    agent = serializers.CharField(required=False, help_text="An id, a user name, `me` or `none`.")
    thread = serializers.CharField(required=False)
    updated_after = serializers.DateTimeField(required=False)


class MessageFilter(serializers.Serializer[Any]):
    session = serializers.CharField(required=False, help_text="Its id.")
    inbound = serializers.RegexField(
        r"^[0-9]{1,18}\Z", required=False, help_text="The id that `inbound/` or the ledger gave."
    )


class ResolveSerializer(serializers.Serializer[Any]):
    outcome = serializers.CharField(max_length=10, help_text="arrived, or resend")


class PreviewQuery(serializers.Serializer[Any]):
    page = serializers.IntegerField(min_value=1, default=1, help_text="Of a PDF or a TIFF.")
    longest = serializers.ChoiceField(
        choices=SIZES, default=WHOLE, help_text="Pixels of the longer side."
    )


_WORD, _WORDS = {"type": "string"}, {"type": "array", "items": {"type": "string"}}
_LETTER: dict[str, Any] = {
    "text": _WORD,
    "html": _WORD,
    "subject": _WORD,
    "to": _WORDS,
    "cc": _WORDS,
    "bcc": _WORDS,
    "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
}
FORM_OF_A_REPLY = {
    "type": "object",
    "properties": _LETTER | {"then": {"type": "string", "enum": ["resolve"]}},
}
FORM_OF_A_FIRST_LETTER = {
    "type": "object",
    "properties": _LETTER | {"queue": _WORD, "agent": _WORD},
    "required": ["queue", "to", "subject"],
}
BINARY = OpenApiTypes.BINARY


class Confirmation(serializers.Serializer[Any]):
    confirm = serializers.CharField(help_text="The session's id once more.")


class ReceiptSerializer(serializers.Serializer[ThreadDeletion]):
    """What was deleted, by whom and when; nothing of its content."""

    thread = serializers.CharField(source="thread_key", read_only=True)
    by = serializers.CharField(source="by.username", default=None, read_only=True)
    messages = serializers.IntegerField(read_only=True)
    files = serializers.IntegerField(read_only=True)
    sources = serializers.IntegerField(read_only=True)
    updates = serializers.IntegerField(read_only=True)
    at = serializers.DateTimeField(read_only=True)

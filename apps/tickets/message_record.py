"""A message as plain data, to be kept where no console is: as callers of the API get it, but
without the addresses that lead to it, and without what is reported of it later."""

from typing import Any

from apps.channels.trust import NEUTRAL
from apps.channels.trust_words import advice_of, sentences_of
from apps.tickets.models import Message, MessageFile
from apps.tickets.threading.words import because_of


def record_of(message: Message) -> dict[str, Any]:
    """MESSAGE comes with its session, files and attachments."""
    return {
        "id": str(message.pk),
        "session": message.session.public_id,
        "direction": message.direction,
        "from": {"email": message.from_email, "name": message.from_name},
        "to": _people(message.to),
        "cc": _people(message.cc),
        "subject": message.subject,
        "text": message.text,
        "status": message.status,
        "automatic": message.automatic,
        "because": because_of(message),
        "attachments": [_file(one) for one in message.files.all()],
        "message_id": message.message_id,
        "trust": _trust(message.trust),
        "created_at": message.created_at.isoformat().replace("+00:00", "Z"),
    }


def _people(people: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{"email": one["email"], "name": one["name"]} for one in people]


def _file(file: MessageFile) -> dict[str, Any]:
    one = file.attachment
    return {
        "id": str(one.pk),
        "name": one.name,
        "size": one.size,
        "type": one.detected_type or one.declared_type,
        "verdict": one.verdict,
        "reason": one.reason,
    }


def _trust(trust: dict[str, Any]) -> dict[str, Any]:
    return {
        "level": trust.get("level", NEUTRAL),
        "sentences": [str(one) for one in sentences_of(trust)],
        "advice": str(advice_of(trust)),
    }

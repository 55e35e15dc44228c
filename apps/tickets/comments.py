"""What the CRM is told of a message: the standard comment once per thread, and a link each time."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import prefetch_related_objects

from apps.channels.models import ChannelSettings
from apps.crm import updates
from apps.crm.models import CrmSettings, TicketUpdate
from apps.crm.updates import Planned
from apps.tickets.models import Message

NEEDED = ("thread", "mailbox", "session__queue", "session__agent__user")
FIRST = "first"  # the key of a thread's one standard comment


@dataclass(frozen=True, slots=True)
class Words:
    """Words of the contract in the language of comments: not of any user, so not gettext's."""

    labels: tuple[str, str, str, str, str, str]
    unassigned: str
    no_address: str
    no_subject: str
    received: str
    sent: str
    unknown: str


ENGLISH = Words(
    labels=("Sent by", "Received by", "Session ID", "Assigned agent", "Queue", "Subject"),
    unassigned="Unassigned",
    no_address="(no address)",
    no_subject="(no subject)",
    received="Email received",
    sent="Email sent",
    unknown="Email sent, but the mail server did not confirm it",
)
SPANISH = Words(
    labels=("Enviado por", "Recibido por", "ID de sesión", "Agente asignado", "Fila", "Asunto"),
    unassigned="Sin asignar",
    no_address="(sin dirección)",
    no_subject="(sin asunto)",
    received="Correo recibido",
    sent="Correo enviado",
    unknown="Correo enviado, pero el servidor de correo no lo confirmó",
)
LANGUAGES = {"en": ENGLISH, "es": SPANISH}


def plan_for(messages: Sequence[Message]) -> None:
    """Inside the caller's transaction, after the routing decision, in the order of the messages.

    A standard comment is planned with every message: the outbox keeps the first of a thread.
    """
    if not messages:
        return
    words = LANGUAGES[CrmSettings.load().language]
    address = ChannelSettings.load().external_url.rstrip("/")
    updates.plan(updates_of(messages, address, words))


def updates_of(messages: Sequence[Message], address: str, words: Words) -> list[Planned]:
    """Reads, and writes nothing: the dry run asks it too."""
    prefetch_related_objects(messages, *NEEDED)  # no query for what the caller has loaded
    plans: list[Planned] = []
    begun: set[str] = set()
    for message in messages:
        if message.thread.key not in begun:
            begun.add(message.thread.key)
            plans.append(_standard(message, words))
        plans.append(_link(message, address, words))
    return plans


def _standard(message: Message, words: Words) -> Planned:
    kind = TicketUpdate.Kind.STANDARD
    return _planned(message, kind, FIRST, _standard_text(message, words), words)


def _link(message: Message, address: str, words: Words) -> Planned:
    text = f"{_direction(message, words)}: {address}/e/{message.pk}/"
    return _planned(message, TicketUpdate.Kind.LINK, str(message.pk), text, words)


def _planned(message: Message, kind: str, key: str, text: str, words: Words) -> Planned:
    subject = one_line(message.thread.subject) or words.no_subject
    return Planned(message.thread.key, kind, key, subject, text)


def _direction(message: Message, words: Words) -> str:
    if message.direction == Message.Direction.IN:
        return words.received
    return words.unknown if message.status == Message.Status.UNKNOWN else words.sent


def _standard_text(message: Message, words: Words) -> str:
    """Six lines, `label: value`, in the order of the contract."""
    session = message.session
    values = (
        one_line(message.from_email) or words.no_address,
        one_line(_received_by(message)) or words.no_address,
        session.public_id,
        one_line(session.agent.name) if session.agent else words.unassigned,
        one_line(session.queue.name),
        one_line(message.subject) or words.no_subject,
    )
    lines = zip(words.labels, values, strict=True)
    return "\n".join(f"{label}: {value}" for label, value in lines)


def _received_by(message: Message) -> str:
    """Our mailbox for what came in, the people written to for what went out."""
    if message.direction == Message.Direction.IN and message.mailbox:
        return message.mailbox.address
    return ", ".join(person["email"] for person in message.to)


def one_line(text: str) -> str:
    """Without line breaks and whatever else could forge a line or turn its text round."""
    shown = (letter for letter in " ".join(text.split()) if _is_harmless(letter))
    return "".join(shown)


def _is_harmless(letter: str) -> bool:
    turns_round = "\u202a" <= letter <= "\u202e" or "\u2066" <= letter <= "\u2069"
    return not turns_round and unicodedata.category(letter) not in {"Cc", "Cs"}

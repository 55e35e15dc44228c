"""What a new ticket is opened with: facts of a message by merge field."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from apps.channels.models import ChannelSettings
from apps.core.zones import zone_named
from apps.tickets.harmless import one_line
from apps.tickets.models import Message


@dataclass(frozen=True, slots=True)
class House:
    """What links and times are written with: the console's address and the house's time zone."""

    address: str
    zone: ZoneInfo

    def link(self, message_id: int) -> str:
        """Opens exactly this message, after sign-in and permission check."""
        return f"{self.address}/e/{message_id}/"


def house() -> House:
    channel = ChannelSettings.load()
    zone = zone_named(channel.time_zone) or ZoneInfo("UTC")
    return House(channel.external_url.rstrip("/"), zone)


def facts_of(message: Message, house: House) -> dict[str, str]:
    """By the names of crm/merge_fields.py; what a message does not have is empty."""
    session = message.session
    return {
        "SESSION_ID": session.public_id,
        "THREAD_ID": message.thread.key,
        "SUBJECT": one_line(message.subject),
        "QUEUE": one_line(session.queue.name),
        "AGENT": one_line(session.agent.name) if session.agent else "",
        "CUSTOMER_EMAIL": one_line(session.customer),
        "CUSTOMER_NAME": one_line(session.customer_name),
        "MAILBOX": message.mailbox.address if message.mailbox else "",
        "DIRECTION": message.direction,
        "LINK": house.link(message.pk),
    }

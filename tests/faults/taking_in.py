"""A process that takes in and screens mails of a database of its own, until a test kills it.

Its steps (tests/faults/steps.py): `taking_in prepare|take_in|screen|report` with CARTERIA_DATA and
CLAMD_ADDRESS.
"""

import os
from datetime import timedelta

MAILS = int(os.environ.get("MAILS", "120"))


def prepare() -> None:
    from django.core.management import call_command

    from apps.channels.models import ChannelSettings, InboundEmail
    from apps.channels.receive import Arrival, receive
    from tests.people import make_house

    call_command("migrate", run_syncdb=True, verbosity=0)
    house = make_house()
    ChannelSettings.objects.update_or_create(
        pk=1, defaults={"enabled": True, "external_url": "http://console.test"}
    )
    arrivals = [Arrival(_mail(number), number) for number in range(1, MAILS + 1)]
    receive(
        arrivals,
        source=InboundEmail.Source.FETCH,
        account=house.mailbox.account,
        folder="INBOX",
        uidvalidity=7,
    )


def _mail(number: int) -> bytes:
    return (
        f"From: Carla <carla{number}@outside.test>\r\nTo: support@carteria.test\r\n"
        f"Subject: Parcel {number}\r\nMessage-ID: <m{number}@outside.test>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; name=order.txt\r\n"
        f"Content-Disposition: attachment; filename=order.txt\r\n\r\norder {number}\r\n"
    ).encode()


def take_in() -> None:
    """What the sweep does."""
    from apps.tickets import inbound

    _wait()
    inbound.take_in()


def screen() -> None:
    """What the sweep does."""
    from apps.attachments.screen import due, screen

    _wait()
    while batch := due(20):
        screen(batch)


def _wait() -> None:
    """Instead of waiting for the leases of the killed one."""
    from django.utils import timezone

    from apps.attachments.models import Attachment
    from apps.core.models import Lease

    past = timezone.now() - timedelta(seconds=1)
    Lease.objects.update(until=past)
    Attachment.objects.exclude(next_try_at=None).update(next_try_at=past)


def report() -> None:
    """When all is done: stored rows, messages, different mails, links planned, clean files."""
    from apps.attachments.models import Attachment, Verdict
    from apps.channels.models import InboundEmail
    from apps.crm.models import TicketUpdate
    from apps.tickets.models import Message

    take_in()
    screen()
    stored = InboundEmail.objects.filter(status="stored").count()
    mails = Message.objects.values("inbound__sha256").distinct().count()
    links = TicketUpdate.objects.filter(kind="link").count()
    clean = Attachment.objects.filter(verdict=Verdict.CLEAN).count()
    print(stored, Message.objects.count(), mails, links, clean)

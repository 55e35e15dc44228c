"""A process that answers and delivers from a database of its own, until a test kills it.

Its steps (tests/faults/steps.py): `delivering prepare|deliver|wait|report` with CARTERIA_DATA and SEND_PORT.
"""

import os
from datetime import timedelta

MAILS = 6


def prepare() -> None:
    from django.core.management import call_command

    from apps.channels.models import EmailAccount
    from apps.tickets.outbound import Letter, reply
    from tests.people import make_house, make_message, make_session

    call_command("migrate", run_syncdb=True, verbosity=0)
    house = make_house()
    EmailAccount.objects.update(send_host="127.0.0.1", send_port=int(os.environ["SEND_PORT"]))
    for number in range(MAILS):
        session = make_session(house.support, agent=house.alice, mailbox=house.mailbox)
        make_message(session)
        reply(session, Letter(text=f"Answer {number}"), by=house.alice.user)


def deliver() -> None:
    """What the sweep does."""
    from apps.tickets.sending import delivery

    for message_id in delivery.due(100):
        delivery.deliver(message_id)


def wait() -> None:
    """Instead of waiting for the lease of the killed one."""
    from django.utils import timezone

    from apps.tickets.models import DeliveryAttempt

    over = timezone.now() - timedelta(seconds=1)
    DeliveryAttempt.objects.filter(outcome="").update(lease_until=over)


def report() -> None:
    """Messages by status, in order of their ids; then comments planned."""
    from apps.crm.models import TicketUpdate
    from apps.tickets.models import Message

    out = Message.objects.filter(direction="out").order_by("id")
    links = TicketUpdate.objects.filter(kind="link").count()
    print(*out.values_list("status", flat=True), links)

"""One installation of its own, with an automatic answer and a clock that is turned: a process that
takes mails from its standard input and says what it sends, a JSON line each.

    python -m tests.faults.desk ADDRESS
"""

import base64
import json
import sys
from datetime import timedelta
from typing import Any

import tests.environment  # noqa: F401 - before Django's settings are read

ANSWER = {"from": "", "subject": "We have got your mail", "text": "{QUEUE} answers soon."}


def main(address: str) -> None:
    _make(address)
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        _come([base64.b64decode(one) for one in asked["mails"]], address)
        answer = {"sent": _sent(), "kept": _kept(), "loops": _loops()}
        _turn_clocks(timedelta(minutes=asked["minutes"]))
        print(json.dumps(answer), flush=True)


def _make(address: str) -> None:
    import django
    from django.core.management import call_command

    django.setup()
    from django.apps import apps
    from django.conf import settings

    settings.MIGRATION_MODULES = {one.label: None for one in apps.get_app_configs()}
    call_command("migrate", run_syncdb=True, verbosity=0)
    from tests.people import make_mailbox, make_queue, switch_channel_on

    switch_channel_on()
    make_mailbox(address, queue=make_queue("Desk", auto_response=ANSWER))


def _come(mails: list[bytes], address: str) -> None:
    from apps.channels.models import InboundEmail, Mailbox
    from apps.channels.receive import receive_one
    from apps.tickets.inbound import take_in

    mailbox = Mailbox.objects.get(address=address)
    for raw in mails:
        receive_one(raw, mailbox=mailbox, source=InboundEmail.Source.API)
    take_in()


def _sent() -> list[str]:
    """As the mail server would get it; from then on it counts as sent."""
    from apps.channels.compose import compose
    from apps.tickets.models import Message
    from apps.tickets.sending.delivery import mail_of

    queued = Message.objects.filter(status=Message.Status.QUEUED).order_by("pk")
    raws = [compose(mail_of(one)) for one in queued]
    queued.update(status=Message.Status.SENT)
    return [base64.b64encode(raw).decode() for raw in raws]


def _kept() -> int:
    from apps.tickets.models import Message

    return Message.objects.filter(direction=Message.Direction.IN).count()


def _loops() -> list[str]:
    from apps.tickets.automatic.loops import looping

    return sorted(set(looping().values_list("after", flat=True)))


def _turn_clocks(passed: timedelta) -> None:
    """On every clock that the guards look at."""
    from django.db.models import F

    from apps.tickets.models import AutomaticAnswer, Message, SessionEvent

    clocks: tuple[tuple[Any, str], ...] = (
        (Message, "created_at"),
        (AutomaticAnswer, "at"),
        (SessionEvent, "at"),
    )
    for rows, column in clocks:
        rows.objects.update(**{column: F(column) - passed})


if __name__ == "__main__":
    main(sys.argv[1])

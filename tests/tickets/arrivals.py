"""Mails that are understood already arrive in batches, as intake stores them, without parsing."""

import hashlib
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

from django.db import transaction

from apps.channels.customer import takes_part
from apps.channels.models import InboundEmail, Mailbox
from apps.channels.parsed import Address, ParsedEmail
from apps.tickets.models import Message
from apps.tickets.reading import ReadMail
from apps.tickets.storing import store

CUSTOMER = "customer@outside.test"

_numbers = count(1)


def a_mail(
    mailbox: Mailbox,
    *,
    sender: str = CUSTOMER,
    to: Iterable[str] | None = None,
    cc: Iterable[str] = (),
    subject: str = "Parcel",
    message_id: str = "",
    in_reply_to: str = "",
    references: Sequence[str] = (),
    **fields: Any,
) -> ReadMail:
    """To the mailbox, unless TO says otherwise; its row is not saved yet."""
    parsed = ParsedEmail(
        subject=subject,
        from_=Address(sender),
        to=_people([mailbox.address] if to is None else to),
        cc=_people(cc),
        message_id=message_id,
        in_reply_to=in_reply_to,
        references=tuple(references),
        text="Hello",
        **fields,
    )
    people = takes_part(parsed, Address(sender), mailbox.addresses)
    return ReadMail(
        row=InboundEmail(
            source=InboundEmail.Source.API,
            account=mailbox.account,
            mailbox=mailbox,
            sha256=hashlib.sha256(str(next(_numbers)).encode()).hexdigest(),
        ),
        parsed=parsed,
        mailbox=mailbox,
        queue=mailbox.route.queue,
        text="Hello",
        customer=Address(sender),
        people=people,
    )


def arrive(*mails: ReadMail, batch: int = 50) -> list[Message]:
    """Stored in this order; answers their messages as they stand at the end."""
    for some in (mails[at : at + batch] for at in range(0, len(mails), batch)):
        InboundEmail.objects.bulk_create(mail.row for mail in some)
        with transaction.atomic():
            store(some)
    found = {
        one.inbound_id: one
        for one in Message.objects.filter(inbound__isnull=False).select_related("thread", "session")
    }
    return [found[mail.row.pk] for mail in mails]


def _people(addresses: Iterable[str]) -> tuple[Address, ...]:
    return tuple(Address(one) for one in addresses)

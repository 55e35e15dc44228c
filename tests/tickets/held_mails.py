"""Mails that are held, one for each reason, as they come about; and whose senders may be told."""

from itertools import count
from typing import Any

import pytest

from apps.channels.models import EmailAccount, InboundEmail, QuarantinedEmail
from apps.channels.receive import Arrival, note_huge, receive
from apps.tickets.inbound import take_in
from apps.tickets.models import Message
from tests.people import House, make_mailbox

CARLA = "carla@outside.test"
_numbers = count(1)
JUNK = b"\x00\x01\x02 nothing that a mail has"


def raw_mail(subject: str = "Parcel", text: str = "Where is it?", **headers: str) -> bytes:
    fields = {"From": f"Carla <{CARLA}>", "To": "support@carteria.test", "Subject": subject}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{head}\r\n{text}\r\n".encode()


def odd_mail() -> bytes:
    """A file's coding is named twice, and differently."""
    return (
        raw_mail(
            "Odd", MIME_Version="1.0", Content_Type="multipart/mixed; boundary=b"
        ).removesuffix(b"Where is it?\r\n")
        + b"--b\r\nContent-Type: text/plain\r\n\r\nWords\r\n--b\r\n"
        + b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n"
        + b"Content-Transfer-Encoding: 7bit\r\n\r\nQUJD\r\n--b--\r\n"
    )


def fetched(account: EmailAccount, *raws: bytes) -> list[InboundEmail]:
    """As the account's folder had them."""
    first = InboundEmail.objects.count() + 1
    return receive(
        [Arrival(raw, uid) for uid, raw in enumerate(raws, start=first)],
        source=InboundEmail.Source.FETCH,
        account=account,
        folder="INBOX",
        uidvalidity=1,
    )


def arrives(house: House, raw: bytes | None = None) -> InboundEmail:
    return fetched(house.mailbox.account, raw or raw_mail(f"Parcel {next(_numbers)}"))[0]


def held(
    house: House, raw: bytes | None = None, *, code: str = "unreadable", **fields: Any
) -> InboundEmail:
    """Held already, whatever is in it."""
    row = arrives(house, raw or raw_mail())
    fields = {"sender": CARLA, "subject": "Parcel", "mailbox": house.mailbox} | fields
    InboundEmail.objects.filter(pk=row.pk).update(
        status="quarantined", code=code, reason="It is held.", **fields
    )
    return QuarantinedEmail.objects.get(pk=row.pk)


def now(row: InboundEmail) -> tuple[str, str]:
    row.refresh_from_db()
    return row.status, row.code


def message_of(row: InboundEmail) -> Message:
    return Message.objects.select_related("session__queue").get(inbound=row)


def rounds(number: int) -> None:
    """As many rounds of the worker."""
    for _round in range(number):
        take_in()


# ---- each reason as it comes about --------------------------------------------------------------


def too_big(house: House, patch: pytest.MonkeyPatch) -> InboundEmail:
    patch.setattr("apps.channels.receive.MAX_MAIL_BYTES", 100)
    return arrives(house, raw_mail("Big", "x" * 200))


def never_fetched(house: House, patch: pytest.MonkeyPatch) -> InboundEmail:
    account = house.mailbox.account
    return note_huge([(99, 10**9)], account=account, folder="INBOX", uidvalidity=1)[0]


def not_a_mail(house: House, patch: pytest.MonkeyPatch) -> InboundEmail:
    return arrives(house, JUNK)


def empty(house: House, patch: pytest.MonkeyPatch) -> InboundEmail:
    return arrives(house, b"\r\n \r\n")


def odd(house: House, patch: pytest.MonkeyPatch) -> InboundEmail:
    return arrives(house, odd_mail())


def unreadable(house: House, patch: pytest.MonkeyPatch) -> InboundEmail:
    patch.setattr("apps.channels.parse.read", _fails)
    return arrives(house)


def too_heavy(house: House, patch: pytest.MonkeyPatch) -> InboundEmail:
    patch.setattr("apps.channels.parse.is_heavy", lambda _raw: True)
    patch.setattr("apps.channels.parse.SECONDS", 0.01)
    return arrives(house)


def without_mailbox(house: House, patch: pytest.MonkeyPatch) -> InboundEmail:
    account = EmailAccount.objects.create(name="Bare", receive_host="127.0.0.1", receive_port=9)
    return fetched(account, raw_mail("Bare"))[0]


def without_queue(house: House, patch: pytest.MonkeyPatch) -> InboundEmail:
    house.support.enabled = False
    house.support.save()
    return arrives(house)


def killing(house: House, patch: pytest.MonkeyPatch) -> InboundEmail:
    row = arrives(house)
    InboundEmail.objects.filter(pk=row.pk).update(tries=3)
    return row


def not_storable(house: House, patch: pytest.MonkeyPatch) -> InboundEmail:
    patch.setattr("apps.tickets.inbound.store", _fails)
    return arrives(house)


def failing_place(house: House, patch: pytest.MonkeyPatch) -> InboundEmail:
    patch.setattr("apps.tickets.placing.find_places", _breaks)
    return arrives(house)


def cure(house: House) -> None:
    """A queue in use, and a mailbox for the account that has none."""
    house.support.enabled = True
    house.support.save()
    for bare in EmailAccount.objects.filter(mailboxes=None):
        make_mailbox("bare@carteria.test", account=bare, queue=house.support)


def _fails(*args: object, **kwargs: object) -> object:
    raise ValueError("a customer's words")


def _breaks(*args: object, **kwargs: object) -> object:
    raise RuntimeError("a customer's words")

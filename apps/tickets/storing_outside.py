"""What of a conversation goes to the storage: clean files, messages as JSON, raw mails, PDFs.

Each is planned in the transaction after which it may leave the house, and only if its kind is
switched on. The day in a path is the one on which the session began, so that all of a session
lies together.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from django.db.models import Q

from apps.attachments.models import Verdict
from apps.core.models import Blob
from apps.storage import outbox
from apps.storage.models import Kind
from apps.storage.outbox import Wanted
from apps.tickets.facts import House, house
from apps.tickets.message_record import record_of
from apps.tickets.models import Message, MessageFile, Session, ThreadPdf


def plan_messages(messages: Sequence[Message], house: House) -> None:
    """Mails that the CRM hears of just now. Files that came in are still to be screened."""
    kinds = outbox.wanted_kinds()
    sent = [one.pk for one in messages if one.direction == Message.Direction.OUT]
    wanted: list[Wanted] = []
    if Kind.ATTACHMENTS in kinds and sent:
        wanted += _clean_files(Q(message__in=sent), house)
    if kinds & {Kind.JSON, Kind.RAW}:
        wanted += _settled(Q(pk__in=[one.pk for one in messages]), kinds, house)
    outbox.plan(wanted)


def plan_screened(message_ids: Sequence[int], screened: Q, house: House) -> None:
    """In the transaction of the verdicts on the files SCREENED of these mails."""
    kinds = outbox.wanted_kinds()
    wanted: list[Wanted] = []
    if Kind.ATTACHMENTS in kinds:
        wanted += _clean_files(screened & Q(message__in=message_ids), house)
    if kinds & {Kind.JSON, Kind.RAW}:
        wanted += _settled(Q(pk__in=message_ids), kinds, house)
    outbox.plan(wanted)


def plan_pdf(pdf: ThreadPdf, blob: Blob) -> None:
    """It takes the place of the thread's PDF before it."""
    if Kind.PDF not in outbox.wanted_kinds():
        return
    earlier = ThreadPdf.objects.filter(
        thread=pdf.thread_id, number__lt=pdf.number, status=ThreadPdf.Status.RENDERED
    )
    before = earlier.order_by("-number").first()
    wanted = _wanted(
        Kind.PDF, _pdf_key(pdf), pdf.name, blob, _Place(pdf.session, pdf.thread.key, house())
    )
    outbox.plan([replace(wanted, replaces=_pdf_key(before) if before else "")])


def withdraw_found(attachment_ids: Collection[int]) -> None:
    """Infected after all: the file and the mail around it leave the storage."""
    files = MessageFile.objects.filter(attachment__in=attachment_ids)
    pairs = list(files.values_list("pk", "message_id"))
    outbox.withdraw(Kind.ATTACHMENTS, [str(file) for file, _message in pairs])
    outbox.withdraw(Kind.RAW, [str(message) for _file, message in pairs])


# ---- one thing --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """What a path is made of; DIRECTION is empty for what goes both ways."""

    session: Session
    thread_key: str
    house: House
    direction: str = ""


def _wanted(kind: str, key: str, name: str, blob: Blob | None, place: _Place) -> Wanted:
    return Wanted(
        kind=kind,
        key=key,
        name=name,
        day=place.session.created_at.astimezone(place.house.zone).date(),
        thread_key=place.thread_key,
        session_id=place.session.public_id,
        queue=place.session.queue.name,
        direction=place.direction,
        blob=blob,
    )


def _place_of(message: Message, house: House) -> _Place:
    return _Place(message.session, message.thread.key, house, message.direction)


def _clean_files(which: Q, house: House) -> Iterator[Wanted]:
    files = MessageFile.objects.filter(which, attachment__verdict=Verdict.CLEAN)
    around = ("attachment__blob", "message__thread", "message__session__queue")
    for file in files.select_related(*around).order_by("message_id", "position"):
        one = file.attachment
        place = _place_of(file.message, house)
        yield _wanted(Kind.ATTACHMENTS, str(file.pk), one.name, one.blob, place)


def _settled(which: Q, kinds: Collection[str], house: House) -> Iterator[Wanted]:
    """Mails of which every file has its verdict; the raw one only if all of them are clean."""
    messages = (
        Message.objects.told()
        .filter(which)
        .select_related("thread", "session__queue", "inbound__raw")
    )
    for message in messages.prefetch_related("files__attachment").order_by("pk"):
        verdicts = {file.attachment.verdict for file in message.files.all()}
        if Verdict.WAITING not in verdicts:
            yield from _whole(
                message, kinds, verdicts <= {Verdict.CLEAN}, _place_of(message, house)
            )


def _whole(
    message: Message, kinds: Collection[str], is_clean: bool, place: _Place
) -> Iterator[Wanted]:
    key = str(message.pk)
    if Kind.JSON in kinds:
        wanted = _wanted(Kind.JSON, key, f"message-{key}.json", None, place)
        yield replace(wanted, content=_as_json(message))
    if Kind.RAW in kinds and is_clean and message.inbound and message.inbound.raw:
        yield _wanted(Kind.RAW, key, f"message-{key}.eml", message.inbound.raw, place)


def _as_json(message: Message) -> bytes:
    return json.dumps(record_of(message), ensure_ascii=False, indent=1).encode()


def _pdf_key(pdf: ThreadPdf) -> str:
    return f"{pdf.thread.key}:{pdf.number}"

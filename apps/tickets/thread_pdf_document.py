"""From the rows of a thread to the document that is rendered: never a note, never a draft.

Memory is bounded: mails are read some at a time, and what all of them may bring in HTML and in
pictures has a limit, beyond which a mail is plain text and a picture is left out.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from apps.attachments.models import Attachment, Verdict
from apps.attachments.previews import PICTURES, WHOLE, preview_of
from apps.core import blobs
from apps.core.errors import Problem
from apps.core.html import clean_html
from apps.crm.links import links_of
from apps.tickets.comment_words import Words, moment_words, size_words, verdict_words
from apps.tickets.comments import Telling, direction_words
from apps.tickets.copies import people_words, person_words
from apps.tickets.harmless import many_lines, one_line
from apps.tickets.models import Message, MessageFile, Thread, ThreadPdf
from apps.tickets.pdf.document import PdfDocument, PdfFile, PdfMessage, PdfPicture

log = logging.getLogger(__name__)

READ_AT_ONCE = 50
LONGEST_HTML = 500_000  # characters of one mail
MOST_HTML = 20_000_000  # of all
MOST_PICTURES = 40 * 2**20  # bytes of all; each picture counts as often as it is shown


def document_of(pdf: ThreadPdf) -> PdfDocument:
    """PDF comes with its thread and session."""
    telling = Telling.now()
    words, thread = telling.words, pdf.thread
    made = moment_words(timezone.now(), telling.house.zone)
    return PdfDocument(
        title=one_line(thread.subject) or words.no_subject,
        session_id=pdf.session.public_id,
        ticket_words=_ticket(thread),
        created_words=made,
        language=telling.settings.language,
        messages=tuple(_Reader(telling).messages(thread)),
        words=words.pdf,
    )


def _ticket(thread: Thread) -> str:
    link = links_of([thread.key]).get(thread.key)
    return link.ticket if link else ""


@dataclass(slots=True)
class _Reader:
    """What is left of the limits while a thread is read."""

    telling: Telling
    html_left: int = MOST_HTML
    pictures_left: int = MOST_PICTURES
    drawn: dict[str, PdfPicture | None] = field(default_factory=dict)  # by content

    def messages(self, thread: Thread) -> Iterator[PdfMessage]:
        told = Message.objects.told().filter(thread=thread).order_by("pk")
        rows = told.prefetch_related("files__attachment__blob").iterator(chunk_size=READ_AT_ONCE)
        for number, message in enumerate(rows, start=1):
            yield self._message(number, message)

    def _message(self, number: int, message: Message) -> PdfMessage:
        words, house = self.telling.words, self.telling.house
        files = list(message.files.all())
        html, shown = self._html(message, files)
        return PdfMessage(
            number=number,
            direction_words=direction_words(message, words),
            from_words=person_words(message.from_email, message.from_name) or words.no_address,
            to_words=people_words(message.to) or words.no_address,
            cc_words=people_words(message.cc),
            at_words=moment_words(_moment(message), house.zone),
            subject=one_line(message.subject) or words.no_subject,
            html=html,
            text=many_lines(message.text),
            files=tuple(_file(one, words) for one in files),
            pictures=self._pictures(shown),
            link=house.link(message.pk),
        )

    def _html(self, message: Message, files: list[MessageFile]) -> tuple[str, list[Attachment]]:
        """With the pictures that it shows; nothing where text has to do."""
        if not message.html or len(message.html) > min(LONGEST_HTML, self.html_left):
            return "", []
        by_id = {one.content_id: one.attachment for one in files if one.content_id}
        shown: dict[int, Attachment] = {}

        def address(content_id: str) -> str | None:
            attachment = by_id.get(content_id)
            if attachment is None or not _may_be_shown(attachment):
                return None
            shown[attachment.pk] = attachment
            return _key(attachment)

        clean = clean_html(message.html, cid_url=address, remote_url=None, text=message.text)
        if clean.as_text:
            return "", []
        html = clean.html
        self.html_left -= len(html)
        return html, list(shown.values())

    def _pictures(self, attachments: list[Attachment]) -> tuple[PdfPicture, ...]:
        found = (self._picture(one) for one in attachments)
        return tuple(one for one in found if one is not None)

    def _picture(self, attachment: Attachment) -> PdfPicture | None:
        if attachment.sha256 not in self.drawn:
            self.drawn[attachment.sha256] = _drawn(attachment)
        picture = self.drawn[attachment.sha256]
        if picture is None or len(picture.content) > self.pictures_left:
            return None
        self.pictures_left -= len(picture.content)
        return PdfPicture(_key(attachment), picture.content, picture.content_type)


def _moment(message: Message) -> datetime:
    return message.sent_at or message.date or message.created_at


def _key(attachment: Attachment) -> str:
    return f"cid:{attachment.pk}"


def _may_be_shown(attachment: Attachment) -> bool:
    return attachment.verdict == Verdict.CLEAN and attachment.detected_type in PICTURES


def _drawn(attachment: Attachment) -> PdfPicture | None:
    """Pixels of ours, never the sender's bytes."""
    try:
        preview = preview_of(attachment, page=1, longest=WHOLE)
    except Problem as problem:
        log.info("a picture stays out of a PDF", extra={"code": problem.code})
        return None
    assert preview.blob is not None
    return PdfPicture(_key(attachment), blobs.read(preview.blob), preview.content_type)


def _file(file: MessageFile, words: Words) -> PdfFile:
    one = file.attachment
    verdict = verdict_words(words, one.verdict, one.reason)
    return PdfFile(one_line(one.name), size_words(one.size), verdict)

"""What a thread PDF is made of: plain data in the reader's words, nothing that needs a database."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PdfFile:
    """A file of a message by name only; its bytes are never part of the PDF."""

    name: str
    size_words: str
    verdict_words: str


@dataclass(frozen=True, slots=True)
class PdfPicture:
    """Pixels that were drawn anew by us (apps.core.pictures) from a file that is clean.

    KEY is the `src` that stands in the message's HTML, or a Content-ID with or without `cid:`;
    CONTENT is a PNG, JPEG or WebP.
    """

    key: str
    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class PdfMessage:
    """HTML has been through apps.core.html; TEXT stands in where HTML is empty or too much.

    LINK leads to the message in the console; only http and https are made clickable.
    """

    number: int
    direction_words: str
    from_words: str
    to_words: str
    cc_words: str
    at_words: str
    subject: str
    html: str
    text: str
    files: tuple[PdfFile, ...] = ()
    pictures: tuple[PdfPicture, ...] = ()
    link: str = ""


@dataclass(frozen=True, slots=True)
class PdfWords:
    """Labels in the language of comments; those with a % are filled in by name."""

    session: str = "Session ID"
    ticket: str = "Ticket"
    messages: str = "Messages"
    created: str = "Created"
    sender: str = "From"
    to: str = "To"
    cc: str = "Cc"
    files: str = "Files"
    no_subject: str = "No subject"
    no_text: str = "This message has no text."
    open: str = "Open this message"
    picture: str = "Picture not shown"
    cut: str = "The rest of this message is left out here. Open the message to read it whole."
    as_text: str = "Shown as plain text, since its layout could not be drawn."
    page: str = "Page %(page)s of %(pages)s"
    plain: str = "%(count)s of %(messages)s messages are shown as plain text. %(why)s"
    too_slow: str = "Laying them out took too long."
    too_heavy: str = "Laying them out took too much memory."
    broken: str = "They could not be laid out."


@dataclass(frozen=True, slots=True)
class PdfDocument:
    """LANGUAGE is a tag such as `en` or `es`; CREATED_WORDS says when this PDF was made."""

    title: str
    session_id: str
    ticket_words: str
    created_words: str
    language: str
    messages: tuple[PdfMessage, ...]
    words: PdfWords = field(default_factory=PdfWords)


@dataclass(frozen=True, slots=True)
class Rendered:
    """IS_TEXT_ONLY: at least one message lost its layout; BECAUSE says how many and why."""

    pdf: bytes
    pages: int
    is_text_only: bool = False
    because: str = ""

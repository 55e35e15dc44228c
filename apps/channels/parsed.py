"""What a mail means, as plain frozen data: the parser's answer, without Django and without I/O."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


class Unreadable(Exception):
    """Nothing useful can be read from the mail; `code` for programs, `sentence` for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of an address header (RFC 5322, 3.4)."""

    email: str  # as written, without comments; never with control characters
    name: str = ""

    @property
    def key(self) -> str:
        """What two spellings of the same address have in common."""
        return self.email.lower()


@dataclass(frozen=True, slots=True)
class Check:
    """One line of Authentication-Results (RFC 8601)."""

    method: str  # dmarc, dkim or spf
    result: str  # pass, fail, none ...
    domain: str  # whose mail it is by that method; may be empty


@dataclass(frozen=True, slots=True)
class CheckedBy:
    """One field of Authentication-Results: a claim, unless the server is believed."""

    server: str
    checks: tuple[Check, ...]
    on_top: bool  # it stands above the first Received field


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """One file of a mail, decoded."""

    name: str  # the name to show, cleaned
    names: tuple[str, ...]  # every name it carries: filename, filename*, name; decoded, not cleaned
    content_type: str  # as declared, lower case: a claim, not a fact
    content: bytes
    content_id: str = ""  # without angle brackets
    inline: bool = False
    shows: tuple[int, ...] = ()  # as which images of the HTML it is shown, counted from 0


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a mail for one recipient (RFC 3464, 2.3; 8098; 5965)."""

    recipient: str  # as the sender wrote it, where the report knows it; may be empty
    kind: Literal["hard", "soft", "delayed", "delivered", "read", "complaint"]
    status: str = ""  # RFC 3463, as 5.1.1
    smtp_code: int | None = None
    words: str = ""  # of the server, on one line


@dataclass(frozen=True, slots=True)
class Bounce:
    """A delivery status notification (RFC 3464), or what looks like one."""

    kind: Literal["hard", "soft"]
    recipients: tuple[str, ...] = ()
    status: str = ""  # RFC 3463, as 5.1.1
    smtp_code: int | None = None
    delayed: tuple[str, ...] = ()
    original_message_id: str = ""  # of the mail that did not arrive, without angle brackets


@dataclass(frozen=True, slots=True)
class ParsedEmail:
    """Every text is decoded, without NUL and lone surrogates: safe for any database."""

    subject: str = ""
    from_: Address | None = None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    delivered_to: tuple[str, ...] = ()  # Delivered-To, X-Original-To, Envelope-To; newest first
    date: datetime | None = None  # aware
    message_id: str = ""  # all ids without angle brackets
    in_reply_to: str = ""
    references: tuple[str, ...] = ()  # oldest first
    text: str | None = None  # the text part, None when the mail has none
    html: str | None = None  # the HTML part as it came
    files: tuple[ParsedFile, ...] = ()
    is_auto_reply: bool = False  # RFC 3834 and its elder relatives
    is_list: bool = False  # mailing list or bulk
    is_spam: bool = False  # by the mark of a server on its way, whoever set it
    is_bounce: bool = False
    bounce: Bounce | None = None
    feedback_type: str = ""  # RFC 5965
    null_return_path: bool = False
    return_path: str = ""  # the sender of the envelope, as far as the last server wrote it down
    receipt_of: str = ""  # Message-ID that this mail reports as read or delivered (RFC 8098, 3464)
    is_receipt: bool = False
    fates: tuple[Fate, ...] = ()  # of a mail of ours, if this one reports on it
    original_ids: tuple[str, ...] = ()  # that a report names: its Message-ID first, then References
    forwarded_from: Address | None = None  # who wrote the mail that this one passes on
    forwarded_by: str = ""  # attachment, text or html: where that was read
    invite: str = ""  # an appointment (RFC 5545) in plain lines
    secured: str = ""  # smime-signed, smime-encrypted, pgp-signed, pgp-encrypted; not verified
    tnef_files: tuple[str, ...] = ()  # names of files that lay in a winmail.dat
    is_cut: bool = False  # over a cap: what was not read is among the files, or in the raw source
    froms: tuple[Address, ...] = ()  # every sender that is named, as written
    from_fields: int = 0
    sender: Address | None = None  # who sent it for the one that From names
    checked_by: tuple[CheckedBy, ...] = ()  # from the top
    oddities: tuple[str, ...] = ()  # codes of a structure that two readers read as two mails

"""What a customer sees of it: conversations, newest first, of what was sent and what came back."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr

from config.demo.letters import body_of, read
from config.demo.post import INBOX, SENT, Mail, Post


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail as the page shows it."""

    folder: str
    uid: int
    at: datetime
    mail: EmailMessage

    @property
    def name(self) -> str:
        return f"{self.folder}-{self.uid}"

    @property
    def mine(self) -> bool:
        return self.folder == SENT

    @property
    def who(self) -> str:
        name, address = parseaddr(str(self.mail["From"]))
        return name or address

    @property
    def to(self) -> str:
        return str(self.mail["To"])

    @property
    def text(self) -> str:
        return body_of(self.mail)

    @property
    def html(self) -> str:
        part = self.mail.get_body(("html",))
        return str(part.get_content()) if isinstance(part, EmailMessage) else ""

    @property
    def files(self) -> "list[tuple[int, str]]":
        """Number and name; pictures within the text are not among them."""
        parts = enumerate(self.mail.walk())
        named = ((number, part) for number, part in parts if part.get_filename())
        return [
            (number, str(part.get_filename()))
            for number, part in named
            if part.get_content_disposition() != "inline"
        ]


@dataclass(slots=True)
class Conversation:
    letters: list[Letter] = field(default_factory=list)

    @property
    def first(self) -> Letter:
        return self.letters[0]

    @property
    def last(self) -> Letter:
        return self.letters[-1]

    @property
    def subject(self) -> str:
        return str(self.first.mail["Subject"])

    @property
    def last_of_ours(self) -> Letter | None:
        """What an answer would answer."""
        return next((one for one in reversed(self.letters) if not one.mine), None)


def conversations(post: Post, mailbox: str) -> list[Conversation]:
    known: dict[str, Conversation] = {}
    found: list[Conversation] = []
    for letter in sorted(_letters(post, mailbox), key=lambda one: one.at):
        conversation = next((known[one] for one in _answered(letter) if one in known), None)
        if conversation is None:
            conversation = Conversation()
            found.append(conversation)
        conversation.letters.append(letter)
        known[str(letter.mail["Message-ID"])] = conversation
    return sorted(found, key=lambda one: one.last.at, reverse=True)


def letter_named(post: Post, mailbox: str, name: str) -> Letter | None:
    folder, _dash, uid = name.rpartition("-")
    if folder not in (INBOX, SENT):
        return None
    mails = post.folder(mailbox, folder).mails()
    return next((_letter(folder, mail) for mail in mails if str(mail.uid) == uid), None)


def _letters(post: Post, mailbox: str) -> Iterator[Letter]:
    for folder in (INBOX, SENT):
        for mail in post.folder(mailbox, folder).mails():
            yield _letter(folder, mail)


def _letter(folder: str, mail: Mail) -> Letter:
    return Letter(folder, mail.uid, datetime.fromtimestamp(mail.arrived, UTC), read(mail.raw))


def _answered(letter: Letter) -> list[str]:
    fields = (str(letter.mail.get(name, "")) for name in ("In-Reply-To", "References"))
    return " ".join(fields).split()

"""Our parser and the standard library's say the same of mails that both should understand."""

from email import message_from_bytes, policy
from email.headerregistry import Address as Person
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.channels.parse import parse, read
from tests.channels.odd_mails import NAMES, raw

# Where we read more than the standard library does, each proved in test_parse.py or
# test_parse_files.py.
WE_READ_MORE = {
    "body-alternative-amp",  # the same text for other programs is no file
    "body-alternative-enriched",
    "body-several-texts",
    "body-two-alternatives-in-a-row",
    "body-uuencoded-between-words",
    "body-yenc",
    "apple-text-between-files",  # texts side by side are one text
    "base64-two-blocks",
    "base64-with-garbage",
    "boundary-mismatch",
    "boundary-missing-parameter",
    "junk-line-in-headers",
    "uuencoded-file",
    "names-two-faces",
    "type-nonsense",
    "line-ends-cr-only",
    "only-body",
    "forwarded-digest-with-blank-headers",  # texts and HTML side by side
    "inline-duplicate-cids",
    "smime-signed-in-one-piece",  # what lies within
    "tnef-appointment-is-kept",
    "tnef-beside-a-text",
    "tnef-html-in-rtf-and-files",
    "tnef-plain-words",
}


@pytest.mark.parametrize("name", sorted(set(NAMES) - WE_READ_MORE))
def test_the_same_structure_as_the_standard_library(name: str) -> None:
    ours = parse(raw(name))
    theirs = message_from_bytes(raw(name), policy=policy.default)
    leaves = [part for part in _leaves(theirs) if not part.is_multipart() or _is_mail(part)]
    bodies = (ours.text is not None) + (ours.html is not None)
    filled = [part for part in leaves if _is_mail(part) or part.get_payload(decode=True)]
    assert len(ours.files) + bodies == max(len(filled), bodies)
    for file in ours.files:
        if file.content_type != "message/rfc822" and not file.content_type.startswith("message/"):
            assert file.content.strip() in [
                (part.get_payload(decode=True) or b"").strip()
                for part in leaves
                if part.get_content_type() == file.content_type
            ]


def _leaves(message: EmailMessage):  # type: ignore[no-untyped-def]
    """walk(), without looking into forwarded mails."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        yield part
        if part.is_multipart() and not _is_mail(part):
            waiting.extend(part.get_payload())


def _is_mail(part: EmailMessage) -> bool:
    return part.get_content_maintype() == "message"


WORDS = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=40
).map(lambda text: " ".join(text.split()) or "x")
LOCAL = st.from_regex(r"[a-z][a-z0-9.+_-]{0,10}[a-z0-9]", fullmatch=True).filter(
    lambda text: ".." not in text
)
FILES = st.lists(
    st.tuples(WORDS.map(lambda name: name.replace("/", "").strip(" .\\\"'") or "x"), st.binary()),
    max_size=3,
)


@settings(max_examples=60, deadline=None)
@given(WORDS, WORDS, LOCAL, WORDS, st.booleans(), FILES)
def test_what_the_standard_library_writes_we_read(
    subject: str, name: str, local: str, text: str, with_html: bool, files: list[tuple[str, bytes]]
) -> None:
    message = EmailMessage(policy=policy.SMTP)
    message["Subject"] = subject
    message["From"] = Person(name, local, "example.com")
    message["To"] = [Person("", local, "example.com"), Person(name, "other", "example.org")]
    message["Date"] = "Tue, 04 Mar 2025 09:30:00 +0100"
    message.set_content(text)
    if with_html:
        message.add_alternative(f"<p>{text}</p>", subtype="html")
    for filename, content in files:
        message.add_attachment(content, maintype="image", subtype="png", filename=filename)
    mail = read(message.as_bytes())
    assert mail.from_ is not None
    assert mail.from_.email == f"{local}@example.com"
    assert [one.email for one in mail.to] == [f"{local}@example.com", "other@example.org"]
    assert mail.date == parsedate_to_datetime(str(message["Date"]))
    assert (mail.text or "").strip() == text
    assert bool(mail.html) == with_html
    assert [one.content for one in mail.files] == [content for _name, content in files]

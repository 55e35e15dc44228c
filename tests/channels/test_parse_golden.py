"""Golden mails: what a reader should see of each, word for word (PAINS 27)."""

import json
from typing import Any

import pytest

from apps.channels.parse import parse
from apps.channels.parsed import Address, ParsedEmail
from tests.channels.odd_mails import FOLDER, raw, read

GOLDEN: dict[str, dict[str, Any]] = json.loads((FOLDER / "golden.json").read_text("utf-8"))
BEYOND_REPAIR = {"charset-windows-1255-undefined-byte"}  # the byte is no letter of it


@pytest.mark.parametrize("name", GOLDEN)
def test_a_golden_mail_reads_word_for_word(name: str) -> None:
    seen = _seen(read(name))
    assert {key: seen[key] for key in GOLDEN[name]} == GOLDEN[name]


def test_no_character_is_lost_that_could_be_read() -> None:
    lost = {name for name in GOLDEN if "\ufffd" in repr(_seen(read(name)))}
    assert lost == BEYOND_REPAIR


def test_the_golden_mails_are_enough() -> None:
    charsets = [name for name in GOLDEN if name.startswith("charset-")]
    assert len(GOLDEN) >= 60
    assert len(charsets) >= 25


@pytest.mark.parametrize("name", ["charset-big5-but-utf8", "body-yenc", "header-raw-gbk-by-body"])
def test_lf_line_ends_change_nothing(name: str) -> None:
    assert _seen(read(name)) == _seen(_with_lf(name))


def _with_lf(name: str) -> ParsedEmail:
    return parse(raw(name).replace(b"\r\n", b"\n"))


def _seen(mail: ParsedEmail) -> dict[str, Any]:
    sender = mail.from_ or Address("")
    return {
        "text": mail.text,
        "html": mail.html,
        "subject": mail.subject,
        "from_email": sender.email,
        "from_name": sender.name,
        "to": [one.email for one in mail.to],
        "to_names": [one.name for one in mail.to],
        "date": mail.date.isoformat() if mail.date else None,
        "files": [file.name for file in mail.files],
    }

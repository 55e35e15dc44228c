"""What must be true of whatever the parser makes of whatever bytes."""

import re
import time
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from apps.channels.parse import read
from apps.channels.parsed import ParsedEmail, Unreadable
from apps.channels.parsing.quotes import visible_reply

MOST_SECONDS = 2
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_LEAVES_ITS_FOLDER = re.compile(r"[/\\\0\n\r]|^\.\.?$")


class Broken(AssertionError):
    """A promise was not kept; the text says which."""


def keep(raw: bytes) -> None:
    """Raises Broken, or whatever the parser should not have raised."""
    started = time.process_time()
    try:
        mail = read(raw)
    except Unreadable:
        return
    visible = visible_reply(mail.text or "")
    if time.process_time() - started > MOST_SECONDS:
        raise Broken("slow")
    for text in _texts(mail):
        if _UNSTORABLE.search(text):
            raise Broken("a text that a database refuses")
    if any(_LEAVES_ITS_FOLDER.search(file.name) or not file.name for file in mail.files):
        raise Broken("a file name that is none")
    if "".join(visible.split()) not in "".join((mail.text or "").split()) and "\n" not in visible:
        raise Broken("a reply that nobody wrote")


def _texts(value: object) -> Iterator[str]:
    """All strings in there, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _texts(one)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            if not (isinstance(value, ParsedEmail) and field.name == "files"):
                yield from _texts(getattr(value, field.name))
        for file in getattr(value, "files", ()):
            yield from _texts((file.name, file.content_type, file.content_id))

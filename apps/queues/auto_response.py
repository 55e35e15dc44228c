"""The automatic answer of a queue: what it says, its merge fields, and what may not be in it.

Fixed names in braces and nothing else, and never a word of the sender's: whoever writes to us
could else make us write it to somebody else.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Self

from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.rules import Problem

SESSION_ID, QUEUE, OPENS_AT = "SESSION_ID", "QUEUE", "OPENS_AT"
MERGE_FIELDS = {
    SESSION_ID: gettext_lazy("Session ID of the customer's request"),
    QUEUE: gettext_lazy("name of the queue"),
    OPENS_AT: gettext_lazy("when the queue opens next; outside of its hours only"),
}
LONGEST_SUBJECT, LONGEST_TEXT = 200, 20_000

_FIELD = re.compile(r"\{([^{}]*)\}")
PARTS = ("from", "subject", "text", "out_of_hours_text")  # as it is stored


@dataclass(frozen=True, slots=True)
class AutoResponse:
    """As `Queue.auto_response` keeps it."""

    sender: str  # address of a mailbox of ours; empty: the one that was written to
    subject: str
    text: str
    out_of_hours_text: str = ""  # empty: the text, at any hour

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> Self | None:
        return cls(*(str(stored.get(key) or "") for key in PARTS)) if stored else None

    def as_json(self) -> dict[str, str]:
        values = (self.sender, self.subject, self.text, self.out_of_hours_text)
        return dict(zip(PARTS, values, strict=True))

    def body(self, *, is_open: bool) -> str:
        return self.text if is_open else self.out_of_hours_text or self.text


def rendered(template: str, facts: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda found: facts.get(found[1], ""), template)


def moment_words(at: datetime | None, zone: tzinfo, language: str) -> str:
    """`Monday 30 November 2026, 9:00`, by the queue's clock; empty: no opening is known."""
    if at is None:
        return ""
    with translation.override(language):
        local = timezone.localtime(at, zone)
        day = formats.date_format(local, "DATE_FORMAT")
        weekday = formats.date_format(local, "l")
        return f"{weekday}, {day}, {local.hour}:{local.minute:02} ({local.tzname()})"


# ---- rules --------------------------------------------------------------------------------------


def problems_of(stored: Mapping[str, Any] | None) -> Iterator[Problem]:
    """By key of the stored form; that the sender exists is asked when something is sent."""
    answer = AutoResponse.of(stored)
    if answer is None:
        return
    yield from _missing(answer)
    fields = {
        "subject": (answer.subject, LONGEST_SUBJECT),
        "text": (answer.text, LONGEST_TEXT),
        "out_of_hours_text": (answer.out_of_hours_text, LONGEST_TEXT),
    }
    for key, (template, longest) in fields.items():
        if problem := _problem(template, longest, late=key == "out_of_hours_text"):
            yield key, problem


def _missing(answer: AutoResponse) -> Iterator[Problem]:
    if not answer.text.strip():
        yield "text", _("Write the text, or leave all of the answer empty: then none is sent.")
    if not answer.subject.strip():
        yield "subject", _("Give the answer a subject, such as We have got your mail.")


def _problem(template: str, longest: int, *, late: bool) -> str:
    if len(template) > longest:
        return _("At most %(n)d characters.") % {"n": longest}
    allowed = [name for name in MERGE_FIELDS if late or name != OPENS_AT]
    for name in _FIELD.findall(template):
        if name == OPENS_AT and not late:
            return _("{OPENS_AT} may stand in the text for outside the opening hours alone.")
        if name not in allowed:
            named = ", ".join(f"{{{one}}}" for one in allowed)
            sentence = _("{%(name)s} is no merge field here; there are: %(known)s.")
            return sentence % {"name": name[:40], "known": named}
    if set("{}") & set(_FIELD.sub("", template)):
        return _("A { or } stands alone: merge fields look like {QUEUE}.")
    return ""

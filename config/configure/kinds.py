"""Kinds of values: each reads an entry, or complains with the line, the key and the cure."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import Any, Protocol
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.utils import translation

from apps.crm.merge_fields import MOST_FIELDS
from apps.crm.rules import field_problem
from apps.storage.paths import problem_of, tidied
from config.configure.lines import Complaints, Entry

BAD = object()  # what could not be read: the file is refused anyway
CONTROLS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")
LINE_BREAKS = dict.fromkeys(map(ord, "\r\n\t"))


@dataclass(slots=True)
class Context:
    """Where complaints go, and which names exist (in the file or in the database)."""

    complaints: Complaints
    known: dict[str, set[str]] = field(default_factory=dict)

    def bad(self, entry: Entry, key: str, sentence: str) -> Any:
        self.complaints.add(entry.line, key, sentence)
        return BAD


class Kind(Protocol):
    def read(self, entry: Entry, key: str, context: Context) -> Any: ...


@dataclass(frozen=True, slots=True)
class Text:
    empty: bool = False
    longest: int = 255
    lines: bool = False  # several lines are fine
    bare: bool = False  # spaces at the ends belong to it

    def read(self, entry: Entry, key: str, context: Context) -> Any:
        value = entry.value
        if value is None and self.empty:
            return ""
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = entry.raw
        if not isinstance(value, str) or (not value.strip() and not self.empty):
            return context.bad(entry, key, "A text is needed here.")
        if len(value) > self.longest:
            return context.bad(entry, key, f"At most {self.longest} characters.")
        if CONTROLS.search(value.translate(LINE_BREAKS) if self.lines else value):
            return context.bad(entry, key, "Line breaks and control characters cannot stay here.")
        return value if self.bare else value.strip()


@dataclass(frozen=True, slots=True)
class Secret:
    """`env:NAME` reads the environment, so that the file can be shown around."""

    def read(self, entry: Entry, key: str, context: Context) -> Any:
        if entry.value is None:
            return ""
        value = Text(longest=5000, lines=True, bare=True).read(entry, key, context)
        if value is BAD or not value.startswith("env:"):
            return value
        name = value.removeprefix("env:")
        found = os.environ.get(name)
        if not found:
            return context.bad(entry, key, f"The environment has no {name}; set it.")
        return found


@dataclass(frozen=True, slots=True)
class Flag:
    def read(self, entry: Entry, key: str, context: Context) -> Any:
        if not isinstance(entry.value, bool):
            return context.bad(entry, key, "Say true or false.")
        return entry.value


@dataclass(frozen=True, slots=True)
class Number:
    least: int
    most: int

    def read(self, entry: Entry, key: str, context: Context) -> Any:
        value = entry.value
        if not isinstance(value, int) or isinstance(value, bool):
            return context.bad(entry, key, "A whole number is needed here.")
        if not self.least <= value <= self.most:
            return context.bad(entry, key, f"Between {self.least} and {self.most}.")
        return value


@dataclass(frozen=True, slots=True)
class Choice:
    now: tuple[str, ...]
    later: tuple[str, ...] = ()

    def read(self, entry: Entry, key: str, context: Context) -> Any:
        value = "none" if entry.value is None and "none" in self.now else entry.value
        value = "off" if value is False and "off" in self.now else value
        if value in self.later:
            return context.bad(entry, key, f"{value} is not available in this release.")
        if value not in self.now:
            return context.bad(entry, key, f"One of: {', '.join(self.now)}.")
        return value


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text of a certain form; `say` is the sentence for any other."""

    form: "re.Pattern[str]"
    say: str

    def read(self, entry: Entry, key: str, context: Context) -> Any:
        value = str(entry.value) if isinstance(entry.value, date) else entry.value
        if not isinstance(value, str) or len(value) > 254 or CONTROLS.search(value):
            return context.bad(entry, key, self.say)
        if not self.form.fullmatch(value.strip()):
            return context.bad(entry, key, self.say)
        return value.strip()


EMAIL = Pattern(
    re.compile(r"[^@\s<>,;]{1,64}@[^@\s<>,;]{1,255}"), "Write it like name@example.com."
)
FORM_SENDER = Pattern(
    re.compile(r"\*@[^@\s<>,;]{1,252}|[^@\s<>,;]{1,64}@[^@\s<>,;]{1,255}"),
    "Write it like forms@shop.example, or *@shop.example for all of a domain.",
)
AFTER = Pattern(re.compile(r"keep|seen|delete|move:.+"), "keep, seen, delete or move:FOLDER.")
EXTENSION = Pattern(re.compile(r"\.?\w{1,20}"), "A bare file extension, like iso.")
HOST = Pattern(re.compile(r"[^\s/@]+"), "The name or address of a server, like mail.example.com.")


@dataclass(frozen=True, slots=True)
class Or:
    """What KIND reads, or null as empty text."""

    kind: Kind

    def read(self, entry: Entry, key: str, context: Context) -> Any:
        return "" if entry.value in (None, "") else self.kind.read(entry, key, context)


@dataclass(frozen=True, slots=True)
class Start:
    """Where to begin in a folder; a day is answered as a date."""

    def read(self, entry: Entry, key: str, context: Context) -> Any:
        if entry.value in ("now", "unseen", "all"):
            return entry.value
        try:
            return date.fromisoformat(entry.raw)
        except ValueError:
            return context.bad(entry, key, "now, unseen, all or a day like 2026-01-31.")


@dataclass(frozen=True, slots=True)
class Day:
    """A date, or none."""

    def read(self, entry: Entry, key: str, context: Context) -> Any:
        if entry.value is None:
            return None
        try:
            return date.fromisoformat(entry.raw)
        except ValueError:
            return context.bad(entry, key, "A day like 2026-01-31, or null.")


@dataclass(frozen=True, slots=True)
class SignInState:
    """In-Email is only ever chosen by a person, In-Call and In-Chat by calls and chats."""

    def read(self, entry: Entry, key: str, context: Context) -> Any:
        value = Text(longest=40).read(entry, key, context)
        if value is not BAD and value.casefold() in {"in-email", "in-call", "in-chat"}:
            return context.bad(entry, key, f"{value} is never set at sign-in; use Available.")
        return value


@dataclass(frozen=True, slots=True)
class PathTemplate:
    """Where files are put: the variables of the contract, and nothing that leads outside."""

    def read(self, entry: Entry, key: str, context: Context) -> Any:
        value = Text(longest=500, empty=True).read(entry, key, context)
        if value is BAD:
            return value
        if problem := problem_of(value):
            return context.bad(entry, key, problem)
        return tidied(value)


@dataclass(frozen=True, slots=True)
class Address:
    """An address of the web, as browsers write it."""

    def read(self, entry: Entry, key: str, context: Context) -> Any:
        if entry.value in (None, ""):
            return ""
        value = Text(longest=200).read(entry, key, context)
        if value is not BAD and not _is_web_address(value):
            return context.bad(entry, key, "Write it like https://support.example.com.")
        return value if value is BAD else value.rstrip("/")


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        fine = bool(parts.scheme in ("http", "https") and parts.hostname and parts.port != 0)
    except ValueError:  # a port that is no number, a bracket left open
        return False
    return fine and not (parts.query or parts.fragment or re.search(r"\s", text))


@dataclass(frozen=True, slots=True)
class TicketFields:
    """The CRM's field and what is written in it, as `Department: "{QUEUE}"`."""

    def read(self, entry: Entry, key: str, context: Context) -> Any:
        if entry.value is None:
            return {}
        if not isinstance(entry.value, dict):
            return context.bad(entry, key, 'Names with texts are needed here: Team: "{QUEUE}".')
        read: dict[str, str] = {}
        for name, inner in entry.value.items():
            text = inner.raw if not isinstance(inner.value, dict | list) else None
            with translation.override("en"):  # the file's complaints are
                problem = field_problem(name, text, [one.casefold() for one in read])
            if problem:
                context.bad(inner, f"{key}.{name}", problem)
            read[name] = text or ""
        if len(read) > MOST_FIELDS:
            context.bad(entry, key, f"At most {MOST_FIELDS} fields; there are {len(read)}.")
        return read


@dataclass(frozen=True, slots=True)
class TimeZone:
    def read(self, entry: Entry, key: str, context: Context) -> Any:
        value = Text().read(entry, key, context)
        if value is not BAD and value not in available_timezones():
            return context.bad(entry, key, "A name like Europe/Madrid is needed.")
        return value


@dataclass(frozen=True, slots=True)
class Reference:
    """The name of something that the file or the database has."""

    what: str

    def read(self, entry: Entry, key: str, context: Context) -> Any:
        if entry.value is None:
            return None
        value = Text().read(entry, key, context)
        if value is not BAD and value not in context.known.get(self.what, set()):
            return context.bad(entry, key, f"There is no {self.what} {value!r}; define it first.")
        return value


@dataclass(frozen=True, slots=True)
class OurAddress:
    """Of a mailbox, in any case."""

    def read(self, entry: Entry, key: str, context: Context) -> Any:
        value = EMAIL.read(entry, key, context)
        if value is BAD:
            return BAD
        return Reference("mailbox").read(Entry(value.lower(), entry.line), key, context)


@dataclass(frozen=True, slots=True)
class Member:
    """A user's name, or `team:NAME`."""

    def read(self, entry: Entry, key: str, context: Context) -> Any:
        if isinstance(entry.value, str) and entry.value.startswith("team:"):
            inner = Entry(entry.value.removeprefix("team:"), entry.line)
            name = Reference("team").read(inner, key, context)
            return name if name is BAD else f"team:{name}"
        return Reference("user").read(entry, key, context)


@dataclass(frozen=True, slots=True)
class ListOf:
    kind: Kind

    def read(self, entry: Entry, key: str, context: Context) -> Any:
        if entry.value is None:
            return []
        if not isinstance(entry.value, list):
            return context.bad(entry, key, "A list is needed here, like [a, b].")
        return [self.kind.read(one, key, context) for one in entry.value]


@dataclass(frozen=True, slots=True)
class Section:
    """Keys with their kinds; an unknown key is named with its neighbours."""

    fields: Mapping[str, Kind]
    required: tuple[str, ...] = ()
    empty: bool = False

    def read(self, entry: Entry, key: str, context: Context) -> Any:
        if entry.value is None and self.empty:
            return None
        if not isinstance(entry.value, dict):
            return context.bad(entry, key or "yaml", "Keys with values are needed here.")
        read: dict[str, Any] = {}
        for name, inner in entry.value.items():
            kind = self.fields.get(name)
            path = f"{key}.{name}" if key else name
            if kind is None:
                context.bad(inner, path, f"There is no such key; {self._instead(name)}.")
            else:
                read[name] = kind.read(inner, path, context)
        for name in self.required:
            if name not in entry.value:
                context.bad(entry, f"{key}.{name}" if key else name, "This key is missing.")
        return read

    def _instead(self, name: str) -> str:
        close = get_close_matches(name, self.fields, n=1)
        meant = f"did you mean {close[0]}? There" if close else "there"
        return f"{meant} are: {', '.join(self.fields)}"

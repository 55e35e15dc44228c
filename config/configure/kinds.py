"""Kinds of values: each reads an entry, or complains with the line, the key and the cure."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from config.configure.lines import Complaints, Entry

BAD = object()  # what could not be read: the file is refused anyway


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
    longest: int = 500

    def read(self, entry: Entry, key: str, context: Context) -> Any:
        value = entry.value
        if value is None and self.empty:
            return ""
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or (not value.strip() and not self.empty):
            return context.bad(entry, key, "A text is needed here.")
        if len(value) > self.longest:
            return context.bad(entry, key, f"At most {self.longest} characters.")
        return value.strip()


@dataclass(frozen=True, slots=True)
class Secret:
    """`env:NAME` reads the environment, so that the file can be shown around."""

    def read(self, entry: Entry, key: str, context: Context) -> Any:
        if entry.value is None:
            return ""
        value = Text(longest=5000).read(entry, key, context)
        if value is BAD or not value.startswith("env:"):
            return value
        name = value.removeprefix("env:")
        if name not in os.environ:
            return context.bad(entry, key, f"The environment has no {name}; set it.")
        return os.environ[name]


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
        if not isinstance(value, str) or not self.form.fullmatch(value.strip()):
            return context.bad(entry, key, self.say)
        return value.strip()


EMAIL = Pattern(
    re.compile(r"[^@\s<>,;]{1,64}@[^@\s<>,;]{1,255}"), "Write it like name@example.com."
)
AFTER = Pattern(re.compile(r"keep|seen|delete|move:.+"), "keep, seen, delete or move:FOLDER.")
START = Pattern(
    re.compile(r"now|unseen|all|\d{4}-\d{2}-\d{2}"), "now, unseen, all or a day like 2026-01-31."
)


@dataclass(frozen=True, slots=True)
class Address:
    """An address of the web, as browsers write it."""

    def read(self, entry: Entry, key: str, context: Context) -> Any:
        if entry.value in (None, ""):
            return ""
        value = Text().read(entry, key, context)
        if value is not BAD and (
            urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc
        ):
            return context.bad(entry, key, "Write it like https://support.example.com.")
        return value


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
            return context.bad(entry, key, "Keys with values are needed here.")
        read: dict[str, Any] = {}
        for name, inner in entry.value.items():
            kind = self.fields.get(name)
            path = f"{key}.{name}" if key else name
            if kind is None:
                known = ", ".join(self.fields)
                context.bad(inner, path, f"There is no such key; there are: {known}.")
            else:
                read[name] = kind.read(inner, path, context)
        for name in self.required:
            if name not in entry.value:
                context.bad(entry, f"{key}.{name}" if key else name, "This key is missing.")
        return read


@dataclass(frozen=True, slots=True)
class Anything:
    """Kept for a later release; any shape."""

    def read(self, entry: Entry, key: str, context: Context) -> Any:
        return _plain(entry)


def _plain(entry: Entry) -> Any:
    if isinstance(entry.value, dict):
        return {key: _plain(inner) for key, inner in entry.value.items()}
    if isinstance(entry.value, list):
        return [_plain(inner) for inner in entry.value]
    return entry.value

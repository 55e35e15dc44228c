"""Authentication-Results (RFC 8601): what a server says it checked, and when to believe it.

Anybody can write such a field into a mail. Believed is only a server that the administrator named
for the account, and of its fields only the topmost, with those beside it that stand above the
first Received field: the server of our side writes on top of what a mail brings with it.
"""

import re
from collections.abc import Collection, Iterator

from apps.channels.parsed import Check, CheckedBy
from apps.core.mime.charsets import clean_line
from apps.core.mime.headers import Headers

MOST_FIELDS = 20
LONGEST_FIELD = 8000
MOST_CHECKS = 30
NAMELESS = "none"  # how the setting calls a server that writes no name: Microsoft 365

_COMMENT = re.compile(r"\((?:[^()\\]|\\.)*\)")
_RESULT = re.compile(r"\s*([a-z][\w-]{0,30})\s*(?:/\s*\d+)?\s*=\s*([a-z]{1,20})\b(.*)", re.I | re.S)
_PROPERTY = re.compile(
    r"(?i)(header\.from|header\.d|header\.i|smtp\.mailfrom|smtp\.helo)\s*=\s*([^\s;]{1,320})"
)
_DOMAIN_OF = {
    "dmarc": ("header.from",),
    "dkim": ("header.d", "header.i"),
    "spf": ("smtp.mailfrom",),
}


def read_results(headers: Headers) -> tuple[CheckedBy, ...]:
    """The fields from the top, as they are written; whether one is true is another question."""
    fields = headers.all("authentication-results")[:MOST_FIELDS]
    if not fields:
        return ()
    on_top = headers.above("authentication-results", "received")
    return tuple(
        _read(clean_line(field[:LONGEST_FIELD]), number < on_top)
        for number, field in enumerate(fields)
    )


def _read(field: str, on_top: bool) -> CheckedBy:
    server, *results = _split(_without_comments(field))
    if _RESULT.fullmatch(server):  # no name at all
        server, results = "", [server, *results]
    name = (server.split() or [""])[0].strip('"').lower()
    return CheckedBy(name, tuple(_checks(results[:MOST_CHECKS])), on_top)


def _without_comments(field: str) -> str:
    for _depth in range(5):
        field, found = _COMMENT.subn(" ", field)
        if not found:
            break
    return field


def _split(field: str) -> list[str]:
    """At semicolons outside of quotes."""
    return [one.strip() for one in re.findall(r'(?:[^;"]|"(?:[^"\\]|\\.)*+"?)+', field)] or [""]


def _checks(results: list[str]) -> Iterator[Check]:
    for result in results:
        found = _RESULT.match(result)
        if found and (method := found[1].lower()) in _DOMAIN_OF:
            yield Check(method, found[2].lower(), _domain(method, found[3]))


def _domain(method: str, properties: str) -> str:
    values = {name.lower(): value for name, value in _PROPERTY.findall(properties)}
    value = next((values[name] for name in _DOMAIN_OF[method] if name in values), "")
    return value.strip('"<>').rpartition("@")[2].strip(".").lower()


def believed(fields: tuple[CheckedBy, ...], servers: Collection[str]) -> tuple[Check, ...]:
    """The checks of the servers that the account trusts; none when it names none."""
    names = {"" if one == NAMELESS else one.strip().lower() for one in servers}
    topmost = next((field for field in fields if field.server in names), None)
    if topmost is None:
        return ()
    if not topmost.on_top:
        return topmost.checks
    beside = [field for field in fields if field.on_top and field.server in names]
    return tuple(check for field in beside for check in field.checks)

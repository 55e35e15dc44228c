"""Log lines: one JSON object a line, ids only. No words of a mail, addresses or names of files.

Only constants of some source may stand in a line (the event's own text, names of types, functions
and routes), numbers, and short codes. Other libraries write values into their texts, and an
exception's message may hold an address or the parameters of a statement: both are left out.
"""

import json
import logging
import re
import threading
import uuid
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType
from typing import Any

from apps.core.errors import Problem

OURS = ("apps.", "config.")
FRAMES, CAUSES = 30, 5  # of an error that a line tells
HIDDEN = "…"
PROJECT = f"{Path(__file__).resolve().parents[2]}/"

trace: ContextVar[str] = ContextVar("trace", default="")  # one id, from a request to its tasks

_KNOWN = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {
    "message",
    "asctime",
    "taskName",
}
_CODE = re.compile(r"[\w.:/<>-]{1,120}", re.ASCII)
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{12,64}")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|\S*@\S*|://\S*")
_WORD = re.compile(r"[^\W\d_]{2}")
_WARNING = re.compile(r".*:\d+: (\w+): ")


class JsonLines(logging.Formatter):
    """The level, the logger, the event, ids; an error as types and places, on the same line."""

    def format(self, record: logging.LogRecord) -> str:
        ours = record.name.startswith(OURS)
        line: dict[str, object] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": str(record.msg) if ours else _event(record),
        }
        if identity := trace.get():
            line["trace"] = identity
        if not ours:
            line["from"] = f"{record.module}:{record.lineno}"
        line |= _extras(record, ours=ours)
        if record.exc_info and record.exc_info[1]:
            line["error"] = told(record.exc_info[1])
        return json.dumps(line, default=str, ensure_ascii=False)


class OneWarning(logging.Filter):
    """What a library calls an error, and which is only a visitor's doing."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.exc_info = record.exc_text = None
        return True


def new_trace() -> str:
    return uuid.uuid4().hex[:16]


def route_of(request: Any) -> str:
    """The pattern that a request's path matched: the path itself may hold an address."""
    match = getattr(request, "resolver_match", None)
    return str(match.route) if match else ""


def told(error: BaseException) -> list[dict[str, object]]:
    """The error and what led to it: types, places and codes, but no message."""
    return [
        {"type": type(one).__name__, **_codes(one), "frames": _frames(one.__traceback__)}
        for one in _with_causes(error)
    ]


def keep_threads_quiet() -> None:
    """Dying threads and Python's warnings use our lines, not a traceback with messages."""
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # a failing handler would print the record's arguments
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _thread_died


# ---- the event and the extras -----------------------------------------------------------------


def _event(record: logging.LogRecord) -> str:
    """A library's text with numbers and ids filled in; whatever else it would say is hidden."""
    if record.name == "py.warnings":
        kind = _WARNING.match(record.getMessage())
        return f"Python warns: {kind[1] if kind else HIDDEN}"
    text = _without_values(record)
    return text if _WORD.search(text) else record.funcName  # the text was made of values alone


def _without_values(record: logging.LogRecord) -> str:
    template = str(record.msg).strip().partition("\n")[0]
    if not record.args:
        return _QUOTED.sub(HIDDEN, template)[:200]
    try:
        if isinstance(record.args, dict):
            return template % {key: _harmless(value) for key, value in record.args.items()}
        return template % tuple(map(_harmless, record.args))
    except (TypeError, ValueError, KeyError):
        return template


def _harmless(value: object) -> object:
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, BaseException):
        return type(value).__name__
    return value if isinstance(value, str) and _ID.fullmatch(value) else HIDDEN


def _extras(record: logging.LogRecord, *, ours: bool) -> Iterator[tuple[str, object]]:
    for key, value in record.__dict__.items():
        if key == "request":
            yield "route", route_of(value)
        elif key not in _KNOWN and (ours or isinstance(value, int | float)):
            yield key, _code(value)
    if isinstance(data := record.__dict__.get("data"), dict) and not ours:
        yield "task", _code(data.get("name"))  # Celery says so of a failed one


def _code(value: object) -> object:
    """Numbers and short codes as they are; a text with spaces or an @ has no place in a line."""
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_code(one) for one in value]
    return str(value) if _CODE.fullmatch(str(value)) else HIDDEN


# ---- errors -------------------------------------------------------------------------------------


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = error
    for _number in range(CAUSES):
        if one is None:
            return
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def _codes(error: BaseException) -> dict[str, object]:
    if isinstance(error, Problem):
        return {"code": error.code}
    found = {name: getattr(error, name, None) for name in ("errno", "sqlstate", "smtp_code")}
    return {name: _code(value) for name, value in found.items() if value is not None}


def _frames(traceback: TracebackType | None) -> list[str]:
    """`file:line function`, the innermost last."""
    places: list[str] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        places.append(f"{_short(code.co_filename)}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return places[-FRAMES:]


def _short(path: str) -> str:
    return path.rpartition("site-packages/")[2].removeprefix(PROJECT)


def _thread_died(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
        log = logging.getLogger(__name__)
        log.error("a thread died", exc_info=(args.exc_type, args.exc_value, args.exc_traceback))

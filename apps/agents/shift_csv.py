"""Time in state as a table for spreadsheets: RFC 4180, in UTF-8 with the mark that Excel needs."""

import csv
from collections.abc import AsyncIterator, Iterable, Iterator
from functools import partial
from io import StringIO
from itertools import islice

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header

from apps.agents.models import Agent, CustomState
from apps.agents.shift_days import Span
from apps.agents.shifts import DayOfAgent, time_in_state
from apps.agents.vocabulary import OFFLINE, SYSTEM_STATES

LINES = 500  # to a chunk
MARK = "\ufeff"  # without it Excel takes é for two letters
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_answer(
    request: HttpRequest, agents: QuerySet[Agent], span: Span, name: str = "time-in-state"
) -> StreamingHttpResponse:
    chunks = _chunks(table(agents, span))
    # A server of sockets would read a plain iterator to its end before it sends the first byte.
    stream = _in_turn(chunks) if isinstance(request, ASGIRequest) else chunks
    answer = StreamingHttpResponse(stream, content_type="text/csv; charset=utf-8")
    file = f"{name}-{span.name}.csv"
    answer["Content-Disposition"] = content_disposition_header(True, file) or "attachment"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store"
    return answer


def table(agents: QuerySet[Agent], span: Span) -> Iterator[list[str]]:
    """Its head, then a line for each day of each agent; times in seconds."""
    states = [name for name in SYSTEM_STATES if name != OFFLINE]
    states += CustomState.objects.exclude(name__in=SYSTEM_STATES).values_list("name", flat=True)
    head = ["agent", "name", "user", "day", "zone", *states, "shift", "first", "last"]
    yield [harmless(word) for word in head]
    for day in time_in_state(agents, span.first, span.last, span.zone):
        yield _line(day, states, span)


def harmless(text: str) -> str:
    """A spreadsheet runs what looks like a formula; an apostrophe makes it a word."""
    return f"'{text}" if text.startswith(STARTS_A_FORMULA) else text


def _line(day: DayOfAgent, states: list[str], span: Span) -> list[str]:
    user = day.agent.user
    return [
        str(day.agent.pk),
        harmless(user.display_name),
        harmless(user.username),
        day.day.isoformat(),
        span.zone.key,
        *(str(day.states.get(state, 0)) for state in states),
        str(day.shift),
        *(moment.isoformat() if moment else "" for moment in (day.first, day.last)),
    ]


def _chunks(lines: Iterable[list[str]]) -> Iterator[bytes]:
    yield MARK.encode()
    rest = iter(lines)
    while some := list(islice(rest, LINES)):
        text = StringIO()
        csv.writer(text, lineterminator="\r\n").writerows(some)
        yield text.getvalue().encode()


async def _in_turn(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Each chunk in the thread that the request's queries belong to."""
    while chunk := await sync_to_async(partial(next, chunks, b""))():
        yield chunk

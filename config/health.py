"""/healthz says that the process lives, /readyz how every part of the product is."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from functools import cache
from typing import Generic, Literal, TypeVar

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from redis import Redis, RedisError

from apps.attachments.screen import scanner_status
from apps.channels.models import EmailAccount
from apps.core import health

State = Literal["ok", "degraded", "down"]
Answer = TypeVar("Answer")
PATIENCE = 0.9  # seconds for all of them together
NEEDED = ("database", "broker", "worker")  # the others never make it 503


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"ok": True})


def readyz(request: HttpRequest) -> JsonResponse:
    components = states()
    ok = all(components[name] != "down" for name in NEEDED)
    return JsonResponse({"ok": ok, "components": components}, status=200 if ok else 503)


class Check(Generic[Answer]):
    """A question asked in a thread of its own: who hangs is down, not slow.

    Whoever asks while the last question is still open shares its answer.
    """

    def __init__(self, question: Callable[[], Answer]) -> None:
        self.question = question
        self.pool = ThreadPoolExecutor(1, thread_name_prefix=question.__name__)
        self.asked: Future[Answer] | None = None
        self.asked_at = 0.0

    def ask(self) -> Future[Answer]:
        if self.asked is None or self.asked.done():
            self.asked_at = time.monotonic()
            self.asked = self.pool.submit(self.question)
        return self.asked

    @property
    def asked_for(self) -> float:
        """Seconds since the last question was put."""
        return time.monotonic() - self.asked_at


def answer(asked: Future[Answer], deadline: float) -> Answer | None:
    try:
        return asked.result(max(0.0, deadline - time.monotonic()))
    except TookTooLong:
        return None


def states() -> dict[str, State]:
    deadline = time.monotonic() + PATIENCE
    stored, broker, scanning = STORED.ask(), BROKER.ask(), SCANNER.ask()
    known: dict[str, State] = answer(stored, deadline) or _nothing_stored()
    return {
        **known,
        "broker": answer(broker, deadline) or "down",
        "scanner": answer(scanning, deadline) or "down",
    }


def _nothing_stored() -> dict[str, State]:
    return {"database": "down", "worker": "down", "beat": "down", "accounts": "down"}


def _stored() -> dict[str, State]:
    """All that the database knows, on one connection of this thread."""
    try:
        connection.close_if_unusable_or_obsolete()
        alive = health.alive("worker", "intake", "beat")
        return {
            "database": "ok",
            "worker": "ok" if {"worker", "intake"} <= alive else "down",
            "beat": "ok" if "beat" in alive else "down",
            "accounts": _accounts(),
        }
    except DatabaseError:
        connection.close()
        return _nothing_stored()


def _accounts() -> State:
    """One failing account degrades; all of them failing is a channel that hears nothing."""
    used = list(EmailAccount.objects.filter(enabled=True).values_list("status", flat=True))
    failing = used.count(EmailAccount.Status.FAILING)
    if used and failing == len(used):
        return "down"
    return "degraded" if failing else "ok"


@cache
def _redis() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=0.6, socket_connect_timeout=0.6)


def _broker() -> State:
    if not settings.REDIS_URL:
        return "down"
    try:
        return "ok" if _redis().ping() else "down"
    except RedisError:
        return "down"


def _scanner() -> State:
    """Scanner down is a degraded product, never a 503: files wait, mail does not."""
    return scanner_status()[0]


STORED, BROKER, SCANNER = Check(_stored), Check(_broker), Check(_scanner)

"""Interruptions at random, the same ones for the same seed: lost answers, dead workers, busy hours."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from apps.crm import posting
from apps.crm.connectors import once


class Killed(BaseException):
    """Nothing of ours may catch it: the worker is gone, and its leases stay behind."""


class Interruptions:
    """Each request fails with CHANCE, in one of many ways; at each crash point a worker may die."""

    def __init__(self, chance: float, seed: int = 1) -> None:
        self.count = 0
        self._chance = chance
        self._random = random.Random(seed)

    def _strikes(self, share: float = 1.0) -> bool:
        struck = self._random.random() < self._chance * share
        self.count += struck
        return struck

    def crashpoint(self, _name: str) -> None:
        if self._strikes(0.2):
            raise Killed

    def send(self, transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        if not self._strikes():
            return transport.handle_request(request)
        way = self._random.choice(["before", "after", "half", "page", "busy", "trouble"])
        if way == "before":
            raise httpx.ConnectTimeout("before", request=request)
        if way in ("after", "half"):
            with_answer = transport.handle_request(request)
            body = with_answer.read()
            with_answer.close()
            if way == "after":
                raise httpx.ReadTimeout("after", request=request)
            headers = {"Content-Type": "application/json"}
            return httpx.Response(200, headers=headers, content=body[: len(body) // 2] or b"{")
        if way == "page":
            return httpx.Response(200, headers={"Content-Type": "text/html"}, content=b"<html>")
        if way == "busy":
            return httpx.Response(429, headers={"Retry-After": "7"})
        return httpx.Response(502)


@contextmanager
def interrupted(
    monkeypatch: pytest.MonkeyPatch, chance: float, seed: int = 1
) -> Iterator[Interruptions]:
    """In this process only; the CRM itself stays as it is, and keeps what it has heard."""
    struck = Interruptions(chance, seed)
    with monkeypatch.context() as patched:
        send = httpx.Client._transport_for_url

        def broken(client: httpx.Client, url: httpx.URL) -> Any:
            return _Broken(send(client, url), struck)

        patched.setattr(httpx.Client, "_transport_for_url", broken)
        patched.setattr(once, "crashpoint", struck.crashpoint)
        patched.setattr(posting, "crashpoint", struck.crashpoint)
        yield struck


class _Broken(httpx.BaseTransport):
    def __init__(self, transport: Any, struck: Interruptions) -> None:
        self._transport, self._struck = transport, struck

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._struck.send(self._transport, request)

"""A receiver written from the docstring of apps/crm/connectors/webhook.py alone."""

import hashlib
import hmac
import json
import time
from base64 import b64decode
from dataclasses import dataclass, field
from typing import Any

from tests.connectors.fakes.server import Answered, Asked, as_json

SECRET = "a secret that both know"
HOLDS = 300


@dataclass
class Kept:
    id: str
    key: str
    subject: str
    queue: str
    contact: dict[str, str]
    fields: dict[str, str]
    comments: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    entries: list[str] = field(default_factory=list)  # keys of comments and files, in order
    refusal: tuple[int, dict[str, Any]] | None = None


class FakeReceiver:
    def __init__(self, *, path: str = "/hook") -> None:
        self.path = path
        self.tickets: dict[str, Kept] = {}
        self.repeated = self._made = 0
        self._answers: dict[str, Answered] = {}

    def record(self) -> Any:
        return {
            "tickets": [
                {"id": one.id, "external_id": one.key, "entries": one.entries, "public": 0}
                for one in self.tickets.values()
            ],
            "mails": [],
        }

    def answer(self, asked: Asked) -> Answered:
        if asked.path != self.path or asked.method != "POST":
            return as_json({"error": "nobody here"}, 404)
        if not is_genuine(asked):
            return as_json({"error": "The signature is wrong or old."}, 401)
        said = json.loads(asked.body)
        if said["event"] == "check":
            return as_json({"name": "Our CRM"})
        assert said["key"] == asked.headers["Idempotency-Key"]
        if said["key"] in self._answers:
            self.repeated += 1
            return self._answers[said["key"]]
        answer = self._done(said)
        if answer.status < 300:
            self._answers[said["key"]] = answer
        return answer

    def _done(self, said: dict[str, Any]) -> Answered:
        if said["event"] == "ticket.create":
            return self._create(said)
        ticket = self.tickets.get(said["ticket"]["id"])
        if ticket is None:
            return as_json({"error": "deleted"}, 410)
        if ticket.refusal:
            return as_json(ticket.refusal[1], ticket.refusal[0])
        match said["event"]:
            case "comment.add":
                assert said["comment"]["private"] is True
                ticket.comments.append(said["comment"])
                ticket.entries.append(said["key"])
            case "file.add":
                ticket.files[said["key"]] = _checked(said["file"])
                ticket.entries.append(said["key"])
            case "file.remove":
                ticket.files.pop(said["file"]["key"], None)
        return Answered(204)

    def _create(self, said: dict[str, Any]) -> Answered:
        wanted, number = said["ticket"], str(4711 + self._made)
        self._made += 1  # a number is never given twice, also after a ticket was deleted
        self.tickets[number] = Kept(id=number, key=said["key"], **wanted)
        url = f"https://crm.example.com/tickets/{number}"
        return as_json({"ticket": {"id": number, "url": url}}, 201)


def is_genuine(asked: Asked) -> bool:
    parts = dict(part.split("=", 1) for part in asked.headers["Carteria-Signature"].split(","))
    signed = parts["t"].encode() + b"." + asked.body
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    is_fresh = abs(time.time() - int(parts["t"])) <= HOLDS
    return hmac.compare_digest(expected, parts["v1"]) and is_fresh


def _checked(file: dict[str, Any]) -> tuple[str, bytes]:
    content = b64decode(file["base64"])
    assert (len(content), hashlib.sha256(content).hexdigest()) == (file["size"], file["sha256"])
    return file["name"], content

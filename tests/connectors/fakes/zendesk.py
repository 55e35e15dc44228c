"""A Zendesk that keeps what it is told in memory and answers in the shapes that Zendesk publishes.

What it does as the real one: external ids need not be unique; a key of idempotency holds for two
hours and for one body only; closed tickets refuse every change; audits come by pages; an upload is
used up by the comment that takes it; the requester of a ticket without one is the agent who asks;
a wrong token is an anonymous user to users/me and 401 elsewhere. Sources: `examples/`.
"""

import hashlib
import html
import itertools
import re
import time
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.connectors.fakes.server import Answered, Asked, as_json

USER, TOKEN = "ana@company.test", "zendesk-token"
KEY_HOLDS, UPLOAD_HOLDS = 2 * 3600, 3600  # seconds
MOST_BYTES = 65_535
NOT_FOUND = {"error": "RecordNotFound", "description": "Not found"}
FORBIDDEN = {"error": {"title": "Forbidden", "message": "You do not have access to this page."}}
CLOSED = "Status: closed prevents ticket update"


class FakeZendesk:
    def __init__(self, *, page: int = 100) -> None:
        self.page = page  # records at most
        self.groups = [{"id": 211, "name": "Support"}, {"id": 212, "name": "Billing"}]
        self.brands = [{"id": 47, "name": "Brand 1"}]
        self.fields = [
            {"id": 34, "title": "Subject", "type": "subject"},
            {"id": 35, "title": "Priority", "type": "priority"},
            {"id": 89, "title": "Age", "type": "text"},
            {"id": 90, "title": "Old one", "type": "text", "active": False},
        ]
        self.role = "agent"
        self.first_comment_may_be_private = True
        self.valid = {f"{USER}/token:{TOKEN}"}
        self.tickets: dict[int, dict[str, Any]] = {}
        self.audits: dict[int, list[dict[str, Any]]] = {}
        self.hidden: set[str] = set()  # tickets in groups that our agent may not see
        self.uploads: dict[str, dict[str, Any]] = {}
        self.contents: dict[int, bytes] = {}  # by attachment
        self.mails: list[str] = []  # to customers: there must be none
        self.clock: Callable[[], float] = time.time
        self.url = "https://company.zendesk.test"
        self._keys: dict[str, tuple[str, int, float]] = {}
        self._ids = itertools.count(35436)

    # ---- by hand, as an agent over there ------------------------------------------------------

    def delete(self, number: int) -> None:
        del self.tickets[number]

    def close(self, number: int) -> None:
        change = {"field_name": "status", "previous_value": "open", "value": "closed"}
        self._audit(number, [{"type": "Change", **change}], via="rule")
        self.tickets[number]["status"] = "closed"

    def merge(self, number: int, into: int) -> None:
        told = f'Request #{number} "Parcel" was closed and merged into this request.'
        self._audit(into, [_comment(told)], via="web")
        change = {"field_name": "status", "previous_value": "open", "value": "closed"}
        words = f'This request was closed and merged into request #{into} "Parcel".'
        self._audit(number, [_comment(words), {"type": "Change", **change}], via="web")
        self.tickets[number]["status"] = "closed"
        self.tickets[number]["tags"].append("closed_by_merge")

    # ---- HTTP ---------------------------------------------------------------------------------

    def record(self) -> Any:
        """Tickets in order, each with what its comments bear as our marker."""
        return {
            "tickets": [
                {
                    "id": number,
                    "external_id": ticket["external_id"],
                    "entries": [
                        audit["metadata"]["custom"].get("carteria", "")
                        for audit in self.audits[number][1:]
                    ],
                    "public": sum(
                        bool(event.get("public"))
                        for audit in self.audits[number]
                        for event in audit["events"]
                    ),
                }
                for number, ticket in self.tickets.items()
            ],
            "mails": self.mails,
        }

    def answer(self, asked: Asked) -> Answered:
        path = asked.path.removesuffix(".json")
        is_known = self._is_known(asked)
        if path == "/api/v2/users/me":
            return as_json({"user": self._me() if is_known else _anonymous()})
        if not is_known:
            return as_json({"error": "Couldn't authenticate you"}, 401)
        for method, pattern, handler in self._routes():
            found = re.fullmatch(pattern, path)
            if found and set(found.groups()) & self.hidden:
                return as_json(FORBIDDEN, 403)
            if found and method == asked.method:
                return handler(asked, *found.groups())
        return as_json({"error": "InvalidEndpoint", "description": "Not found"}, 404)

    def _routes(self) -> tuple[tuple[str, str, Callable[..., Answered]], ...]:
        ticket = r"/api/v2/tickets/(\d+)"
        return (
            ("GET", "/api/v2/tickets", self._list_tickets),
            ("POST", "/api/v2/tickets", self._create_ticket),
            ("GET", ticket, self._show_ticket),
            ("PUT", ticket, self._update_ticket),
            ("GET", f"{ticket}/audits", self._list_audits),
            ("PUT", rf"{ticket}/comments/(\d+)/attachments/(\d+)/redact", self._redact),
            ("POST", "/api/v2/uploads", self._upload),
            ("GET", "/api/v2/groups", self._list_groups),
            ("GET", "/api/v2/brands", self._list_brands),
            ("GET", "/api/v2/ticket_fields", self._list_fields),
            ("GET", "/api/v2/account/settings", self._settings),
        )

    def _is_known(self, asked: Asked) -> bool:
        said = asked.headers.get("Authorization", "")
        return said in {f"Basic {b64encode(one.encode()).decode()}" for one in self.valid} | {
            f"Bearer {one}" for one in self.valid
        }

    # ---- tickets ------------------------------------------------------------------------------

    def _create_ticket(self, asked: Asked) -> Answered:
        key, digest = asked.headers.get("Idempotency-Key", ""), _digest(asked.body)
        known = self._keys.get(key)
        if key and known and self.clock() - known[2] < KEY_HOLDS:
            if known[0] != digest:
                words = "Request parameters don't match the given idempotency key"
                return as_json({"error": "IdempotentRequestError", "description": words}, 400)
            ticket = self.tickets.get(known[1], {"id": known[1]})
            return as_json({"ticket": ticket}, 201, x_idempotency_lookup="hit")
        wanted = asked.json["ticket"]
        if problem := self._problem(wanted):
            return problem
        number = self._add_ticket(wanted)
        self._keys[key] = (digest, number, self.clock())
        made = {"ticket": self.tickets[number], "audit": self.audits[number][-1]}
        return as_json(made, 201, x_idempotency_lookup="miss")

    def _problem(self, wanted: dict[str, Any]) -> Answered | None:
        known = {one["id"] for one in self.fields}
        unknown = [one["id"] for one in wanted.get("custom_fields", ()) if one["id"] not in known]
        if unknown:
            return _invalid("custom_fields", f"Custom field {unknown[0]} is invalid")
        group = wanted.get("group_id")
        if group and group not in {one["id"] for one in self.groups}:
            return _invalid("group", "Group is invalid")
        if len(wanted["comment"].get("html_body", "").encode()) > MOST_BYTES:
            return _invalid("comment", "Comment is too long (maximum is 65535 characters)")
        return None

    def _add_ticket(self, wanted: dict[str, Any]) -> int:
        number = next(self._ids)
        self.tickets[number] = _ticket(number, wanted, self.url, self._now())
        self.audits[number] = []
        if "requester" in wanted or "requester_id" in wanted:
            self.mails.append(f"received {number}")
        self._comment_on(number, wanted)
        return number

    def _update_ticket(self, asked: Asked, number: str) -> Answered:
        ticket = self.tickets.get(int(number))
        if ticket is None:
            return as_json(NOT_FOUND, 404)
        if ticket["status"] == "closed":
            return _invalid("status", CLOSED)
        wanted = asked.json["ticket"]
        for token in wanted["comment"].get("uploads", ()):
            if self.clock() - self.uploads.get(token, {"at": 0})["at"] > UPLOAD_HOLDS:
                return _invalid("uploads", "Upload token is invalid")
        if problem := self._problem(wanted):
            return problem
        self._comment_on(int(number), wanted)
        return as_json({"ticket": ticket, "audit": self.audits[int(number)][-1]})

    def _comment_on(self, number: int, wanted: dict[str, Any]) -> None:
        said = wanted["comment"]
        is_public = said.get("public", True)
        if is_public:
            self.mails.append(f"comment on {number}")
        taken = [self.uploads.pop(token) for token in said.get("uploads", ())]
        files = [one for upload in taken for one in upload["attachments"]]
        comment = _comment(_plain(said), said.get("html_body", ""), public=is_public, files=files)
        self.tickets[number]["is_public"] |= is_public
        self._audit(number, [comment], custom=wanted.get("metadata"), via="api")

    def _audit(
        self, number: int, events: list[dict[str, Any]], *, via: str, custom: Any = None
    ) -> None:
        system = {"client": "Carteria", "ip_address": "192.0.2.7", "location": "Madrid, Spain"}
        self.audits[number].append(
            {
                "id": next(self._ids),
                "ticket_id": number,
                "author_id": 35436,
                "created_at": self._now(),
                "events": [{"id": next(self._ids), **event} for event in events],
                "metadata": {"custom": custom or {}, "system": system},
                "via": {"channel": via},
            }
        )

    def _show_ticket(self, asked: Asked, number: str) -> Answered:
        ticket = self.tickets.get(int(number))
        return as_json({"ticket": ticket}) if ticket else as_json(NOT_FOUND, 404)

    def _list_tickets(self, asked: Asked) -> Answered:
        wanted = asked.first("external_id")
        found = [one for one in self.tickets.values() if one["external_id"] == wanted]
        return self._listed(asked, "tickets", found)

    def _list_audits(self, asked: Asked, number: str) -> Answered:
        if int(number) not in self.tickets:
            return as_json(NOT_FOUND, 404)
        return self._listed(asked, "audits", self.audits[int(number)])

    # ---- files --------------------------------------------------------------------------------

    def _upload(self, asked: Asked) -> Answered:
        number, token = next(self._ids), f"token{next(self._ids)}"
        url = f"{self.url}/attachments/token/{token}/?name={asked.first('filename')}"
        file = {
            "id": number,
            "file_name": asked.first("filename"),
            "content_type": asked.headers.get("Content-Type", ""),
            "size": len(asked.body),
            "content_url": url,
            "mapped_content_url": url,
            "url": f"{self.url}/api/v2/attachments/{number}",
            "deleted": False,
            "inline": False,
            "height": None,
            "width": None,
            "thumbnails": [],
        }
        self.contents[number] = asked.body
        self.uploads[token] = {"attachments": [file], "at": self.clock()}
        upload = {"token": token, "attachment": file, "attachments": [file]}
        return as_json({"upload": upload}, 201)

    def _redact(self, asked: Asked, number: str, event: str, file: str) -> Answered:
        for audit in self.audits.get(int(number), ()):
            for one in audit["events"]:
                for attachment in one.get("attachments", ()) if one["id"] == int(event) else ():
                    if attachment["id"] == int(file):
                        attachment |= {"file_name": "redacted.txt", "size": 1}
                        self.contents[int(file)] = b" "
                        return as_json({"attachment": attachment})
        return as_json(NOT_FOUND, 404)

    # ---- the account --------------------------------------------------------------------------

    def _list_groups(self, asked: Asked) -> Answered:
        common = {"url": self.url, "description": "", "default": False, "is_public": True}
        more = {"deleted": False, "created_at": self._now(), "updated_at": self._now()}
        return self._listed(asked, "groups", [common | more | one for one in self.groups])

    def _list_brands(self, asked: Asked) -> Answered:
        return self._listed(asked, "brands", self.brands)

    def _list_fields(self, asked: Asked) -> Answered:
        return self._listed(asked, "ticket_fields", [_field(one) for one in self.fields])

    def _settings(self, asked: Asked) -> Answered:
        tickets = {"is_first_comment_private_enabled": self.first_comment_may_be_private}
        return as_json({"settings": {"tickets": tickets}})

    def _me(self) -> dict[str, Any]:
        return {
            **_anonymous(),
            "id": 35436,
            "name": "Ana Ruiz",
            "email": USER,
            "role": self.role,
        }

    def _listed(self, asked: Asked, key: str, records: list[Any]) -> Answered:
        """By cursor if asked for it, else in one page, as the published examples."""
        if not asked.first("page[size]"):
            return as_json(
                {key: records, "count": len(records), "next_page": None, "previous_page": None}
            )
        size = min(int(asked.first("page[size]")), self.page)
        start = int(asked.first("page[after]") or 0)
        meta = {
            "has_more": start + size < len(records),
            "after_cursor": str(start + size),
            "before_cursor": str(start),
        }
        return as_json({key: records[start : start + size], "meta": meta, "links": {}})

    def _now(self) -> str:
        return datetime.fromtimestamp(self.clock(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _ticket(number: int, wanted: dict[str, Any], url: str, now: str) -> dict[str, Any]:
    return {
        "id": number,
        "url": f"{url}/api/v2/tickets/{number}.json",
        "external_id": wanted.get("external_id"),
        "subject": wanted.get("subject"),
        "raw_subject": wanted.get("subject"),
        "description": _plain(wanted["comment"]),
        "type": wanted.get("type"),
        "priority": wanted.get("priority"),
        "status": wanted.get("status", "new"),
        "recipient": None,
        "requester_id": 35436,
        "submitter_id": 35436,
        "assignee_id": None,
        "organization_id": None,
        "group_id": wanted.get("group_id", 211),
        "brand_id": wanted.get("brand_id", 47),
        "problem_id": None,
        "has_incidents": False,
        "due_at": None,
        "collaborator_ids": [],
        "follower_ids": [],
        "sharing_agreement_ids": [],
        "custom_fields": wanted.get("custom_fields", []),
        "custom_status_id": 123,
        "satisfaction_rating": None,
        "from_messaging_channel": False,
        "generated_timestamp": 1304553600,
        "is_public": False,
        "tags": list(wanted.get("tags", [])),
        "created_at": now,
        "updated_at": now,
        "via": {"channel": "api"},
    }


def _comment(
    text: str, page: str = "", *, public: bool = False, files: list[Any] | None = None
) -> dict[str, Any]:
    return {
        "type": "Comment",
        "public": public,
        "body": text,
        "html_body": page or f"<p>{text}</p>",
        "attachments": files or [],
    }


def _plain(said: dict[str, Any]) -> str:
    """As a reader sees it: Zendesk keeps both."""
    page = said.get("html_body", "").replace("\n", "").replace("<br>", "\n")
    shown = html.unescape(re.sub(r"<[^>]+>", "", page)).replace("\xa0", " ")
    return str(said.get("body") or shown)


def _field(one: dict[str, Any]) -> dict[str, Any]:
    title = one["title"]
    return {
        "url": "https://company.zendesk.test/api/v2/ticket_fields",
        "active": True,
        "agent_description": None,
        "collapsed_for_agents": False,
        "description": title,
        "editable_in_portal": False,
        "position": 9999,
        "raw_description": title,
        "raw_title": title,
        "raw_title_in_portal": title,
        "title_in_portal": title,
        "regexp_for_validation": None,
        "required": False,
        "required_in_portal": False,
        "visible_in_portal": False,
        "tag": None,
        "created_at": "2012-04-02T22:55:29Z",
        "updated_at": "2012-04-02T22:55:29Z",
        **one,
    }


def _anonymous() -> dict[str, Any]:
    return {
        "id": None,
        "name": "Anonymous user",
        "email": "invalid@example.com",
        "role": "end-user",
        "active": False,
        "alias": None,
        "created_at": "2009-07-20T22:55:29Z",
        "custom_role_id": None,
        "details": None,
        "external_id": None,
        "last_login_at": None,
        "locale": "en-US",
        "locale_id": 1,
        "moderator": False,
        "notes": None,
        "only_private_comments": False,
        "organization_id": None,
        "phone": None,
        "photo": None,
        "restricted_agent": False,
        "role_type": None,
        "shared": False,
        "shared_agent": False,
        "signature": None,
        "suspended": False,
        "tags": [],
    }


def _invalid(name: str, words: str) -> Answered:
    details = {name: [{"description": words}]}
    said = {"error": "RecordInvalid", "description": "Record validation errors"}
    return as_json({**said, "details": details}, 422)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()

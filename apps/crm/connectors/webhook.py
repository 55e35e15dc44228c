"""A signed webhook: each thing is one POST of JSON to one address, for a program of your own.

The receiver, in one read
=========================

Every request is `POST` to the address in the settings, `Content-Type: application/json`, with

    Carteria-Signature: t=1764115200,v1=5257a869…d8bd (64 hexadecimal digits)
    Idempotency-Key: T8KQZ2M4X7NB1

1. Verify. `v1` is HMAC-SHA256, in hexadecimal, with the secret of the settings as key, over `t`,
   a dot and the body exactly as it came:

       expected = hmac.new(secret, t.encode() + b"." + body, hashlib.sha256).hexdigest()
       genuine = hmac.compare_digest(expected, v1) and abs(time.time() - int(t)) <= 300

   A signature holds for five minutes; answer anything else with 401. Several `v1=` may stand
   there one day, of which one has to be right.
2. Remember the key. The same key may come again, because an answer was lost, a day later too: do
   nothing the second time, and answer what you answered the first time. Keep keys as long as the
   ticket. A key that you refused is still unused: it comes again when the cause may be gone, or
   for the ticket that you named in `merged_into`. The body of a repetition may differ in the
   values of `fields`; the first one counts.
3. Answer within ten seconds, with 2xx and JSON, or with one of the refusals below.

Everything is for your own agents: never write to a customer because of what you hear here.
Requests of one conversation come in their order, one after the other. Unknown members and events
may be added: ignore the members, and answer unknown events with 204.

    {"version": 1, "event": "ticket.create", "key": "T8KQZ2M4X7NB1",
     "ticket": {"subject": "Parcel lost", "queue": "Support",
                "contact": {"name": "Eva Sol", "email": "eva@example.com"},
                "fields": {"Order": "A-17"}}}
    -> 201 {"ticket": {"id": "4711", "url": "https://crm.example.com/tickets/4711"}}

    {"version": 1, "event": "comment.add", "key": "T8KQZ2M4X7NB1:link:88",
     "ticket": {"id": "4711"},
     "comment": {"kind": "link", "private": true,
                 "text": "Email received: https://console.example.com/e/88/"}}
    -> 204

    {"version": 1, "event": "file.add", "key": "T8KQZ2M4X7NB1:pdf:2", "ticket": {"id": "4711"},
     "file": {"kind": "pdf", "private": true, "name": "email-E0123456789AB-2.pdf",
              "type": "application/pdf", "size": 9, "sha256": "…", "base64": "JVBERi0xLjQK"}}
    -> 204

    {"version": 1, "event": "file.remove", "key": "T8KQZ2M4X7NB1:pdf:1:removed",
     "ticket": {"id": "4711"}, "file": {"key": "T8KQZ2M4X7NB1:pdf:1"}}
    -> 204      (sent after a newer file took its place; of a file that you never had, too)

    {"version": 1, "event": "check", "key": "check"}
    -> 200 {"name": "Our CRM"}      (somebody pressed *Test connection*: store nothing)

`kind` of a comment is standard, link or copy, of a file file or pdf. Refusals are JSON, too:
`{"error": "a sentence for people"}` with

    401  the signature is wrong or old          403  we may not do this
    410  the ticket has been deleted            423  it takes nothing more
    409  it has been merged: {"error": "…", "merged_into": {"id": "4712", "url": "https://…"}}
    413  too large                              400, 422  refused for good: a person has to look
    429, 503  later, with Retry-After in seconds or as a date; any other 5xx is tried again

Refusals of one thing (400, 409, 410, 413, 422, 423) do not stop other conversations; with any of
the others the whole connection rests for a while.
"""

import hashlib
import hmac
import json
import mimetypes
import time
from base64 import b64encode

import httpx

from apps.core.sentences import gettext_noop as _
from apps.crm.connectors.as_html import one_line
from apps.crm.connectors.base import Access, CrmError, Entry, Most, NewTicket, Sentence, TicketRef
from apps.crm.connectors.web import Json, Web

ADVICE = _(
    "Your program must write to no customer because of what it hears. The whole protocol, with"
    " examples, stands at the top of apps/crm/connectors/webhook.py."
)
VERSION = 1
HOLDS = 300  # seconds
LONGEST_ID, LONGEST_URL = 100, 500  # characters, as we keep them


class WebhookConnector:
    """The key makes a repeated request harmless, so that nothing has to be looked for."""

    kind = "webhook"
    most = Most(subject=2000, comment=200_000, file=20 * 2**20)

    def __init__(self, access: Access, client: httpx.Client) -> None:
        self._access = access
        self._web = Web(client, access.url, own_words=_own_words)

    def check(self) -> Sentence:
        said = self._post("check", "check", {})
        name = said.get("name") if isinstance(said, dict) else None
        if not name:
            return Sentence(_("The receiver answers and accepts the signature."), {})
        return Sentence(_("%(name)s answers and accepts the signature."), {"name": name})

    def create_ticket(self, wanted: NewTicket) -> TicketRef:
        name, email = wanted.contact
        ticket = {
            "subject": one_line(wanted.subject),
            "queue": self._access.queue,
            "contact": {"name": name, "email": email},
            "fields": dict(wanted.fields),
        }
        said = self._post("ticket.create", wanted.marker, {"ticket": ticket})
        return _ref(said.get("ticket") if isinstance(said, dict) else None)

    def find_ticket(self, marker: str) -> TicketRef | None:
        return None

    def add_comment(self, entry: Entry) -> None:
        comment = {"kind": entry.kind, "private": True, "text": entry.text}
        self._post_of(entry.ticket, "comment.add", entry.marker, {"comment": comment})

    def find_comment(self, entry: Entry) -> bool:
        return False

    def attach_file(self, entry: Entry, content: bytes) -> None:
        file = {
            "kind": entry.kind,
            "private": True,
            "name": one_line(entry.text),
            "type": mimetypes.guess_type(entry.text)[0] or "application/octet-stream",
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "base64": b64encode(content).decode(),
        }
        self._post_of(entry.ticket, "file.add", entry.marker, {"file": file})

    def find_file(self, entry: Entry) -> bool:
        return False

    def remove_file(self, ticket: TicketRef, marker: str) -> None:
        key = f"{marker}:removed"  # the key of the file itself has been used
        self._post_of(ticket, "file.remove", key, {"file": {"key": marker}})

    def _post_of(self, ticket: TicketRef, event: str, key: str, facts: Json) -> None:
        try:
            self._post(event, key, {"ticket": {"id": ticket.id}, **facts})
        except CrmError as error:
            raise _naming(ticket, error) from error

    def _post(self, event: str, key: str, facts: Json) -> Json:
        if not self._access.token:
            raise CrmError(_("Type the secret that signs each request."), code="auth")
        told = {"version": VERSION, "event": event, "key": key, **facts}
        body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "Carteria-Signature": signature(self._access.token, body, int(time.time())),
            "Idempotency-Key": key,
        }
        return self._web.ask("POST", "", content=body, headers=headers)


def signature(secret: str, body: bytes, at: int) -> str:
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={signed.hexdigest()}"


def _ref(said: Json) -> TicketRef:
    """What it calls the ticket; it says so again when it is asked again."""
    number = said.get("id") if isinstance(said, dict) else None
    name = str(number) if isinstance(number, str | int) else ""
    if not 0 < len(name) <= LONGEST_ID or not name.isprintable():
        words = _("The receiver does not say which ticket it made: answer with its id.")
        raise CrmError(words, code="odd-answer")
    url = said.get("url") or ""
    is_link = isinstance(url, str) and url.startswith(("https://", "http://"))
    fits = is_link and len(url) <= LONGEST_URL and url.isprintable()
    return TicketRef(name, url if fits else "")


OF_TICKET = {
    "gone": _("Ticket %(ticket)s has been deleted."),
    "locked": _("Ticket %(ticket)s takes nothing more."),
    "merged": _("Ticket %(ticket)s has been merged into %(into)s."),
}


def _naming(ticket: TicketRef, error: CrmError) -> CrmError:
    if not error.is_of_ticket:
        return error
    into = error.merged_into
    told = {"ticket": ticket.id, "into": into.id if into else ""}
    words = OF_TICKET[error.code]
    return CrmError(words, told, code=error.code, permanent=True, merged_into=into)


def _own_words(status: int, said: Json) -> CrmError | None:
    merged = said.get("merged_into") if isinstance(said, dict) else None
    if status == 409 and merged:
        return CrmError("merged", code="merged", permanent=True, merged_into=_ref(merged))
    if status == 410 and said is not None:
        return CrmError("gone", code="gone", permanent=True)
    if status in (404, 410):  # of the address: no ticket is gone for it
        words = _("Nobody receives anything at this address (HTTP %(status)s): check it.")
        return CrmError(words, {"status": status}, code="odd-answer")
    if status == 423:
        return CrmError("locked", code="locked", permanent=True)
    if status == 413:
        return CrmError(_("The receiver says: too large."), code="too-big", permanent=True)
    return None

"""Request Tracker 5: private comments by REST 2, found again by their subject.

A ticket refers to an address of ours that names its thread: a link is the one thing that a plain
RT stores with a ticket, shows to its agents and searches for. A comment bears its marker as its
subject. Nobody of ours becomes a requestor, so that no scrip of RT writes to a customer.

RT takes comments for tickets that it calls deleted, and for the number of a merged ticket, without
a word: a ticket is looked at before it hears anything.

Read on 2026-11-26: https://docs.bestpractical.com/rt/5.0.3/RT/REST2.html and
https://docs.bestpractical.com/rt/5.0.3/query_builder.html; what they leave out was asked of a real
RT 5.0.3, and tests/connectors asks it again.
"""

import json
import re
import time
from base64 import b64encode
from datetime import datetime
from pathlib import PurePosixPath
from urllib.parse import quote

import httpx

from apps.core.sentences import gettext_noop as _
from apps.crm.connectors.as_html import as_html, cleaned, one_line
from apps.crm.connectors.base import Access, CrmError, Entry, Most, NewTicket, Sentence, TicketRef
from apps.crm.connectors.web import Json, Web

ADVICE = _(
    "Everything is a comment, which only RT's own agents read, and tickets are opened without a"
    " requestor, so that RT has no customer to write to. Give our user a token and these rights in"
    " the queue: SeeQueue, ShowTicket, ShowTicketComments, CreateTicket, CommentOnTicket; for"
    " ticket fields SeeCustomField and ModifyCustomField, too. The scrip “On Comment Notify"
    " AdminCcs as Comment” writes to the agents who watch the queue: disable it for this queue if"
    " that is too much mail. If you have added a scrip that writes to Ccs or to outside addresses"
    " on create or on comment, disable it for this queue. RT keeps every file: older PDFs of a"
    " conversation stay beside the newest."
)
DEFAULT_QUEUE = "General"
AGENT = "Carteria"  # RT sends a browser to its sign-in page where others hear 401
FRESH = 10.0  # seconds that a ticket counts as looked at
HIDDEN = 2.0  # seconds that a ticket may have changed after the last thing we see in it
LONGEST_SUBJECT = 200  # bytes: RT cuts there without a word
LONGEST_NAME = 200  # bytes
MAY_BE_DROPPED = 10 * 2**20  # bytes: RT's own $MaxAttachmentSize, for those who limit files
SHOWN_AS_THEY_ARE = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
ANY_BYTES = "application/octet-stream"  # RT writes other texts anew, in its own encoding
REST = "/REST/2.0"


SIGNED_IN = _("Signed in to RT %(version)s as %(user)s; new tickets go to %(queue)s.")
SIGNED_IN_EMPTY = _(
    "Signed in to RT %(version)s as %(user)s; new tickets go to %(queue)s, where no ticket is yet"
    " to try the right CommentOnTicket on."
)


class Forbidden(CrmError):
    """RT knows us, and we lack a right."""


class RequestTrackerConnector:
    kind = "rt"
    most = Most(subject=LONGEST_SUBJECT, comment=60_000, file=20 * 2**20)

    def __init__(self, access: Access, client: httpx.Client) -> None:
        self._access = access
        self._url = access.url.removesuffix("/").removesuffix(REST)
        self._queue_name = access.queue or DEFAULT_QUEUE
        told = {"User-Agent": AGENT, "Authorization": _authorization(access)}
        self._web = Web(client, f"{self._url}{REST}", told, own_words=_own_words)
        self._queue: Json = None
        self._looked_at: dict[str, float] = {}  # ticket: when it was well
        self._changed_at: dict[str, str] = {}  # ticket: its own time

    # ---- who and where ------------------------------------------------------------------------

    def check(self) -> Sentence:
        version = _is_rt(self._known("/rt") or {})
        self._check_may_create()
        words = SIGNED_IN if self._check_may_comment() else SIGNED_IN_EMPTY
        user = self._access.user or self._name_of_token()
        return Sentence(words, {"version": version, "user": user, "queue": self._queue_name})

    def _check_may_create(self) -> None:
        if "create" not in _links(self._our_queue()):
            raise self._lacks("CreateTicket")

    def _check_may_comment(self) -> bool:
        """RT tells it of a ticket only; False: there is none."""
        query = {"query": f"Queue = {_quoted(self._queue_name)}", "orderby": "id"}
        found = self._web.ask("GET", "/tickets", params={**query, "order": "DESC", "per_page": 1})
        newest = _items(found)
        if not newest:
            return False
        if "comment" not in _links(self._web.ask("GET", f"/ticket/{newest[0]['id']}")):
            raise self._lacks("CommentOnTicket")
        return True

    def _name_of_token(self) -> str:
        """RT has no “who am I”; its tokens carry the user's number (RT::AuthToken)."""
        number = re.match(r"\d+-(\d+)-", self._access.token)
        said = self._known(f"/user/{number[1]}") if number else None
        return str((said or {}).get("Name", "the user of the token"))

    def _our_queue(self) -> Json:
        if self._queue is None:
            self._queue = self._known(f"/queue/{quote(self._queue_name, safe='')}")
            if self._queue is None:
                words = _("There is no queue “%(queue)s” in RT, or our user lacks SeeQueue for it.")
                raise CrmError(words, {"queue": self._queue_name}, code="auth")
        return self._queue

    def _known(self, path: str) -> Json:
        """None for what is not there, or not shown to us."""
        try:
            return self._web.ask("GET", path)
        except Forbidden:
            return None
        except CrmError as error:
            if error.code == "gone":
                return None
            raise

    def _lacks(self, right: str) -> CrmError:
        words = _("Our user lacks the right %(right)s in RT's queue %(queue)s.")
        return CrmError(words, {"right": right, "queue": self._queue_name}, code="auth")

    # ---- tickets ------------------------------------------------------------------------------

    def create_ticket(self, wanted: NewTicket) -> TicketRef:
        """A customer's address is no part of it: RT writes to every requestor."""
        told = {name: cleaned(value) for name, value in wanted.fields.items() if value}
        body = {
            "Queue": self._queue_name,
            "Subject": _within(one_line(wanted.subject), LONGEST_SUBJECT) or wanted.marker,
            "RefersTo": self._address_of(wanted.marker),
            "CustomFields": self._by_id(told) if told else {},
        }
        try:
            made = self._web.ask("POST", "/ticket", body=body)
        except Forbidden as error:
            raise self._lacks("CreateTicket") from error
        if not isinstance(made, dict) or not made.get("id"):
            raise _no_rt()
        ticket = self._ref(made["id"])
        if told:
            self._check_taken(ticket, told)
        self._looked_at[ticket.id] = time.monotonic()
        return ticket

    def find_ticket(self, marker: str) -> TicketRef | None:
        """The oldest; RT leaves out what it calls deleted, and answers merged ones by the new."""
        query = f"RefersTo = {_quoted(self._address_of(marker))}"
        found = _items(self._web.ask("GET", "/tickets", params={"query": query, "orderby": "id"}))
        return self._ref(found[0]["id"]) if found else None

    def _by_id(self, fields: dict[str, str]) -> dict[str, str]:
        """RT drops a field that it does not know, without a word."""
        listed = self._our_queue().get("TicketCustomFields", [])
        known = {one["name"].casefold(): one["id"] for one in listed}
        for name in fields:
            if name.casefold() not in known:
                words = _(
                    "RT's queue %(queue)s has no ticket field “%(name)s”, or our user lacks"
                    " SeeCustomField for it."
                )
                facts = {"queue": self._queue_name, "name": name}
                raise CrmError(words, facts, code="refused", permanent=True)
        return {known[name.casefold()]: value for name, value in fields.items()}

    def _check_taken(self, ticket: TicketRef, fields: dict[str, str]) -> None:
        """RT drops a value that a field does not take, too; the ticket is open all the same."""
        said = self._web.ask("GET", f"/ticket/{ticket.id}").get("CustomFields", [])
        filled = {one["name"].casefold() for one in said if one.get("values")}
        lost = [name for name in fields if name.casefold() not in filled]
        if lost:
            words = _(
                "RT has opened ticket %(ticket)s without “%(name)s”: it does not take the value,"
                " or our user lacks ModifyCustomField. Tried again, the ticket stays as it is."
            )
            facts = {"ticket": ticket.id, "name": lost[0]}
            raise CrmError(words, facts, code="refused", permanent=True)

    def _ref(self, number: object) -> TicketRef:
        return TicketRef(str(number), f"{self._url}/Ticket/Display.html?id={number}")

    def _address_of(self, marker: str) -> str:
        name = quote(marker, safe="")
        console = re.sub(r"[^!#-&(-\[\]-~]", "", self._access.console)
        return f"{console}/?thread={name}" if console else f"carteria:{name}"

    # ---- entries ------------------------------------------------------------------------------

    def add_comment(self, entry: Entry) -> None:
        self._say(entry, as_html(entry.text, labels=entry.kind == "standard"))

    def attach_file(self, entry: Entry, content: bytes) -> None:
        """A comment with the file; one without a word in it RT would not take."""
        name = _file_name(entry.text)
        ending = PurePosixPath(name).suffix.lower()
        file = {
            "FileName": _encoded(name),
            "FileType": SHOWN_AS_THEY_ARE.get(ending, ANY_BYTES),
            "FileContent": b64encode(content).decode() or "=",  # RT calls nothing a missing field
        }
        self._say(entry, as_html(name), file)
        if len(content) > MAY_BE_DROPPED:
            self._check_whole(entry, len(content))

    def find_comment(self, entry: Entry) -> bool:
        self._check_ticket(entry.ticket)  # anew, for what it says of its last change
        if self._of_entry(entry):
            return True
        self._check_nothing_hidden(entry.ticket)
        return False

    def find_file(self, entry: Entry) -> bool:
        return self.find_comment(entry)

    def remove_file(self, ticket: TicketRef, marker: str) -> None:
        """RT's history is for good."""

    def _say(self, entry: Entry, page: str, *files: Json) -> None:
        self._look_at(entry.ticket)
        # In a <div>: a comment of nothing but 0 would be false, and none, to RT.
        body: Json = {"Subject": _subject(entry.marker), "Content": f"<div>{page}</div>"}
        body["ContentType"] = "text/html"
        if files:
            body["Attachments"] = files
        try:
            # As bytes, which go up piece by piece: each has the time of one step.
            self._web.ask(
                "POST",
                f"/ticket/{entry.ticket.id}/comment",
                content=json.dumps(body).encode(),
                headers={"Content-Type": "application/json"},
            )
        except Forbidden as error:
            raise self._lacks("CommentOnTicket") from error
        except CrmError:
            self._looked_at.pop(entry.ticket.id, None)
            raise

    def _of_entry(self, entry: Entry) -> list[Json]:
        """The comment's own part in RT's store, which keeps the subject; one request."""
        wanted = [{"field": "Subject", "value": _subject(entry.marker)}]
        path = f"/ticket/{entry.ticket.id}/attachments"
        return _items(self._web.ask("POST", path, body=wanted, params={"fields": "TransactionId"}))

    def _check_nothing_hidden(self, ticket: TicketRef) -> None:
        """Comments that we may not read are not there for us, and would be written again.

        RT tells nobody that it hides something; but then no comment is seen, and the ticket has
        changed after the last thing that is.
        """
        params = {"fields": "Type,Created", "orderby": "id", "order": "DESC", "per_page": 100}
        seen = _items(self._web.ask("GET", f"/ticket/{ticket.id}/history", params=params))
        if any(one.get("Type") == "Comment" for one in seen):
            return
        last = max((_moment(one.get("Created")) for one in seen), default=0.0)
        if _moment(self._changed_at.get(ticket.id)) - last > HIDDEN:
            raise self._lacks("ShowTicketComments")

    def _check_whole(self, entry: Entry, size: int) -> None:
        """An RT may be set to cut or to drop what is larger than its own limit."""
        (said, *_more) = self._of_entry(entry) or [{}]
        transaction = said.get("TransactionId")
        path, fields = f"/transaction/{transaction}/attachments", {"fields": "ContentLength"}
        parts = _items(self._web.ask("GET", path, params=fields)) if transaction else []
        if parts and all(int(part.get("ContentLength") or 0) != size for part in parts):
            words = _("RT has cut or dropped %(name)s: raise its $MaxAttachmentSize.")
            raise CrmError(words, {"name": entry.text}, code="too-big", permanent=True)

    # ---- a ticket that takes nothing more -----------------------------------------------------

    def _look_at(self, ticket: TicketRef) -> None:
        if time.monotonic() - self._looked_at.get(ticket.id, float("-inf")) < FRESH:
            return
        self._check_ticket(ticket)

    def _check_ticket(self, ticket: TicketRef) -> None:
        try:
            found = self._web.ask("GET", f"/ticket/{ticket.id}")
        except Forbidden as error:
            raise self._closed_to_us(ticket, "ShowTicket") from error
        except CrmError as error:
            if error.code == "gone":
                raise _gone(ticket) from error
            raise
        if not isinstance(found, dict) or "id" not in found:
            raise _no_rt()
        if str(found["id"]) != ticket.id:
            raise _merged(ticket, self._ref(found["id"]))
        if found.get("Status") == "deleted":
            raise _gone(ticket)
        if "comment" not in _links(found):
            raise self._closed_to_us(ticket, "CommentOnTicket", found.get("Queue", {}).get("id"))
        self._looked_at[ticket.id] = time.monotonic()
        self._changed_at[ticket.id] = str(found.get("LastUpdated"))

    def _closed_to_us(self, ticket: TicketRef, right: str, queue: str = "") -> CrmError:
        """In our own queue it is our user's fault; in another, this ticket's alone."""
        ours = self._our_queue()
        if "create" not in _links(ours) or queue == str(ours["id"]):
            return self._lacks(right)
        words = _(
            "Ticket %(ticket)s is now in a queue in which our user lacks the right %(right)s."
        )
        facts = {"ticket": ticket.id, "right": right}
        return CrmError(words, facts, code="locked", permanent=True)


# ---- RT's ways --------------------------------------------------------------------------------


def _authorization(access: Access) -> str:
    if access.user:
        return f"Basic {b64encode(f'{access.user}:{access.token}'.encode()).decode()}"
    return f"token {access.token}"


def _own_words(status: int, said: Json) -> CrmError | None:
    """RT calls a missing right Forbidden, or with 400 in words."""
    told = said.get("message") if isinstance(said, dict) else ""
    if status == 403 or (status == 400 and told == "Permission Denied"):
        return Forbidden(_("RT says that our user may not do this."), code="auth")
    return None


def _is_rt(said: Json) -> str:
    """Its version, or an error: something answers there that is no RT."""
    if isinstance(said, dict) and said.get("Version"):
        return str(said["Version"]).partition("+")[0]
    raise _no_rt()


def _no_rt() -> CrmError:
    words = _("There is no Request Tracker 5 with REST 2 at this address.")
    return CrmError(words, code="odd-answer")


def _items(said: Json) -> list[Json]:
    items = said.get("items") if isinstance(said, dict) else None
    if not isinstance(items, list):
        raise _no_rt()
    return items


def _links(record: Json) -> set[str]:
    """What RT offers us to do with it."""
    return {str(one.get("ref")) for one in record.get("_hyperlinks", ())}


def _moment(text: object) -> float:
    """Seconds, of what RT calls 2026-11-26T05:58:25Z; 0 for anything else."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return 0.0


def _quoted(value: str) -> str:
    """For TicketSQL."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _subject(marker: str) -> str:
    return f"Carteria {marker}"


def _within(text: str, most: int) -> str:
    """At most MOST bytes, whole characters."""
    if len(text.encode()) <= most:
        return text
    return text.encode()[: most - 3].decode(errors="ignore").rstrip() + "…"


def _file_name(name: str) -> str:
    """What RT stores as it is: it keeps only what stands after a slash, and calls 0 missing."""
    name = one_line(name).replace("/", "_").strip() or "file"
    ending = PurePosixPath(name).suffix
    if len(name.encode()) > LONGEST_NAME:
        ending = ending if len(ending.encode()) < 20 else ""
        name = _within(name.removesuffix(ending), LONGEST_NAME - len(ending.encode())) + ending
    return f"{name}_" if name == "0" else name


def _encoded(name: str) -> str:
    """RT fails on wide characters in the name of a file, and decodes RFC 2047."""
    if name.isascii() and "=?" not in name:
        return name
    return f"=?UTF-8?B?{b64encode(name.encode()).decode()}?="


def _gone(ticket: TicketRef) -> CrmError:
    words = _("Ticket %(ticket)s has been deleted in RT.")
    return CrmError(words, {"ticket": ticket.id}, code="gone", permanent=True)


def _merged(ticket: TicketRef, into: TicketRef) -> CrmError:
    words = _("Ticket %(ticket)s has been merged into %(into)s.")
    facts = {"ticket": ticket.id, "into": into.id}
    return CrmError(words, facts, code="merged", permanent=True, merged_into=into)

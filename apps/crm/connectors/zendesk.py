"""Zendesk Support: private comments by its Ticketing API v2, found again by their audit's metadata.

A ticket bears our marker as `external_id`, and is asked for with an `Idempotency-Key`, which
Zendesk keeps for two hours; after that the marker alone tells. An update takes no such key: its
audit carries the marker in 1 KB of metadata of our own.

Read on 2026-11-26 at https://developer.zendesk.com:
/api-reference/ticketing/introduction/#idempotency
/api-reference/ticketing/tickets/tickets/ (list by external_id, create, show, update, merge)
/documentation/ticketing/managing-tickets/creating-and-updating-tickets (metadata, private comment)
/api-reference/ticketing/tickets/ticket_audits/ and .../ticket-attachments/
/api-reference/ticketing/tickets/ticket_fields/, /api-reference/ticketing/groups/groups/
/api-reference/ticketing/account-configuration/account_settings/
/documentation/ticketing/reference-guides/via-types (a merge is via 19, `merge`)
/api-reference/introduction/security-and-auth/ and .../rate-limits/ (429 with Retry-After)
Not verified live.
"""

import mimetypes
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from apps.core.sentences import gettext_noop as _
from apps.crm.connectors.as_html import as_html, one_line
from apps.crm.connectors.base import Access, CrmError, Entry, Most, NewTicket, Sentence, TicketRef
from apps.crm.connectors.web import Json, Web

ADVICE = _(
    "Everything is an internal note, and the agent of the token is the requester, so that no note"
    " reaches a customer. In Zendesk, under Admin Center > Objects and rules > Triggers, switch off"
    " “Notify all agents of received request”, or add the condition that the tag is not carteria;"
    " do the same to every trigger of your own that writes to somebody when a ticket is created."
)
TAG = "carteria"
REDACTED = "redacted.txt"  # in the place of a file that was taken off
KEY = "carteria"  # of our marker in the metadata of an audit
MOST_BYTES = 65_535  # of a comment, as HTML
PAGE = 100  # records, the most that Zendesk gives
MOST_PAGES = 60  # a ticket has 5,000 comments at most
AGENTS = ("agent", "admin")
PLAIN = {"priority": "priority", "tickettype": "type", "status": "status"}  # fields of the ticket
CUT = "…"
MADE_BEFORE = _("Zendesk has begun this ticket with other values; it is looked for.")


class ZendeskConnector:
    kind = "zendesk"
    most = Most(subject=150, comment=MOST_BYTES, file=50 * 2**20)

    def __init__(self, access: Access, client: httpx.Client) -> None:
        self._access = access
        self._web = Web(client, access.url, _authorization(access), own_words=_own_words)
        self._audits: dict[str, dict[str, Json]] = {}  # by ticket and marker
        self._place: dict[str, int] | None = None
        self._fields: dict[str, Json] | None = None

    # ---- who and where ------------------------------------------------------------------------

    def check(self) -> Sentence:
        me = self._agent()
        self._check_first_comment()
        facts = {"name": me.get("name"), "role": me["role"], "queue": self._access.queue}
        if me.get("ticket_restriction"):
            words = _("Signed in as %(name)s (%(role)s), who does not see every ticket.")
        elif self._where():
            words = _("Signed in as %(name)s (%(role)s); new tickets go to %(queue)s.")
        else:
            words = _("Signed in as %(name)s (%(role)s); Zendesk says where new tickets go.")
        return Sentence(words, facts)

    def _agent(self) -> Json:
        me = _part(self._web.ask("GET", "/api/v2/users/me.json"), "user", dict)
        if not me.get("id"):  # a wrong token is no error here: Zendesk calls it Anonymous user
            raise CrmError(_("Zendesk does not accept the user or the token."), code="auth")
        if me.get("role") not in AGENTS:
            words = _("%(name)s is no agent in Zendesk and may write no internal notes.")
            raise CrmError(words, {"name": me.get("name")}, code="auth")
        return me

    def _check_first_comment(self) -> None:
        """By an account's setting the first comment of a ticket is public, whatever we say."""
        try:
            said = self._web.ask("GET", "/api/v2/account/settings.json")
        except CrmError as error:
            if error.code in ("auth", "gone"):  # it is no right of this agent to know
                return
            raise
        tickets = (said or {}).get("settings", {}).get("tickets", {})
        if tickets.get("is_first_comment_private_enabled") is False:
            words = _(
                "Zendesk makes the first comment of each ticket public: switch on “Allow first"
                " comment on tickets to be private” in Admin Center > Objects and rules > Tickets"
                " > Settings."
            )
            raise CrmError(words, code="refused", permanent=True)

    # ---- tickets ------------------------------------------------------------------------------

    def create_ticket(self, wanted: NewTicket) -> TicketRef:
        """Without a requester of its own it is the agent's: the customer is told nothing."""
        headers = {"Idempotency-Key": wanted.marker}
        try:
            body = {"ticket": self._ticket(wanted)}
            made = self._web.ask("POST", "/api/v2/tickets.json", body=body, headers=headers)
        except CrmError as error:
            found = self.find_ticket(wanted.marker) if error.words == MADE_BEFORE else None
            if found:
                return found
            raise
        return self._ref(_part(made, "ticket", dict))

    def find_ticket(self, marker: str) -> TicketRef | None:
        """By our own marker, which Zendesk does not hold to be unique: the oldest is right."""
        said = self._web.ask("GET", "/api/v2/tickets.json", params={"external_id": marker})
        found = [one for one in _part(said, "tickets", list) if one.get("external_id") == marker]
        return self._ref(min(found, key=lambda one: int(one["id"]))) if found else None

    def _ticket(self, wanted: NewTicket) -> Json:
        name, email = wanted.contact
        who = f"{name} <{email}>" if name and email else name or email or wanted.marker
        plain, custom, tags = self._mapped(wanted.fields)
        return {
            "subject": one_line(wanted.subject) or wanted.marker,
            "external_id": wanted.marker,
            "comment": {"html_body": page_of(who), "public": False},
            "metadata": {KEY: wanted.marker},
            "tags": [TAG, *tags],
            "custom_fields": custom,
            **plain,
            **self._where(),
        }

    def _ref(self, ticket: Json) -> TicketRef:
        number = str(int(ticket["id"]))
        return TicketRef(number, f"{self._access.url}/agent/tickets/{number}")

    # ---- entries ------------------------------------------------------------------------------

    def add_comment(self, entry: Entry) -> None:
        page = page_of(entry.text, link=entry.link, labels=entry.kind == "standard")
        self._update(entry, {"html_body": page, "public": False})

    def find_comment(self, entry: Entry) -> bool:
        return self._audit(entry.ticket, entry.marker) is not None

    def attach_file(self, entry: Entry, content: bytes) -> None:
        """An upload that no comment takes within the hour is thrown away by Zendesk."""
        name = one_line(entry.text)
        kind = mimetypes.guess_type(name)[0] or "application/binary"
        said = self._web.ask(
            "POST",
            "/api/v2/uploads.json",
            params={"filename": name},
            content=content,
            headers={"Content-Type": kind},
        )
        token = _part(_part(said, "upload", dict), "token", str)
        self._update(entry, {"html_body": page_of(name), "public": False, "uploads": [token]})

    def find_file(self, entry: Entry) -> bool:
        return self.find_comment(entry)

    def remove_file(self, ticket: TicketRef, marker: str) -> None:
        """Its comment stays; the file's place is taken by Zendesk's own redacted.txt."""
        audit = self._audit(ticket, marker)
        for event in _comments(audit) if audit else ():
            files = event.get("attachments", ())
            for file in (one for one in files if one.get("file_name") != REDACTED):
                path = f"/api/v2/tickets/{ticket.id}/comments/{event['id']}"
                self._web.ask("PUT", f"{path}/attachments/{file['id']}/redact.json", body={})

    def _update(self, entry: Entry, comment: Json) -> None:
        body = {"ticket": {"comment": comment, "metadata": {KEY: entry.marker}}}
        try:
            self._web.ask("PUT", f"/api/v2/tickets/{entry.ticket.id}.json", body=body)
        except CrmError as error:
            if error.code in ("refused", "gone", "auth"):
                raise self._of_ticket(entry.ticket) or error from error
            raise

    # ---- the audits of a ticket ---------------------------------------------------------------

    def _audit(self, ticket: TicketRef, marker: str) -> Json:
        """What is known to be there stays there; what is not may have come meanwhile."""
        known = self._audits.setdefault(ticket.id, {})
        if marker not in known:
            for audit in self._audits_of(ticket):
                if (ours := _marker(audit)) and any(_comments(audit)):
                    known.setdefault(ours, audit)
        return known.get(marker)

    def _audits_of(self, ticket: TicketRef) -> Iterator[Json]:
        try:
            yield from self._listed(f"/api/v2/tickets/{ticket.id}/audits.json", "audits")
        except CrmError as error:
            if error.code == "gone":
                raise _gone(ticket) from error
            if error.code == "auth":
                raise self._hidden(ticket) from error
            raise

    # ---- a ticket that takes nothing more -----------------------------------------------------

    def _of_ticket(self, ticket: TicketRef) -> CrmError | None:
        """Why it refused, if the ticket is to blame; asked, for Zendesk says it in its language."""
        try:
            said = self._web.ask("GET", f"/api/v2/tickets/{ticket.id}.json")
        except CrmError as error:
            if error.code == "auth":
                return self._hidden(ticket)
            return _gone(ticket) if error.code == "gone" else error
        found = _part(said, "ticket", dict)
        if found.get("status") != "closed":
            return None
        told = {"ticket": ticket.id}
        if into := self._merged_into(ticket, found):
            words = _("Ticket %(ticket)s has been merged into %(into)s.")
            told["into"] = into.id
            return CrmError(words, told, code="merged", permanent=True, merged_into=into)
        words = _("Ticket %(ticket)s is closed for good and takes no more comments.")
        return CrmError(words, told, code="locked", permanent=True)

    def _hidden(self, ticket: TicketRef) -> CrmError:
        """Moved to a group whose tickets we may not see: the others are as they were, if we are."""
        try:
            self._agent()
        except CrmError as error:
            return error
        words = _("Ticket %(ticket)s is now where our user may not see it.")
        return CrmError(words, {"ticket": ticket.id}, code="refused", permanent=True)

    def _merged_into(self, ticket: TicketRef, found: Json) -> TicketRef | None:
        """No field names it: Zendesk tags the ticket, and each of the two tells of the other.

        The words are the account's, so that only `#` and the number are read, of the update that
        closed the ticket; and the other one has to say the same, or we would write to strangers.
        """
        audits = list(self._audits_of(ticket))
        if "closed_by_merge" not in found.get("tags", ()) and not any(map(_by_merge, audits)):
            return None
        for audit in reversed(audits):
            for number in _named(audit) if _by_merge(audit) or _closes(audit) else ():
                other = self._ref({"id": number})
                if other.id != ticket.id and self._tells_of(other, ticket):
                    return other
        return None

    def _tells_of(self, other: TicketRef, ticket: TicketRef) -> bool:
        try:
            return any(ticket.id in _named(audit) for audit in self._audits_of(other))
        except CrmError as error:
            if error.code in ("gone", "refused"):
                return False
            raise

    # ---- group, brand, fields -----------------------------------------------------------------

    def _where(self) -> dict[str, int]:
        """Asked once: `group_id`, or `brand_id`, of the name or number in the settings."""
        if self._place is None:
            self._place = self._place_of(self._access.queue) if self._access.queue else {}
        return self._place

    def _place_of(self, name: str) -> dict[str, int]:
        for kind, key in (("groups", "group_id"), ("brands", "brand_id")):
            for one in self._known(kind):
                if name in (one.get("name"), str(one.get("id"))) and not one.get("deleted"):
                    return {key: int(one["id"])}
        words = _("There is no group and no brand “%(name)s” in Zendesk.")
        raise CrmError(words, {"name": name}, code="refused", permanent=True)

    def _known(self, kind: str) -> Iterator[Json]:
        try:
            yield from self._listed(f"/api/v2/{kind}.json", kind)
        except CrmError as error:
            if kind != "brands" or error.code not in ("auth", "gone"):  # not in every plan
                raise

    def _mapped(self, fields: Mapping[str, str]) -> tuple[Json, list[Json], list[str]]:
        """What is the ticket's own, its custom fields, its tags."""
        plain: dict[str, str] = {}
        custom: list[Json] = []
        tags: list[str] = []
        for name, value in fields.items():
            if name.casefold() == "tags":
                tags = re.split(r"[,\s]+", value.strip(", \t"))
            elif (field := self._field(name)).get("type") in PLAIN:
                plain[PLAIN[field["type"]]] = value
            else:
                custom.append({"id": int(field["id"]), "value": value})
        return plain, custom, [tag for tag in tags if tag]

    def _field(self, name: str) -> Json:
        if self._fields is None:
            listed = self._listed("/api/v2/ticket_fields.json", "ticket_fields")
            active = [one for one in listed if one.get("active", True)]
            self._fields = {one["title"].casefold(): one for one in reversed(active)}
            self._fields |= {str(one["id"]): one for one in active}
        if field := self._fields.get(name.strip().casefold()):
            return field
        words = _("There is no ticket field “%(name)s” in Zendesk: name it as there, or by its id.")
        raise CrmError(words, {"name": name}, code="refused", permanent=True)

    # ---- Zendesk's ways -----------------------------------------------------------------------

    def _listed(self, path: str, key: str) -> Iterator[Json]:
        """All records, by cursor; an archived ticket's audits come at once and without one."""
        params: dict[str, Any] = {"page[size]": PAGE}
        for _page in range(MOST_PAGES):
            said = self._web.ask("GET", path, params=params)
            yield from _part(said, key, list)
            meta = said.get("meta") or {}
            if not meta.get("has_more"):
                return
            params["page[after]"] = meta["after_cursor"]


def page_of(text: str, *, link: str = "", labels: bool = False) -> str:
    """TEXT as HTML of at most 64 KB; where it ends early, LINK leads to the rest."""
    tail = f"\n{CUT} {link}" if link else f"\n{CUT}"
    kept, page = text, as_html(text, labels=labels)
    while (size := len(page.encode())) > MOST_BYTES:
        kept = kept[: int(len(kept) * MOST_BYTES / size * 0.98)]
        page = as_html(kept.rstrip() + tail, labels=labels)
    return page


def _authorization(access: Access) -> dict[str, str]:
    if not access.user:
        return {"Authorization": f"Bearer {access.token}"}
    pair = b64encode(f"{access.user}/token:{access.token}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def _own_words(status: int, said: Json) -> CrmError | None:
    error = said.get("error") if isinstance(said, dict) else None
    if error == "IdempotentRequestError":
        return CrmError(MADE_BEFORE, code="refused")
    if status == 404 and error != "RecordNotFound":
        # No ticket is gone because something on the way has no such page.
        words = _("The answer is not Zendesk's: HTTP 404. Check the address.")
        return CrmError(words, code="odd-answer")
    if status == 409:  # two updates of one ticket at the same moment
        return CrmError(_("Zendesk is busy with this ticket."), code="refused")
    if status == 413:
        words = _("Zendesk says that it is too large.")
        return CrmError(words, code="too-big", permanent=True)
    return None


def _gone(ticket: TicketRef) -> CrmError:
    words = _("Ticket %(ticket)s is no longer there: it has been deleted in Zendesk.")
    return CrmError(words, {"ticket": ticket.id}, code="gone", permanent=True)


def _comments(audit: Json) -> Iterator[Json]:
    return (one for one in audit.get("events") or () if one.get("type") == "Comment")


def _marker(audit: Json) -> str:
    custom = (audit.get("metadata") or {}).get("custom")
    return str(custom.get(KEY, "")) if isinstance(custom, dict) else ""


def _named(audit: Json) -> list[str]:
    """Tickets that its comments name, if they are not our own."""
    texts = () if _marker(audit) else (str(one.get("body", "")) for one in _comments(audit))
    return [number for text in texts for number in re.findall(r"#(\d{1,19})\b", text)]


def _by_merge(audit: Json) -> bool:
    via = [audit.get("via"), *(one.get("via") for one in _comments(audit))]
    return any((one or {}).get("channel") == "merge" for one in via)


def _closes(audit: Json) -> bool:
    changes = (one for one in audit.get("events") or () if one.get("type") == "Change")
    return any((one.get("field_name"), one.get("value")) == ("status", "closed") for one in changes)


def _part(said: Json, key: str, kind: type) -> Any:
    """SAID[KEY]; an answer of another shape comes from something that is no Zendesk."""
    part = said.get(key) if isinstance(said, dict) else None
    if not isinstance(part, kind):
        words = _("The answer is not Zendesk's: %(key)s is missing. Check the address.")
        raise CrmError(words, {"key": key}, code="odd-answer")
    return part

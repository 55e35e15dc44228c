"""Mail that nobody wrote by hand: automatic answers, lists, bounces, reports (RFC 3834, 3464)."""

import re

from apps.channels.mime_headers import Headers, ids_of, parameters
from apps.channels.mime_structure import Leaf, split_headers
from apps.channels.mime_transfer import undo
from apps.channels.parsed import Bounce

_BOUNCERS = re.compile(r"^(mailer-daemon|postmaster|mail-?daemon|mdaemon)@", re.I)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|delivery (status|failure|has failed)|returned mail|failure notice|mail delivery"
    r"|unzustellbar|no se (ha podido|pudo) entregar|non remis",
    re.I,
)
_STATUS = re.compile(rb"\b([245]\.\d{1,3}\.\d{1,3})\b")
_CODE = re.compile(rb"\b([45]\d\d)[ -]")


def is_auto_reply(headers: Headers) -> bool:
    """An automatic answer says so in its headers; a subject alone proves nothing."""
    auto = headers.text("auto-submitted").lower()
    if auto and not auto.startswith("no"):
        return True
    if headers.has("x-autoreply") or headers.has("x-autorespond"):
        return True
    if headers.text("precedence").lower() in ("auto_reply", "auto-reply"):
        return True
    return bool(headers.text("x-auto-response-suppress")) and headers.has(
        "x-ms-exchange-inbox-rules-loop"
    )


def is_list(headers: Headers) -> bool:
    if headers.has("list-id") or headers.has("list-unsubscribe") or headers.has("list-post"):
        return True
    return headers.text("precedence").lower() in ("bulk", "list", "junk")


def has_null_return_path(headers: Headers) -> bool:
    return headers.has("return-path") and headers.raw("return-path").strip() in (b"<>", b"")


def feedback_type(leaves: list[Leaf]) -> str:
    """The kind of an abuse report (RFC 5965), e.g. abuse."""
    for leaf in leaves:
        if leaf.content_type == "message/feedback-report":
            fields, _rest = split_headers(_content(leaf))
            return fields.text("feedback-type").lower()
    return ""


def bounce_of(headers: Headers, leaves: list[Leaf], sender: str) -> Bounce | None:
    """What a delivery report says, or what looks like one; None for any other mail."""
    report = next((leaf for leaf in leaves if leaf.content_type == "message/delivery-status"), None)
    if report is not None:
        return _from_report(_content(report), leaves)
    if _BOUNCERS.match(sender) and _BOUNCE_SUBJECT.search(headers.text("subject")):
        return _from_text(leaves)
    return None


def _from_report(content: bytes, leaves: list[Leaf]) -> Bounce | None:
    failed: list[str] = []
    delayed: list[str] = []
    status, code = "", None
    for block in re.split(rb"\r?\n\r?\n", content)[:200]:
        fields, _rest = split_headers(block + b"\n\n")
        action = fields.text("action").lower()
        recipient = fields.text("final-recipient") or fields.text("original-recipient")
        address = recipient.partition(";")[2].strip().strip("<>") or recipient
        if action == "failed":
            failed.append(address)
        elif action == "delayed":
            delayed.append(address)
        if action in ("failed", "delayed"):
            status = status or fields.text("status")[:20]
            diagnostic = fields.raw("diagnostic-code")
            code = code or _code(diagnostic)
    if not failed and not delayed:
        return None  # delivered or relayed: a receipt
    hard = bool(failed) and not status.startswith("4")
    return Bounce(
        "hard" if hard else "soft",
        tuple(failed),
        status,
        code,
        tuple(delayed),
        _original_id(leaves),
    )


def _from_text(leaves: list[Leaf]) -> Bounce:
    text = b"\n".join(
        _content(leaf)[:20_000] for leaf in leaves if leaf.content_type == "text/plain"
    )
    status = _STATUS.search(text)
    word = status[1].decode() if status else ""
    return Bounce(
        "soft" if word.startswith("4") else "hard",
        (),
        word,
        _code(text),
        (),
        _original_id(leaves),
    )


def _original_id(leaves: list[Leaf]) -> str:
    for leaf in leaves:
        if leaf.content_type in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
            fields, _rest = split_headers(_content(leaf))
            ids = ids_of(fields.raw("message-id"))
            return ids[0] if ids else ""
    return ""


def _code(text: bytes) -> int | None:
    found = _CODE.search(text)
    return int(found[1]) if found else None


def _content(leaf: Leaf) -> bytes:
    return undo(leaf.body[:200_000], leaf.headers.text("content-transfer-encoding"))


def is_report(headers: Headers) -> bool:
    """A report of any kind, receipts (RFC 8098) too."""
    return "report-type" in parameters(headers.raw("content-type"))

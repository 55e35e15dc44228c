"""Status codes (RFC 3463), reply codes (RFC 5321) and words: what a server's answer amounts to.

`hard` means that the address will never take mail; `soft` that this mail, or mail today, was not
taken. The first digit decides, 4 or 5, save where experience says otherwise: a full mailbox, a mail
that is too big, or one that looks like spam is refused with a 5 by nearly everybody, although
nothing is wrong with the address.
"""

import re
from typing import Literal

_STATUS = re.compile(r"(?<![\w.])([45]\.[0-7]\.\d{1,3})(?!\.?\d)")
_WRITTEN = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)")
_REPLY = r"(?<![\w.@])([45][0-7]\d)"
_REPLY_AND_STATUS = re.compile(_REPLY + r"[ \-]{1,3}[(\[]?#?[45]\.[0-7]\.\d")
_REPLY_ALONE = re.compile(
    _REPLY
    + r"(?!\.?\d|[@%\w]|[ \-]?(?:[kmg]i?b|bytes|messages|recipients|seconds|minutes|hours|days)\b)",
    re.I,
)
_TEMPORARY = ((421, 422), (430, 432), (441, 442), (446, 447), (450, 459), (471, 472))
_FINAL = ((500, 505), (510, 517), (520, 525), (530, 538), (540, 559), (569, 574), (577, 577))
_REPLIES = frozenset(
    code for first, last in (*_TEMPORARY, *_FINAL) for code in range(first, last + 1)
)

# Full mailboxes come first: some servers say "user unknown" of nobody but them.
FULL = (
    "quota",
    "mailbox full",
    "mailbox is full",
    "full mailbox",
    "mailbox size limit",
    "storage allocation",
    "over the limit",
    "not enough space",
    "insufficient disk space",
    "insufficient storage",
    "no space left",
    "not enough storage",
    "does not have enough space",
    "disk space limit",
    "mailfolder is full",
    "too many messages on the server",
    "zuviele mails auf dem server",
    "exhausted allowed storage",
    "storage full",
    "storage space exceeded",
    "number of messages in recipient's mailbox exceeded",
    "mailbox exceeds allowed size",
    "mailbox for this user is full",
    "would exceed maximum allowed storage",
    "speicherplatz",
    "postfach ist voll",
    "postfach voll",
    "boîte pleine",
    "boite du destinataire pleine",
    "boîte de réception est pleine",
    "buzón está lleno",
    "buzon esta lleno",
    "casella piena",
    "casella di posta piena",
    "caixa de correio cheia",
    "caixa postal cheia",
    "mailbox vol",
    "skrzynka jest pełna",
    "ящик переполнен",
    "メールボックスがいっぱい",
    "容量不足",
    "邮箱已满",
)
# An address that is not there, a domain that is not, or a server that is not the domain's.
GONE = (
    "user unknown",
    "unknown user",
    "unknown recipient",
    "recipient unknown",
    "unknown local part",
    "no such user",
    "no such mailbox",
    "no such recipient",
    "no such person",
    "no such address",
    "no such domain",
    "no such host",
    "no mailbox here",
    "mailbox not found",
    "mailbox does not exist",
    "user not found",
    "does not exist",
    "doesn't exist",
    "unknown address",
    "address unknown",
    "invalid recipient",
    "invalid mailbox",
    "invalid address",
    "not a valid mailbox",
    "not a valid user",
    "recipnotfound",
    "recipientnotfound",
    "recipient not found",
    "address couldn't be found",
    "address could not be found",
    "wasn't found at",
    "not listed in",
    "relaying denied",
    "relay denied",
    "relay access denied",
    "relay not permitted",
    "relaying not allowed",
    "unable to relay",
    "not allowed to relay",
    "allowed rcpthosts",
    "host unknown",
    "unknown host",
    "host or domain name not found",
    "unrouteable address",
    "unroutable address",
    "couldn't find any host",
    "nonexistentdomain",
    "domain not found",
    "account has been disabled",
    "account is disabled",
    "account disabled",
    "user invalid",
    "user not known",
    "not a known user",
    "unknown account",
    "addressee unknown",
    "no longer on server",
    "no longer valid",
    "address rejected: access denied",
    "nie istnieje",
    "inesistente",
    "sconosciuto",
    "unbekannter empfänger",
    "empfänger unbekannt",
    "utilisateur inconnu",
    "usuario desconocido",
    "no existe",
    "utente sconosciuto",
    "usuário desconhecido",
    "onbekende gebruiker",
    "宛先不明",
    "用户不存在",
)
# This mail, or mail from us, or mail just now.
NOT_THIS_MAIL = (
    "too large",
    "too big",
    "size limit",
    "message size exceeds",
    "size exceeds",
    "exceeds size",
    "exceeded maximum",
    "recipsizelimit",
    "sendersizelimit",
    "message length exceeds",
    "taille limite",
    "spam",
    "unsolicited",
    "bulk mail",
    "bulk email",
    "blacklist",
    "black list",
    "blocklist",
    "block list",
    "blocked using",
    "blocked by",
    "is blocked",
    "dnsbl",
    "rbl",
    "reputation",
    "virus",
    "infected",
    "malware",
    "phish",
    "banned",
    "content rejected",
    "content filter",
    "message content",
    "prohibited attachment",
    "illegal attachment",
    "spf check",
    "spf validation",
    "sender policy framework",
    "dmarc",
    "dkim",
    "reverse dns",
    "ptr record",
    "unauthenticated email",
    "rate limit",
    "rate limited",
    "too many connections",
    "too many messages",
    "too many recipients",
    "throttl",
    "greylist",
    "graylist",
    "try again later",
    "try later",
    "temporar",
    "timed out",
    "timeout exceeded",
    "time exceeded",
    "expired",
    "connection refused",
    "connection reset",
    "could not be delivered for",
    "in the queue too long",
    "in the queue for too long",
    "retry time not reached",
    "giving up after",
    "no route to host",
    "host lookup did not complete",
    "host unreachable",
    "network is unreachable",
    "server did not respond",
    "did not respond",
    "host not reachable",
    "wasn't able to establish an smtp connection",
    "couldn't connect",
    "could not connect",
)
# 5.2.2 full, 5.2.3 and 5.3.4 too big, 5.3.1 the system is full, 5.4.5 congestion, 5.4.7 expired,
# 5.6.x the content, 5.7.x refused by some policy: the address is there.
_SOFT_STATUS = re.compile(r"5\.(?:2\.[23]|3\.[14]|4\.[57]|[67]\.\d+)")
_SOFT_REPLIES = frozenset({552})  # "exceeded storage allocation", of the mailbox or by the mail


def status_in(text: str) -> str:
    """The first status that says something; one that ends in .0.0 only if there is no other."""
    found = _STATUS.findall(text)
    return next((one for one in found if not is_vague(one)), found[0] if found else "")


def written_status(field: str) -> str:
    """Of a report's own field, which may hold success as well."""
    found = _WRITTEN.search(field)
    return found[1] if found else ""


def is_vague(status: str) -> bool:
    return not status or status.endswith(".0.0")


def better_status(written: str, found: str, code: int | None) -> str:
    """The report's own field or what the other server said, whichever says more."""
    if not written or not found or written == found:
        return written or found
    if code and written[0] != found[0]:
        return written if written[0] == str(code)[0] else found
    if is_vague(found) or (".0" in found and not is_vague(written)):
        return written
    # What servers write down when they do not know: any expiry, any trouble, any wrong address.
    is_general = ".0" in written or written in ("4.4.7", "5.1.1") or written.startswith("5.3.")
    return found if is_general else written


def code_in(text: str) -> int | None:
    """The reply code: beside a status, else the first number that is one."""
    if found := _REPLY_AND_STATUS.search(text):
        return int(found[1])
    codes = (int(one[1]) for one in _REPLY_ALONE.finditer(text))
    return next((code for code in codes if code in _REPLIES), None)


def kind_of(status: str, code: int | None, words: str) -> Literal["hard", "soft"]:
    if (status or str(code or ""))[:1] == "4":
        return "soft"
    said = " ".join(words.lower().split())
    if any(phrase in said for phrase in FULL):
        return "soft"
    if status.startswith("5.1.") or any(phrase in said for phrase in GONE):
        return "hard"
    if _SOFT_STATUS.fullmatch(status) or (not status and code in _SOFT_REPLIES):
        return "soft"
    return "soft" if any(phrase in said for phrase in NOT_THIS_MAIL) else "hard"

"""Which conversation a mail belongs to (SPEC 2.2), and how our own mails can be recognised."""

import hashlib
import hmac
import re
import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.translation import gettext as _

from apps.channels.models import Mailbox
from apps.channels.parsed import ParsedEmail
from apps.tickets.models import Message, Participant, Thread

MAX_IDS = 40  # of a References list: the newest and the oldest ones decide

_TOKEN = re.compile(r"^(T[0-9A-HJKMNP-TV-Z]{12})\.([0-9a-f]{16})\.([0-9a-f]{32})@", re.ASCII)
_PREFIXES = re.compile(
    r"^\s*((re|aw|antw|sv|vs|ref|rif|r|odp|ynt|res|fwd?|wg|tr|rv|enc|fs|vl|i|pd|doorst)"
    r"\s*(\[\d+\]|\(\d+\))?\s*[:：]\s*)+",
    re.IGNORECASE,
)


def new_message_id(thread: Thread, domain: str) -> str:
    """Bears the thread's key, sealed: whoever answers it proves to have had our mail."""
    nonce = secrets.token_hex(8)
    return f"{thread.key}.{nonce}.{_seal(thread.key, nonce)}@{domain}"


def thread_key_of(message_id: str) -> str | None:
    """The thread's key if the id is one of ours, untouched."""
    match = _TOKEN.match(message_id)
    if match and hmac.compare_digest(match[3], _seal(match[1], match[2])):
        return match[1]
    return None


def hash_of(message_id: str) -> str:
    """Finds an id of any length by a short index; empty for a missing id."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:32] if message_id else ""


def base_subject(subject: str) -> str:
    """Without `Re:`, `Fwd:` and what mail programs of other countries write instead."""
    return _PREFIXES.sub("", subject).strip()


def open_thread(subject: str, mailbox: Mailbox, participants: Iterable[str]) -> Thread:
    """A new conversation; call it inside a transaction."""
    thread = Thread.objects.create(subject=base_subject(subject))
    thread.mailboxes.add(mailbox)
    add_participants(thread, participants)
    return thread


def add_participants(thread: Thread, addresses: Iterable[str]) -> None:
    known = {address.lower() for address in addresses if address}
    Participant.objects.bulk_create(
        [Participant(thread=thread, address=address) for address in sorted(known)],
        ignore_conflicts=True,
    )


@dataclass(slots=True)
class Conversation:
    """A thread as far as threading needs it; new ones are not stored yet."""

    thread: Thread
    mailbox_ids: set[int] = field(default_factory=set)
    participants: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mail belongs, and why in one sentence."""

    conversation: Conversation
    because: str
    verified: bool = True  # False: joined by our token, but the sender is a stranger
    new: bool = False


class Evidence:
    """What is known of the ids that a batch of mails names, read in four queries."""

    def __init__(self, mails: Sequence[ParsedEmail]) -> None:
        ids = {one for mail in mails for one in ids_of(mail)}
        keys = {key for key in map(thread_key_of, ids) if key}
        self._by_hash: defaultdict[str, list[Conversation]] = defaultdict(list)
        self._by_key: dict[str, Conversation] = {}
        self._load(keys, {hash_of(one) for one in ids})

    def _load(self, keys: set[str], hashes: set[str]) -> None:
        stored = Message.objects.filter(message_id_hash__in=hashes)
        pairs = list(stored.order_by("id").values_list("message_id_hash", "thread_id"))
        by_id = Thread.objects.filter(pk__in={thread for _hash, thread in pairs})
        threads = by_id | Thread.objects.filter(key__in=keys)
        known = {thread.pk: Conversation(thread) for thread in threads}
        for thread_id, address in Participant.objects.filter(thread__in=known).values_list(
            "thread_id", "address"
        ):
            known[thread_id].participants.add(address)
        for link in Thread.mailboxes.through.objects.filter(thread__in=known):
            known[link.thread_id].mailbox_ids.add(link.mailbox_id)
        for digest, thread_id in pairs:
            self._by_hash[digest].append(known[thread_id])
        self._by_key = {one.thread.key: one for one in known.values()}

    @property
    def conversations(self) -> list[Conversation]:
        return list(self._by_key.values())

    def remember(self, mail: ParsedEmail, conversation: Conversation) -> None:
        """A mail of this batch was placed: the next one may refer to it."""
        self._by_key[conversation.thread.key] = conversation
        if mail.message_id:
            self._by_hash[hash_of(mail.message_id)].append(conversation)

    def by_token(self, message_id: str) -> Conversation | None:
        key = thread_key_of(message_id)
        return self._by_key.get(key) if key else None

    def by_stored_id(self, message_id: str) -> list[Conversation]:
        """Newest first: a reused Message-ID may stand in several threads."""
        return list(reversed(self._by_hash.get(hash_of(message_id), [])))


def ids_of(mail: ParsedEmail) -> list[str]:
    """The ids that a mail refers to, the nearest first, capped."""
    far = list(reversed(mail.references))
    near = [mail.in_reply_to] if mail.in_reply_to else []
    reported = [mail.bounce.original_message_id if mail.bounce else "", mail.receipt_of]
    unique = dict.fromkeys(one for one in (*reported, *near, *far) if one)
    ids = list(unique)
    return ids if len(ids) <= MAX_IDS else ids[: MAX_IDS - 10] + ids[-10:]


def find_thread(mail: ParsedEmail, mailbox: Mailbox, evidence: Evidence) -> Place | None:
    """The thread that the mail joins, or None: then it opens one. Equal subjects never join."""
    sender = mail.from_.key if mail.from_ else ""
    for message_id in ids_of(mail):
        place = _by_our_token(message_id, sender, mail, mailbox, evidence)
        place = place or _by_stored_id(message_id, sender, mailbox, evidence)
        if place:
            return place
    return None


def _by_our_token(
    message_id: str, sender: str, mail: ParsedEmail, mailbox: Mailbox, evidence: Evidence
) -> Place | None:
    found = evidence.by_token(message_id)
    if found is None or mailbox.pk not in found.mailbox_ids:
        return None
    if mail.is_bounce or mail.is_receipt:
        return Place(found, _("It reports on the delivery of a mail of ours."))
    if sender in found.participants:
        return Place(found, _("It answers a mail of ours, and its sender takes part."))
    return Place(found, _("It answers a mail of ours; sender unverified."), verified=False)


def _by_stored_id(
    message_id: str, sender: str, mailbox: Mailbox, evidence: Evidence
) -> Place | None:
    for found in evidence.by_stored_id(message_id):
        if mailbox.pk in found.mailbox_ids and sender in found.participants:
            return Place(found, _("It refers to a mail that is here, and its sender takes part."))
    return None


def _seal(key: str, nonce: str) -> str:
    secret = hashlib.sha256(b"message-id:" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(secret, f"{key}.{nonce}".encode(), hashlib.sha256).hexdigest()[:32]

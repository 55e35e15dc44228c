"""What is known of the conversations that a batch of mails may belong to: read once, then asked.

A constant number of statements, whatever the batch: messages, waiting openers and agents in one,
threads, participants, mailboxes; sessions only where a subject names some, and threads that others
were merged into only where there are some.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db.models import (
    BigIntegerField,
    CharField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    Value,
    Window,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Lower, RowNumber

from apps.agents.models import Agent
from apps.channels.tagged import tag_of, tagged_in
from apps.tickets.models import (
    Message,
    MessageReference,
    Participant,
    Regrouping,
    SentId,
    Session,
    Thread,
)
from apps.tickets.reading import ReadMail
from apps.tickets.threading.references import ids_of
from apps.tickets.tokens import hash_of, session_ids_in, thread_key_of, thread_key_of_tag

FROM_AGENT = "agent-address"  # as a placement flags it
MOST_ROWS = 2000  # messages that one batch looks at: some programs reuse one id for all
MOST_CARRIED = 500  # mails of a conversation that goes on in an older one by itself

_STORED, _WAITING, _AGENT = "stored", "waiting", "agent"
_FIRST = 2**62  # in the order of messages
_Direction = Message.Direction


@dataclass(slots=True, eq=False)
class Conversation:
    """A thread as far as threading needs it; new ones are not stored yet."""

    thread: Thread
    mailbox_ids: set[int] = field(default_factory=set)
    participants: set[str] = field(default_factory=set)
    subject: str = ""  # of its newest mail
    size: int = 0  # stored mails
    stored_ids: set[int] = field(default_factory=set)  # its thread, and those that became one
    stored_people: frozenset[str] = frozenset()
    stored_boxes: frozenset[int] = frozenset()
    merged: "Conversation | None" = None

    @property
    def head(self) -> "Conversation":
        """Where it goes on."""
        one = self
        while one.merged is not None:
            one = one.merged
        return one

    @property
    def age(self) -> float:
        """The smaller, the older."""
        return self.thread.pk or float("inf")


@dataclass(frozen=True, slots=True)
class Opener:
    """A stored mail that refers to another one, and lies in its thread by no sign of its own."""

    conversation: Conversation
    sender: str
    mailbox_id: int | None
    from_agent: bool


# Of the first statement: part, hash, thread, message, direction or sender, mailbox, and the facts
# of a placement as text, and the how manieth of its id it is; of an agent the address stands in the
# place of the hash.
_Row = tuple[str, str, int, int, str, int | None, str, int]


class Evidence:
    """LOCK: nobody else joins, moves or merges these threads until the transaction ends."""

    def __init__(self, mails: Sequence[ReadMail], *, lock: bool = False) -> None:
        self._lock = lock
        self._by_hash: defaultdict[str, list[tuple[Conversation, bool]]] = defaultdict(list)
        self._by_key: dict[str, Conversation] = {}
        self._by_pk: dict[int, Conversation] = {}
        self._by_session: dict[str, Conversation] = {}
        self.waiting: defaultdict[str, list[Opener]] = defaultdict(list)
        self.merges: list[tuple[Thread, Thread]] = []
        self.gained: defaultdict[Conversation, set[str]] = defaultdict(set)
        self._load(mails)

    def _load(self, mails: Sequence[ReadMail]) -> None:
        ids = {one for mail in mails for one in ids_of(mail.parsed)}
        own = {mail.parsed.message_id for mail in mails if mail.parsed.message_id}
        people = {key for mail in mails for key in senders_of(mail)}
        rows = _rows({hash_of(one) for one in ids}, {hash_of(one) for one in own}, people)
        sessions = _sessions({one for mail in mails for one in session_ids_in(mail.parsed.subject)})
        keys = {key for key in map(thread_key_of, ids) if key}
        keys |= {key for mail in mails for key in keys_addressed(mail)}
        named = {row[2] for row in rows if row[0] != _AGENT} | set(sessions.values())
        self.know(Q(pk__in=named) | Q(key__in=keys) if named or keys else None)
        self._by_session = {name: self._by_pk[pk] for name, pk in sessions.items()}
        self.agents = frozenset(row[1] for row in rows if row[0] == _AGENT)
        self._sort([row for row in rows if row[0] != _AGENT])

    def _sort(self, rows: Sequence[_Row]) -> None:
        """The newest message is the last of its id."""
        for part, digest, thread, _pk, sender, mailbox, facts, _turn in reversed(rows):
            conversation = self._by_pk[thread]
            if part == _STORED:
                self._by_hash[digest].append((conversation, sender == _Direction.OUT))
            elif opener := _opener(conversation, sender, mailbox, facts):
                self.waiting[digest].append(opener)

    def know(self, which: Q | None) -> None:
        """Threads, with those that they were merged into; asked again, it reads only new ones."""
        found: list[Thread] = []
        while which is not None:
            found += (some := list(_threads(which, lock=self._lock)))
            here = {one.pk for one in found} | self._by_pk.keys()
            wanted = {one.merged_into_id for one in some if one.merged_into_id} - here
            which = Q(pk__in=wanted) if wanted else None
        fresh = {one.pk: one for one in found if one.pk not in self._by_pk}
        self._by_pk |= {
            pk: Conversation(
                one,
                subject=getattr(one, "newest", None) or one.subject,
                size=getattr(one, "size", None) or 0,
            )
            for pk, one in fresh.items()
        }
        for pk, one in fresh.items():
            self._enter(pk, one)
        self._fill(fresh)

    def _enter(self, pk: int, thread: Thread) -> None:
        conversation = self._by_pk[pk]
        conversation.stored_ids.add(pk)
        self._by_key[thread.key] = conversation
        if thread.merged_into_id:
            conversation.merged = self._by_pk[thread.merged_into_id]

    def _fill(self, fresh: Collection[int]) -> None:
        people = Participant.objects.filter(thread__in=fresh)
        for thread_id, address in people.values_list("thread_id", "address"):
            self._by_pk[thread_id].participants.add(address)
        boxes = Thread.mailboxes.through.objects.filter(thread__in=fresh)
        for thread_id, mailbox_id in boxes.values_list("thread_id", "mailbox_id"):
            self._by_pk[thread_id].mailbox_ids.add(mailbox_id)
        for one in map(self._by_pk.__getitem__, fresh):
            one.stored_people = frozenset(one.participants)
            one.stored_boxes = frozenset(one.mailbox_ids)

    # ---- what mails ask ---------------------------------------------------------------------

    def of_thread(self, pk: int) -> Conversation:
        return self._by_pk[pk].head

    def by_id(self, message_id: str) -> list[tuple[Conversation, bool]]:
        """With whether the mail is ours, then the newest first: a reused id may stand in several
        threads, and an id of ours on a mail that somebody forged. A mail of ours is found where it
        lies now, else by the key in its sealed id."""
        rows = [(one.head, ours) for one, ours in self._by_hash.get(hash_of(message_id), ())]
        key = thread_key_of(message_id)
        if key in self._by_key and not any(ours for _one, ours in rows):
            rows.append((self._by_key[key].head, True))
        rows.reverse()
        return sorted(rows, key=lambda row: not row[1])

    def by_key(self, key: str) -> Conversation | None:
        found = self._by_key.get(key)
        return found.head if found else None

    def by_session(self, public_id: str) -> Conversation | None:
        found = self._by_session.get(public_id)
        return found.head if found else None

    # ---- what mails add ---------------------------------------------------------------------

    def remember(self, mail: ReadMail, conversation: Conversation) -> None:
        """A mail of this batch was placed: the next one may refer to it."""
        self._by_key.setdefault(conversation.thread.key, conversation)
        conversation.subject = mail.parsed.subject or conversation.subject
        if mail.parsed.message_id:
            self._by_hash[hash_of(mail.parsed.message_id)].append((conversation, False))

    def join(self, conversation: Conversation, people: Collection[str]) -> None:
        """They take part now: somebody may have been turned away before."""
        if conversation.stored_ids and (new := set(people) - conversation.participants):
            self.gained[conversation] |= new
        conversation.participants |= set(people)

    def refused_before(self) -> list[tuple[Conversation, Opener]]:
        """Openers whose sender has been let in since somebody asked last, each with where it
        might go now. One statement if anybody was, and more only if there are some."""
        gained, self.gained = self.gained, defaultdict(set)
        if not gained:
            return []
        threads = {pk for one in gained for pk in one.head.stored_ids}
        rows = _refused(threads, set[str]().union(*gained.values()))
        self.know(Q(pk__in={row[1] for row in rows}) if rows else None)
        found = (
            (self.of_thread(target), _opener(self.of_thread(thread), sender, mailbox, facts))
            for target, thread, sender, mailbox, facts in rows
        )
        return [(target, opener) for target, opener in found if opener]

    def unite(self, one: Conversation, other: Conversation) -> bool:
        """The older thread goes on; answers whether it does: not with too much to carry."""
        survivor, loser = sorted((one.head, other.head), key=lambda each: each.age)
        if survivor is loser or loser.size > MOST_CARRIED:
            return False
        if loser.stored_ids:
            self.merges.append((loser.thread, survivor.thread))
        if survivor.stored_ids:
            either = survivor.participants ^ loser.participants
            self.gained[survivor] |= either | self.gained.pop(loser, set())
        survivor.mailbox_ids |= loser.mailbox_ids
        survivor.participants |= loser.participants
        survivor.stored_ids |= loser.stored_ids
        survivor.size += loser.size
        loser.merged = survivor
        return True


def keys_addressed(mail: ReadMail) -> list[str]:
    """Threads whose reply address the mail went to."""
    keys = (thread_key_of_tag(tag_of(one)) for one in tagged_in(mail.parsed))
    return [key for key in keys if key]


def senders_of(mail: ReadMail) -> set[str]:
    """As From says, and whom the mail is from for us; small letters."""
    named = {mail.sender, mail.parsed.from_.key if mail.parsed.from_ else ""}
    return named - {""}


def _opener(
    conversation: Conversation, sender: str, mailbox: int | None, facts: str
) -> Opener | None:
    placement = json.loads(facts)
    if any(one["used"] for one in placement.get("signals", ())):
        return None
    return Opener(conversation, sender, mailbox, FROM_AGENT in placement.get("flags", ()))


# ---- statements -------------------------------------------------------------------------------


def _rows(hashes: Collection[str], own: Collection[str], people: Collection[str]) -> list[_Row]:
    """The messages that HASHES name, by their own id or a provider's, the openers that wait for a
    mail with one of OWN, and those of PEOPLE who are agents; the newest first.

    Of too many, the newest of each id in turn, and of those that wait the newest of each sender:
    a flood of mails with one id takes no other mail its place.
    """
    stored = Message.objects.filter(message_id_hash__in=hashes).annotate(
        part=_text(_STORED), number=_number(F("pk")), turn=_turn("pk", "message_id_hash")
    )
    waiting = (
        _openers()
        .filter(hash__in=own)
        .annotate(
            part=_text(_WAITING),
            number=_number(F("message")),
            turn=_turn("message", "hash", "sender"),
        )
    )
    working = Agent.objects.working().annotate(address=Lower("user__email"))
    agents = working.filter(address__in=people).annotate(
        part=_text(_AGENT), number=_number(Value(_FIRST)), turn=Value(0)
    )
    columns = ("thread", "number", "direction", "mailbox", _text(""))
    found = stored.values_list("part", "message_id_hash", *columns, "turn").union(
        _renamed(hashes).values_list(
            *("part", "hash", "message__thread", "number", "message__direction"),
            *("message__mailbox", _text(""), "turn"),
        ),
        waiting.values_list(
            *("part", "hash", "message__thread", "number"),
            *("sender", "message__mailbox", "facts", "turn"),
        ),
        agents.values_list(
            *("part", "address", F("pk"), "number", _text(""), F("pk"), _text(""), "turn")
        ),
        all=True,
    )
    some = found.order_by("turn", "-number")[:MOST_ROWS]
    return sorted(some, key=lambda row: -row[3])


def _renamed(hashes: Collection[str]) -> QuerySet[SentId]:
    """Mails of ours by the ids that a provider gave them."""
    return SentId.objects.filter(hash__in=hashes).annotate(
        part=_text(_STORED), number=_number(F("message")), turn=_turn("message", "hash")
    )


def _turn(newest: str, *of: str) -> Combinable:
    return Window(RowNumber(), partition_by=[F(one) for one in of], order_by=F(newest).desc())


def _number(of: Combinable) -> Combinable:
    return ExpressionWrapper(of, output_field=BigIntegerField())


def _openers() -> QuerySet[MessageReference]:
    """Mails that may have joined nothing; `_opener` sees whether one did. Whom a person has put
    there, or parted from another thread again, nothing moves by itself. Old mails have no rule:
    of them, the first ones of their threads."""
    older = Message.objects.filter(thread=OuterRef("message__thread"), pk__lt=OuterRef("message"))
    left = Q(from_thread=OuterRef("message__thread"))
    joined = Q(
        to_thread=OuterRef("message__thread"),
        kind__in=[Regrouping.Kind.MERGE, Regrouping.Kind.LATE_PARENT],
    )
    undone = Regrouping.objects.filter(left | joined, undone_at__isnull=False)
    opened = Q(message__placement__rule__startswith="opens")
    late = Q(message__placement__rule__in=["late-parent", "merged"])
    unruled = Q(message__placement__rule__isnull=True) & ~Exists(older)
    references = MessageReference.objects.annotate(
        sender=Lower("message__from_email"), facts=Cast("message__placement", TextField())
    )
    return references.filter(
        opened | late | unruled, ~Exists(undone), message__direction=_Direction.IN
    )


def _refused(
    threads: Collection[int], people: Collection[str]
) -> list[tuple[int, int, str, int | None, str]]:
    """Openers by PEOPLE that refer to a mail of THREADS: the thread of that mail, then their
    thread, sender, mailbox and facts."""
    there = Message.objects.filter(thread__in=threads).exclude(message_id_hash="")
    target = there.filter(message_id_hash=OuterRef("hash")).order_by("-pk").values("thread")[:1]
    found = _openers().filter(hash__in=there.values("message_id_hash"), sender__in=people)
    apart = found.exclude(message__thread__in=threads).annotate(target=Subquery(target))
    rows = apart.order_by("message").values_list(
        "target", "message__thread", "sender", "message__mailbox", "facts"
    )
    return list(rows[:MOST_ROWS])


def _threads(which: Q, *, lock: bool) -> QuerySet[Thread]:
    """Locked in one order; a person who writes an answer meanwhile does not wait."""
    newest = Message.objects.filter(thread=OuterRef("pk")).order_by("-pk").values("subject")[:1]
    sessions = Session.objects.filter(thread=OuterRef("pk")).order_by().values("thread")
    size = sessions.annotate(number=Sum("message_count")).values("number")
    known = Thread.objects.filter(which).order_by("pk")
    threads = known.annotate(newest=Subquery(newest), size=Subquery(size))
    return threads.select_for_update(of=("self",), no_key=True) if lock else threads


def _sessions(public_ids: Collection[str]) -> dict[str, int]:
    """Their threads; no statement where no subject names a session."""
    named = Session.objects.filter(public_id__in=public_ids)
    return dict(named.values_list("public_id", "thread")) if public_ids else {}


def _text(value: str) -> Value:
    return Value(value, output_field=CharField())

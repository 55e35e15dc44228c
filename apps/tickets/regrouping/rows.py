"""The rows of one regrouping: what was before, and everything that follows from the change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.announce import announce
from apps.core.errors import Conflict
from apps.core.models import User
from apps.tickets import sessions
from apps.tickets.models import Message, Regrouping, Session, SessionEvent, Thread
from apps.tickets.regrouping import carrying
from apps.tickets.regrouping import comments as moved_comments
from apps.tickets.regrouping.standing import standing_of
from apps.tickets.regrouping.words import ABSORBED, AWAY, HERE, JOINED, sentence
from apps.tickets.sessions import Left
from apps.tickets.signals import room_made
from apps.tickets.subjects import base_subject
from apps.tickets.threading.joining import NEW_TOPIC

Status = Session.Status
# What Message.placement calls it.
RULES = {Regrouping.Kind.MOVE: "moved", Regrouping.Kind.SPLIT: "split"}
MERGED = "merged"


def locked_messages(which: QuerySet[Message]) -> list[Message]:
    """As they are now, oldest first: whoever delivers or moves one of them waits, or we do."""
    list(which.select_for_update().order_by("pk").values_list("pk", flat=True))
    known = which.select_related("thread", "session", "mailbox").defer("html")  # nobody needs it
    return list(known.order_by("pk"))


def locked_sessions(*threads: Thread) -> list[Session]:
    rows = Session.objects.filter(thread__in=threads).select_related(
        "thread", "queue", "agent__user"
    )
    return list(rows.select_for_update(of=("self",)).order_by("pk"))


def changed_since() -> Conflict:
    sentence = _("Somebody moved these mails meanwhile; look at the conversation again.")
    return Conflict("changed-since", sentence)


@dataclass(slots=True)
class Rows:
    """KNOWN: the sessions of both threads as they were before anything changed."""

    row: Regrouping
    moved: Sequence[Message]
    known: Sequence[Session]
    lost: Counter[int] = field(default_factory=Counter)  # mails, by the session that they left
    whole: Sequence[Session] = ()

    def __post_init__(self) -> None:
        self.row.before = {
            "messages": {str(one.pk): [one.session_id, one.placement] for one in self.moved},
            "sessions": {str(one.pk): standing_of(one) for one in self.known},
        }
        self.row.save()

    def carry(self, home: Mapping[int, Session], leaving: Iterable[Session] = ()) -> None:
        """LEAVING: sessions that have no work of their own from here on, with mails or without."""
        going = [one for one in self.moved if one.pk in home]
        self.lost = Counter(one.session_id for one in going)
        self.lost.update({one.pk: 0 for one in leaving})
        carrying.carry(going, home)

    def carry_whole(self, whole: Sequence[Session]) -> None:
        self.whole = whole
        carrying.carry_whole(whole, self.row.to_thread)

    def settle(self, landing: Session) -> Regrouping:
        """LANDING: where the reader finds the mails now."""
        self._place_anew()
        self._follow(landing)
        emptied = self._end_source()
        self._close_emptied(landing)
        self._remember(landing, emptied)
        pks = [one.pk for one in self.moved]
        landing = Session.objects.select_related("queue", "thread").get(pk=landing.pk)
        moved_comments.tell(pks, self.row.from_thread, landing)
        self._say(landing)
        return self.row

    def _place_anew(self) -> None:
        """The signals stay: a person, or a late mail, has decided otherwise."""
        rule = RULES.get(Regrouping.Kind(self.row.kind), MERGED)
        subject = self.row.to_thread.subject
        placements = {
            one.pk: placed_by(one, rule, self.row.pk, subject)
            for one in self.moved
            if one.direction == Message.Direction.IN
        }
        carrying.place_anew(self.moved, placements)

    def _follow(self, landing: Session) -> None:
        """People, mailboxes and drafts."""
        source, target = self.row.from_thread, self.row.to_thread
        opener = self.moved[0] if self.row.kind == Regrouping.Kind.SPLIT else None
        people = carrying.people_of(self.moved, opener=opener)
        boxes = {one.mailbox_id for one in self.moved if one.mailbox_id}
        joining = (people | _people_of(source)) if self._is_merge else people
        drafts = Q(answers__in=self.moved, sent_as=None) | Q(sent_as__in=self.moved)
        gone = [pk for pk, left in self._left_in().items() if not left]
        self.row.before |= {
            "people": carrying.join_people(target, joining),
            "boxes": carrying.join_boxes(
                target, boxes | _boxes_of(source) if self._is_merge or not boxes else boxes
            ),
            "gone": carrying.leave_people(source, carrying.named_in(self.moved)),
            "drafts": carrying.carry_drafts(drafts | Q(session__in=gone, sent_as=None), landing),
        }

    @property
    def _is_merge(self) -> bool:
        return RULES.get(Regrouping.Kind(self.row.kind), MERGED) == MERGED

    def _left_in(self) -> dict[int, int]:
        """How many mails the sessions have that lost some."""
        counts = Session.objects.filter(pk__in=self.lost)
        return dict(counts.values_list("pk", "message_count"))

    def _end_source(self) -> bool:
        """Answers to a thread without mails go where its mails are."""
        source, target = self.row.from_thread, self.row.to_thread
        if Message.objects.filter(thread=source).exists():
            return False
        ended = Thread.objects.filter(Q(pk=source.pk) | Q(merged_into=source))
        self.row.before["merged"] = list(
            Thread.objects.filter(merged_into=source).values_list("pk", flat=True)
        )
        ended.update(merged_into=target)
        source.merged_into = target
        return True

    def _close_emptied(self, landing: Session) -> None:
        """It is never deleted: links to it lead on."""
        empty = {pk for pk, left in self._left_in().items() if not left} - {landing.pk}
        for session in self.known:
            if session.pk in empty:
                facts = self._facts(AWAY, landing, self.lost[session.pk])
                close_emptied(session, facts, by=self.row.by)
        self._note(landing, {pk: n for pk, n in self.lost.items() if pk not in empty})

    def _note(self, landing: Session, lost: Mapping[int, int]) -> None:
        """On both sides, what came and what went."""
        origin = self._origin()
        events = [self._event(pk, self._facts(AWAY, landing, n)) for pk, n in lost.items()]
        if self.lost and origin is not None:
            facts = self._facts(HERE, origin, sum(self.lost.values()))
            events.append(self._event(landing.pk, facts))
        elif origin is not None:
            events += self._joined(origin)
        SessionEvent.objects.bulk_create(events)

    def _event(self, session_id: int, facts: dict[str, Any]) -> SessionEvent:
        return event(session_id, facts, by=self.row.by)

    def _joined(self, origin: Session) -> list[SessionEvent]:
        """Nothing left its session; both halves hear of the other."""
        came = {one.pk for one in self.whole}
        there = next((one for one in reversed(self.known) if one.pk not in came), None)
        if there is None:
            return []
        return [
            self._event(origin.pk, self._facts(JOINED, there, 0)),
            self._event(there.pk, self._facts(ABSORBED, origin, 0)),
        ]

    def _origin(self) -> Session | None:
        """The newest session that gave its mails, or came along whole."""
        giving = set(self.lost) or {one.pk for one in self.whole}
        return next((one for one in reversed(self.known) if one.pk in giving), None)

    def _facts(self, side: str, other: Session, count: int) -> dict[str, Any]:
        return {
            "regrouping": self.row.pk,
            "kind": self.row.kind,
            "side": side,
            "session": other.public_id,
            "count": count,
            "why": self.row.why,
        }

    def _remember(self, landing: Session, emptied: bool) -> None:
        now = Session.objects.filter(pk__in=[one.pk for one in (*self.known, landing)])
        after = {str(one.pk): standing_of(one) for one in now}
        self.row.before |= {"after": after, "landed": landing.pk, "emptied": emptied}
        self.row.save(update_fields=["before"])

    def _say(self, landing: Session) -> None:
        say_regrouped(self.known, landing)
        left = [one for one in self.known if one.pk in self.lost]
        moved_comments.show([*left[-1:], landing])


def _people_of(thread: Thread) -> set[str]:
    return set(thread.participants.values_list("address", flat=True))


def _boxes_of(thread: Thread) -> set[int]:
    return set(thread.mailboxes.values_list("pk", flat=True))


def placed_by(message: Message, rule: str, regrouping: int, subject: str) -> dict[str, Any]:
    """Its facts now; a suggestion is answered, and a subject of its own may be the thread's."""
    facts = {name: value for name, value in message.placement.items() if name != "possible"}
    flags = list(facts.get("flags", ()))
    if NEW_TOPIC in flags and base_subject(message.subject) == subject:
        flags.remove(NEW_TOPIC)
    return facts | {"rule": rule, "confidence": 1.0, "flags": flags, "moved": regrouping}


def event(session_id: int, facts: dict[str, Any], *, by: User | None) -> SessionEvent:
    return SessionEvent(
        session_id=session_id,
        kind=SessionEvent.Kind.REGROUPED,
        by=by,
        why=sentence(facts),
        facts=facts,
    )


def close_emptied(session: Session, facts: dict[str, Any], *, by: User | None) -> None:
    now = Session.objects.get(pk=session.pk)
    closing = facts | {"closed": True}
    changes = {"status": Status.CLOSED, "finished_at": now.finished_at or timezone.now()}
    sessions.regroup(now, changes, by=by, why=sentence(closing), facts=closing)


def say_regrouped(known: Collection[Session], landing: Session) -> None:
    """KNOWN as they were: whoever saw them there hears of it. Somebody may take up the new work."""
    left = [Left(one.pk, one.queue_id, one.agent_id) for one in known]
    sessions.say_changed([*known, landing], left)
    if landing.agent_id is None and landing.status in Session.OPEN:
        announce(room_made, queue_id=landing.queue_id)

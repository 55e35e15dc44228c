"""A regrouping is undone: as it was before, as far as nobody has built on it.

What came in meanwhile stays where it is; a session that somebody moved on stays as it stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.errors import Conflict
from apps.core.models import User
from apps.tickets import sessions, threads
from apps.tickets.models import Draft, Message, Regrouping, Session, SessionEvent, Thread
from apps.tickets.regrouping import carrying
from apps.tickets.regrouping import comments as moved_comments
from apps.tickets.regrouping.rows import (
    close_emptied,
    event,
    locked_messages,
    locked_sessions,
    say_regrouped,
)
from apps.tickets.regrouping.standing import changes_back, is_as
from apps.tickets.regrouping.words import ABSORBED, AWAY, HERE, JOINED


def undo(regrouping: Regrouping, *, by: User) -> Session:
    """Answers the session that has its mails again. Raises Conflict `changed-since`."""
    rows = Regrouping.objects.select_for_update(of=("self",))
    row = rows.select_related("from_thread", "to_thread").get(pk=regrouping.pk)
    threads.lock([row.from_thread_id, row.to_thread_id])
    mails = locked_messages(Message.objects.filter(pk__in=list(row.before["messages"])))
    known = locked_sessions(row.from_thread, row.to_thread)
    if why := trouble_of(row, mails):
        raise Conflict("changed-since", why)
    return _Undoing(row, mails, known, by).run()


def trouble_of(row: Regrouping, mails: Sequence[Message]) -> str:
    """Why it cannot be as it was; empty where it can. MAILS are those that it moved."""
    if row.undone_at is not None:
        return _("This was undone already.")
    moved_again = any(one.thread_id != row.to_thread_id for one in mails)
    if moved_again or _mails_of(row) & _later([row]).get(row.pk, set()):
        return _("These mails were moved again meanwhile; undo that first.")
    source = Thread.objects.get(pk=row.from_thread_id)
    if source.merged_into_id not in (None, row.to_thread_id):
        return _("Their old conversation has become part of another one meanwhile.")
    return ""


def undoable(rows: Sequence[Regrouping]) -> set[int]:
    """Those that `undo` would do now, by their keys: no number of them costs more queries. ROWS
    come with their old threads."""
    mails = {pk for row in rows for pk in _mails_of(row)}
    places = {
        str(pk): thread
        for pk, thread in Message.objects.filter(pk__in=mails).values_list("pk", "thread")
    }
    later = _later(rows)
    return {row.pk for row in rows if _is_undoable(row, places, later.get(row.pk, set()))}


def _is_undoable(row: Regrouping, places: Mapping[str, int], later: set[str]) -> bool:
    still_there = all(places.get(pk, row.to_thread_id) == row.to_thread_id for pk in _mails_of(row))
    is_apart = row.from_thread.merged_into_id in (None, row.to_thread_id)
    return row.undone_at is None and still_there and is_apart and not _mails_of(row) & later


def _later(rows: Sequence[Regrouping]) -> dict[int, set[str]]:
    """By row, the mails that were moved out of its new thread after it."""
    threads = {row.to_thread_id for row in rows}
    newer = Regrouping.objects.filter(from_thread__in=threads, undone_at__isnull=True)
    told = list(newer.values_list("pk", "from_thread", "before"))
    return {
        row.pk: {
            mail
            for pk, thread, before in told
            if pk > row.pk and thread == row.to_thread_id
            for mail in before["messages"]
        }
        for row in rows
    }


def _mails_of(row: Regrouping) -> set[str]:
    return set(row.before["messages"])


class _Undoing:
    def __init__(
        self, row: Regrouping, mails: Sequence[Message], known: Sequence[Session], by: User
    ) -> None:
        self.row, self.mails, self.known, self.by = row, mails, known, by
        self.before: dict[str, Any] = row.before
        self.sessions = {one.pk: one for one in known}
        self.lost = Counter[int]()
        self.came_since: list[Message] = []

    def run(self) -> Session:
        self._finish_row()
        self._revive_thread()
        self._carry_back()
        self._part()
        back = self._origin()
        self._restore(back)
        back = Session.objects.select_related("queue", "thread").get(pk=back.pk)
        pks = [one.pk for one in (*self.mails, *self.came_since)]
        moved_comments.tell(pks, self.row.to_thread, back)
        moved_comments.show([back, self._landed()])
        say_regrouped(self.known, back)
        return back

    def _finish_row(self) -> None:
        self.row.undone_at, self.row.undone_by = timezone.now(), self.by
        self.row.save(update_fields=["undone_at", "undone_by"])

    def _revive_thread(self) -> None:
        """It has mails again, also where a later step had taken its last ones away."""
        source, target = self.row.from_thread, self.row.to_thread
        Thread.objects.filter(pk=source.pk).update(merged_into=None)
        source.merged_into = None
        followers = self.before.get("merged", ())
        mine = Thread.objects.filter(pk__in=followers, merged_into=target)
        mine.update(merged_into=source)

    def _carry_back(self) -> None:
        """Sessions that came along whole go back with what has come in them since."""
        sides = self.before["sessions"].items()
        whole = [
            self.sessions[int(pk)]
            for pk, standing in sides
            if int(pk) in self.sessions
            and standing["thread_id"] == self.row.from_thread_id
            and self.sessions[int(pk)].thread_id == self.row.to_thread_id
        ]
        carrying.carry_whole(whole, self.row.from_thread)
        self.came_since = self._came_since(whole)
        home = self._homes()
        going = [one for one in self.mails if one.session_id != home[one.pk].pk]
        self.lost = Counter(one.session_id for one in going)
        carrying.carry(going, {one.pk: home[one.pk] for one in going})
        placements = {one.pk: self.before["messages"][str(one.pk)][1] for one in self.mails}
        carrying.place_anew(self.mails, placements)

    def _came_since(self, whole: Sequence[Session]) -> list[Message]:
        """They go back with their session, although they never were in that thread."""
        since = Message.objects.filter(session__in=whole).exclude(
            pk__in=[one.pk for one in self.mails]
        )
        found = list(since.select_related("mailbox"))
        carrying.join_people(self.row.from_thread, carrying.people_of(found))
        return found

    def _homes(self) -> dict[int, Session]:
        told = self.before["messages"]
        return {one.pk: self.sessions[told[str(one.pk)][0]] for one in self.mails}

    def _part(self) -> None:
        """People, mailboxes, drafts: those that came along and are needed no more."""
        source, target = self.row.from_thread, self.row.to_thread
        carrying.leave_people(target, self.before["people"])
        carrying.leave_boxes(target, self.before["boxes"])
        threads.add_participants(source, self.before["gone"])
        unsent_or_back = Q(sent_as=None) | Q(sent_as__in=self.mails)
        still = Draft.objects.filter(unsent_or_back, session=self.before["landed"])
        for session in (*self._sources(), None):  # None: its mail had begun the conversation
            home = session.pk if session else None
            mine = [int(pk) for pk, was in self.before["drafts"].items() if was == home]
            if mine:
                carrying.carry_drafts(Q(pk__in=still.filter(pk__in=mine)), session)

    def _sources(self) -> list[Session]:
        """Those whose mails or who themselves are back."""
        return [one for one in self.known if one.thread_id == self.row.from_thread_id]

    def _origin(self) -> Session:
        homes = {told[0] for told in self.before["messages"].values()}
        back = [one for one in self._sources() if one.pk in homes]
        return (back or self._sources() or list(self.known))[-1]

    def _restore(self, back: Session) -> None:
        """States and counts as they were; where somebody has moved on, a row only."""
        landed = self._landed()
        now = Session.objects.filter(pk__in=self.sessions).order_by("pk")
        notes = []
        for session in now:
            facts = self._facts(session, back, landed)
            if self._is_emptied(session):
                close_emptied(session, facts, by=self.by)
            elif self._is_to_be_put_back(session):
                self._put_back(session, facts)
            elif session.pk in (back.pk, landed.pk):
                notes.append(event(session.pk, facts, by=self.by))
        SessionEvent.objects.bulk_create(notes)
        self._end_target()

    def _is_emptied(self, session: Session) -> bool:
        """One that was made for these mails, or came to others meanwhile."""
        before = self.before["sessions"].get(str(session.pk))
        was_empty = before is not None and not before["message_count"]
        return session.pk in self.lost and not session.message_count and not was_empty

    def _is_to_be_put_back(self, session: Session) -> bool:
        """It changed with the regrouping and has not been touched since."""
        before = self.before["sessions"].get(str(session.pk))
        after = self.before["after"].get(str(session.pk))
        if before is None or after is None or is_as(session, before) or not is_as(session, after):
            return False
        return bool(session.message_count == before["message_count"])

    def _put_back(self, session: Session, facts: dict[str, Any]) -> None:
        before = self.before["sessions"][str(session.pk)]
        sessions.regroup(session, changes_back(before), by=self.by, why="", facts=facts)
        Session.objects.filter(pk=session.pk).update(why=before["why"])

    def _end_target(self) -> None:
        """What was split off is empty: answers to it go where its mails are."""
        target = self.row.to_thread
        if not Message.objects.filter(thread=target).exists():
            ended = Q(pk=target.pk) | Q(merged_into=target)
            Thread.objects.filter(ended).update(merged_into=self.row.from_thread)

    def _landed(self) -> Session:
        return self.sessions.get(self.before["landed"]) or self.known[-1]

    def _facts(self, session: Session, back: Session, landed: Session) -> dict[str, Any]:
        is_here = session.thread_id == self.row.from_thread_id
        other = landed if is_here else back
        whole = not self.lost
        sides = (JOINED, ABSORBED) if whole else (HERE, AWAY)
        return {
            "regrouping": self.row.pk,
            "kind": self.row.kind,
            "undone": True,
            "side": sides[0] if is_here else sides[1],
            "session": other.public_id,
            "count": sum(self.lost.values()),
        }

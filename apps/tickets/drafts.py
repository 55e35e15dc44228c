"""The story of a draft: found, written with every pause of the hand, handed on, thrown away.

Its author alone writes; whoever sees the conversation may read it. A browser that writes on an
older version is told, so that nothing typed is lost. `drafts_begin.py` begins it, `drafts_send.py`
sends it, `undo.py` calls it back.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.agents.models import Agent
from apps.channels.compose import MAX_SUBJECT, clean_line
from apps.channels.models import EmailAccount, Mailbox
from apps.channels.parsed import Address
from apps.core.announce import announce
from apps.core.errors import Conflict, Invalid, Missing
from apps.core.html import html_to_text, safe_html
from apps.core.models import User
from apps.queues.models import Queue
from apps.tickets import draft_files, sessions, staging
from apps.tickets.letters import storable
from apps.tickets.models import Draft, Message, Session, SessionEvent, StagedFile
from apps.tickets.signals import draft_changed

Kind = Draft.Kind

MOST_ADDRESSES = 200  # that a draft holds; Send allows fewer
MOST_TEXT = 2_000_000  # characters
FORGOTTEN_AFTER = timedelta(hours=1)  # so long a second Send gets the first one's answer
FORGOTTEN_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Content:
    """What the author has written so far; addresses may be half typed."""

    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    subject: str = ""
    html: str = ""
    text: str = ""
    plain: bool = False
    mailbox: int | None = None
    queue: int | None = None
    agent: int | None = None
    newest: int = 0  # the newest message on the author's page; 0: not said


# ---- find -------------------------------------------------------------------------------------

WITH = ("author", "session__queue", "session__thread", "answers", "mailbox__account", "queue")


def find(key: str, *, by: User, own: bool = False) -> Draft:
    """Raises Missing for one that is not there, or not for BY to see; OWN: or not for BY to write.

    One that was sent is still found, by its author, so that a second Send gets the same answer.
    """
    drafts = Draft.objects.filter(author=by) if own else Draft.objects.visible_to(by)
    draft = drafts.filter(Q(sent_as=None) | Q(author=by), key=key).select_related(*WITH).first()
    if draft is None:
        raise Missing("not-found", _("This draft is not here any more, or not yours to see."))
    return draft


def newest_of(session: Session) -> int:
    ids = Message.objects.filter(thread=session.thread_id).order_by("-pk")
    return ids.values_list("pk", flat=True).first() or 0


def mailboxes_of(draft: Draft) -> list[Mailbox]:
    """The addresses that it may leave from: of its conversation, and of the queue."""
    queue = draft.queue_id if draft.session is None else draft.session.queue_id
    wanted = Q(route__queue=queue) if queue else Q(pk__in=())
    if draft.session is not None:
        wanted |= Q(pk__in=draft.session.thread.mailboxes.values("pk"))
    able = Mailbox.objects.filter(wanted, account__enabled=True).select_related("account")
    return list(able.exclude(account__send_kind=EmailAccount.Send.NONE).order_by("address"))


def one_of_its_own_or_refuse(draft: Draft, mailbox: Mailbox) -> Mailbox:
    """A queue may have lost the address since it was chosen."""
    if mailbox not in mailboxes_of(draft):
        raise Invalid("mailbox", _("mailbox: This mail cannot leave from that address."))
    return mailbox


# ---- write ------------------------------------------------------------------------------------


def write(draft: Draft, content: Content, *, version: int) -> Draft:
    """Raises Conflict `draft-changed` when another browser was quicker, `sent` after Send."""
    fields = fields_of(draft, content)
    with transaction.atomic():
        if not put(draft, fields, version=version):
            refuse_late(draft)
        announce(draft_changed, key=draft.key, user_ids=[draft.author_id])
    return find(draft.key, by=draft.author, own=True)


def put(draft: Draft, fields: dict[str, Any], *, version: int | None) -> bool:
    """One row or too late."""
    as_seen = Draft.objects.unsent().filter(pk=draft.pk, author=draft.author_id)
    if version is not None:
        as_seen = as_seen.filter(version=version)
    return bool(as_seen.update(**fields, version=F("version") + 1, updated_at=Now()))


def refuse_late(draft: Draft) -> None:
    now = Draft.objects.filter(pk=draft.pk, author=draft.author_id).first()
    if now is None:
        raise Missing("not-found", _("This draft is not here any more, or not yours to see."))
    if now.sent_as_id:
        raise Conflict("sent", _("This mail was sent already."))
    raise Conflict("draft-changed", _("This draft was changed in another window meanwhile."))


def fields_of(draft: Draft, content: Content) -> dict[str, Any]:
    """As they are stored. Raises Invalid for what no draft takes."""
    if len(content.to) + len(content.cc) + len(content.bcc) > MOST_ADDRESSES:
        told = {"limit": MOST_ADDRESSES}
        raise Invalid("too-many-recipients", _("to: at most %(limit)s recipients.") % told)
    if len(content.html) + len(content.text) > MOST_TEXT:
        raise Invalid("too-long", _("text: This is too long for one mail; attach it as a file."))
    html, text = _bodies(draft, content)
    fields: dict[str, Any] = {
        "to": stored(content.to),
        "cc": stored(content.cc),
        "bcc": stored(content.bcc),
        "subject": clean_line(storable(content.subject), MAX_SUBJECT),
        "html": html,
        "text": text,
        "plain": content.plain,
        "newest": max(draft.newest, content.newest),
    }
    return fields | _choices(draft, content)


def _bodies(draft: Draft, content: Content) -> tuple[str, str]:
    if content.plain or not content.html:  # nothing that was said gets lost
        return "", storable(content.text)
    html = cleaned(storable(content.html), draft_files.content_ids(draft))
    return html, html_to_text(html)


def _choices(draft: Draft, content: Content) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    moved = draft.kind == Kind.NEW and content.queue != draft.queue_id
    if draft.kind == Kind.NEW:
        chosen = {"queue_id": _queue(draft, content), "agent_id": _agent(draft, content)}
        draft.queue_id = chosen["queue_id"]  # its addresses are those to choose from
    if moved or content.mailbox not in (None, draft.mailbox_id):
        chosen["mailbox_id"] = _mailbox(draft, content, moved=moved)
    return chosen


def _mailbox(draft: Draft, content: Content, *, moved: bool) -> int | None:
    """Another queue has addresses of its own: then the first of these."""
    able = [one.pk for one in mailboxes_of(draft)]
    if content.mailbox in able:
        return content.mailbox
    if not moved:
        raise Invalid("mailbox", _("mailbox: This mail cannot leave from that address."))
    return able[0] if able else None


def _queue(draft: Draft, content: Content) -> int | None:
    if content.queue in (None, draft.queue_id):
        return content.queue
    mine = Queue.objects.worked_by(draft.author) | Queue.objects.steered_by(draft.author)
    if not mine.filter(pk=content.queue, enabled=True).exists():
        raise Invalid("queue", _("queue: You do not work in this queue."))
    return content.queue


def _agent(draft: Draft, content: Content) -> int | None:
    """Whether he works in the queue is asked when it is sent."""
    if content.agent in (None, draft.agent_id):
        return content.agent
    if not Agent.objects.working().filter(pk=content.agent).exists():
        raise Invalid("unknown-agent", _("agent: Choose an agent of the queue."))
    return content.agent


def cleaned(html: str, content_ids: Collection[str]) -> str:
    """Pictures of the draft's own files stay, and those of the web."""
    return safe_html(
        html,
        cid_url=lambda one: f"cid:{one}" if one in content_ids else None,
        remote_url=str,
    )


def stored(people: Collection[Address]) -> list[dict[str, str]]:
    return [
        {"email": clean_line(storable(one.email), 320), "name": clean_line(storable(one.name), 200)}
        for one in people
        if one.email
    ]


# ---- hand on, throw away ----------------------------------------------------------------------


def take_over(draft: Draft, *, by: User) -> Draft:
    """Whoever has the conversation now writes on; the session remembers it.

    Raises what answering the session raises, Conflict `still-writing` while it is the author's.
    """
    session = draft.session
    if draft.author_id == by.pk or session is None:
        return draft
    staging.may_write_or_refuse(session, by)
    if session.agent is not None and session.agent.user_id == draft.author_id:
        sentence = _("%(author)s has this session and writes on this draft.")
        raise Conflict("still-writing", sentence % {"author": draft.author.display_name})
    with transaction.atomic():
        sessions.lock([session.pk])
        if not give([draft], by, why_by=by):
            refuse_late(draft)
    return find(draft.key, by=by)


def give(drafts: Collection[Draft], to: User, *, why_by: User) -> int:
    """Inside a transaction that has locked their sessions: they and their files change hands;
    answers how many did."""
    given = 0
    for draft in drafts:
        still = Draft.objects.unsent().filter(pk=draft.pk, author=draft.author_id)
        if not still.update(author=to, version=F("version") + 1):
            continue
        given += 1
        StagedFile.objects.filter(form=draft.key, user=draft.author_id).update(user=to)
        announce(draft_changed, key=draft.key, user_ids=[draft.author_id, to.pk])
        if draft.session is not None:
            _remember(draft.session, draft, to, why_by)
    return given


def _remember(session: Session, draft: Draft, to: User, by: User) -> None:
    words = {"by": to.display_name, "author": draft.author.display_name}
    SessionEvent.objects.create(
        session=session,
        kind=SessionEvent.Kind.DRAFT,
        before=str(draft.author_id),
        after=str(to.pk),
        by=by,
        why=_("%(by)s writes on the draft of %(author)s.") % words,
    )
    sessions.say_changed([session])


def discard(draft: Draft) -> None:
    """By its author: its files go, too. Raises Conflict for one that was sent."""
    files = list(StagedFile.objects.filter(form=draft.key).values_list("pk", flat=True))
    with transaction.atomic():
        sessions.lock([draft.session_id] if draft.session_id else [])
        mine = Draft.objects.unsent().filter(pk=draft.pk, author=draft.author_id)
        if not mine.delete()[0]:
            refuse_late(draft)
        announce_change(draft)
    staging.forget(files)


def forget_sent() -> int:
    """Drafts whose mail cannot be called back any more; answers how many."""
    over = Q(sent_as__next_try_at=None) | Q(sent_as__next_try_at__lte=Now())
    sent = Draft.objects.filter(over | ~Q(sent_as__status=Message.Status.QUEUED))
    old = sent.filter(sent_as__isnull=False, updated_at__lt=Now() - FORGOTTEN_AFTER)
    pks = list(old.order_by("pk").values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])
    return Draft.objects.filter(pk__in=pks).delete()[0]


def announce_change(draft: Draft) -> None:
    announce(draft_changed, key=draft.key, user_ids=[draft.author_id])
    if draft.session is not None:
        sessions.say_changed([draft.session])

"""A draft as the composer gets it, and its line in the list of drafts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from apps.console.conversation.files import file_json
from apps.console.desk.rows import SNIPPET, moment
from apps.console.places import content_url
from apps.console.templatetags.console import people
from apps.console.who import person_of
from apps.console.writing.limit_words import limit_words
from apps.core.models import User
from apps.tickets import draft_files, staging
from apps.tickets.draft_notes import Note, notes_of
from apps.tickets.drafts import mailboxes_of
from apps.tickets.models import Draft, StagedFile

Shape = dict[str, Any]


def draft_json(draft: Draft, reader: User) -> Shape:
    files = list(draft_files.files_of(draft))
    return {
        "id": draft.key,
        "version": draft.version,
        "kind": draft.kind,
        "session": draft.session.public_id if draft.session else None,
        "answers": _id(draft.answers_id),
        "newest": draft.newest,
        "mailbox": _id(draft.mailbox_id),
        "mailboxes": [
            {"id": str(one.pk), "address": one.address, "name": one.from_name}
            for one in mailboxes_of(draft)
        ],
        "queue": _id(draft.queue_id),
        "agent": _id(draft.agent_id),
        "to": draft.to,
        "cc": draft.cc,
        "bcc": draft.bcc,
        "subject": draft.subject,
        "html": draft.html,
        "text": draft.text,
        "plain": draft.plain,
        "author": person_of(draft.author),
        "mine": draft.author_id == reader.pk,
        "saved_at": moment(draft.updated_at),
        **uploads_json(draft, files, reader),
        "notes": notes_json(notes_of(draft, files)),
    }


def _id(pk: int | None) -> str | None:
    return None if pk is None else str(pk)


def uploads_json(draft: Draft, files: Sequence[StagedFile], reader: User) -> Shape:
    limits = draft_files.limits_of(draft)
    return {
        "files": [upload_json(one, reader) for one in files],
        "limits": limit_words(files, limits),
        "most_bytes": limits.most_bytes,
    }


def upload_json(row: StagedFile, reader: User) -> Shape:
    """Addresses are for the author alone: nobody else may open what was not sent."""
    file = row.attachment
    mine = row.user_id == reader.pk
    shown = content_url(file, inline=True) if mine and row.inline else ""
    told = file_json(file, inline=row.inline)
    return {
        **told,
        "id": str(row.pk),
        "cid": row.content_id if row.inline else "",
        "stopped": file.verdict in staging.STOPPED,
        "url": shown or None,
        "view": None,
        "thumbnail": told["thumbnail"] if mine else None,
    }


def notes_json(notes: Iterable[Note]) -> list[Shape]:
    return [
        {
            "code": one.code,
            "field": one.field,
            "sentence": one.sentence,
            "address": one.address,
        }
        for one in notes
    ]


def line_json(draft: Draft, reader: User) -> Shape:
    """In the list of drafts."""
    return {
        "id": draft.key,
        "kind": draft.kind,
        "session": draft.session.public_id if draft.session else None,
        "to_words": people(draft.to),
        "subject": draft.subject,
        "snippet": " ".join(draft.text[: 4 * SNIPPET].split())[:SNIPPET],
        "updated_at": moment(draft.updated_at),
        "author": person_of(draft.author),
        "mine": draft.author_id == reader.pk,
    }

"""A file as the console's JSON tells it: its verdict in words, and links only when it is clean."""

from __future__ import annotations

from typing import TypedDict

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.text import capfirst

from apps.attachments.models import Attachment
from apps.attachments.previews import THUMBNAIL, can_be_drawn
from apps.console.places import content_url, preview_url
from apps.console.templatetags.console import extension, reason, verdict_icon


class FileJson(TypedDict):
    id: str
    name: str
    ext: str
    size: int
    size_words: str
    verdict: str
    verdict_word: str
    icon: str
    reason: str
    reason_code: str
    url: str | None
    view: str | None
    thumbnail: str | None
    inline: bool
    may_release: bool


def file_json(file: Attachment, *, inline: bool = False, may_release: bool = False) -> FileJson:
    drawn = can_be_drawn(file)
    return FileJson(
        id=str(file.pk),
        name=file.name,
        ext=extension(file.name),
        size=file.size,
        size_words=filesizeformat(file.size),
        verdict=file.verdict,
        verdict_word=capfirst(file.get_verdict_display()),
        icon=verdict_icon(file),
        reason=reason(file) if file.reason else "",
        reason_code=file.reason,
        url=content_url(file) or None,
        view=reverse("file", args=[file.pk]) if drawn else None,
        thumbnail=preview_url(file, longest=THUMBNAIL) if drawn else None,
        inline=inline,
        may_release=may_release,
    )

"""What a browser says of a draft, read strictly: kinds of values, never whether they are right."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from apps.channels.parsed import Address
from apps.core.errors import Invalid
from apps.tickets.drafts import Content
from apps.tickets.drafts_send import Wish
from apps.tickets.models import Draft

MOST_DIGITS = 18

Body = dict[str, Any]


def content_of(body: Body, draft: Draft) -> Content:
    """What is left out stays as it is."""
    return Content(
        to=_people(body, "to", draft.to),
        cc=_people(body, "cc", draft.cc),
        bcc=_people(body, "bcc", draft.bcc),
        subject=_text(body, "subject", draft.subject),
        html=_text(body, "html", draft.html),
        text=_text(body, "text", draft.text),
        plain=bool(_of_type(body, "plain", bool, draft.plain)),
        mailbox=number_in(body, "mailbox", draft.mailbox_id),
        queue=number_in(body, "queue", draft.queue_id),
        agent=number_in(body, "agent", draft.agent_id),
        newest=number_in(body, "newest") or 0,
    )


def wish_of(body: Body) -> Wish:
    return Wish(
        then=_text(body, "then"),
        override=_text(body, "override"),
        version=number_in(body, "version"),
    )


def version_of(body: Body) -> int:
    version = number_in(body, "version")
    if version is None:
        raise Invalid("version", _("version: say which version of the draft you changed."))
    return version


def text_in(body: Body, name: str) -> str:
    return _text(body, name)


def words_in(body: Body, name: str) -> list[str]:
    return [str(one).lower() for one in _of_type(body, name, list, [])]


def number_in(body: Body, name: str, otherwise: int | None = None) -> int | None:
    """Ids come as words; null and nothing at all are None and OTHERWISE."""
    value = body.get(name, otherwise)
    if value is None or value == "":
        return None
    word = str(value)
    if isinstance(value, bool) or not (word.isascii() and word.isdigit()):
        raise _wrong(name)
    if len(word) > MOST_DIGITS:
        raise _wrong(name)
    return int(word)


def _people(body: Body, side: str, otherwise: list[dict[str, str]]) -> tuple[Address, ...]:
    return tuple(_person(one, side) for one in _of_type(body, side, list, otherwise))


def _person(one: Any, side: str) -> Address:
    if not isinstance(one, dict):
        raise _wrong(side)
    email, name = one.get("email", ""), one.get("name", "")
    if not (isinstance(email, str) and isinstance(name, str)):
        raise _wrong(side)
    return Address(email.strip(), name.strip())


def _text(body: Body, name: str, otherwise: str = "") -> str:
    return str(_of_type(body, name, str, otherwise))


def _of_type(body: Body, name: str, kind: type[Any], otherwise: Any) -> Any:
    value = body.get(name)
    if value is None:
        return otherwise
    if not isinstance(value, kind):
        raise _wrong(name)
    return value


def _wrong(name: str) -> Invalid:
    return Invalid("body", _("%(name)s: This is not what belongs here.") % {"name": name})

"""What a mail looks like when it is passed on: who wrote it when to whom, and its words below."""

from django.utils.formats import date_format
from django.utils.html import escape
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from apps.channels.compose import MAX_SUBJECT, clean_line
from apps.core.html import safe_html
from apps.tickets.models import Message
from apps.tickets.subjects import base_subject

MOST_QUOTED = 1_000_000  # characters of HTML; a longer mail is passed on as text
MOST_NAMED = 50  # recipients in the header of the quoted mail


def subject_of(message: Message) -> str:
    return clean_line(f"Fwd: {base_subject(message.subject)}", MAX_SUBJECT)


def quoted(message: Message) -> str:
    """Safe but for its pictures, which whoever stores it places. Remote ones are left out: they
    would tell the sender that somebody looked.
    """
    title = "-" * 10 + " " + _("Forwarded message") + " " + "-" * 10
    lines = [f"{escape(name)} {escape(value)}" for name, value in _header(message) if value]
    header = "<br>".join([title, *lines])
    return f"<p><br></p><p>{header}</p><blockquote>{_words(message)}</blockquote>"


def _header(message: Message) -> list[tuple[str, str]]:
    moment = localtime(message.date or message.created_at)
    sender = {"email": message.from_email, "name": message.from_name}
    return [
        (_("From:"), _people([sender])),
        (_("Date:"), date_format(moment, "DATETIME_FORMAT")),
        (_("Subject:"), clean_line(message.subject, MAX_SUBJECT)),
        (_("To:"), _people(message.to)),
        (_("Cc:"), _people(message.cc)),
    ]


def _people(people: list[dict[str, str]]) -> str:
    named = [_written(one["email"], one.get("name", "")) for one in people[:MOST_NAMED]]
    return ", ".join(named) + (", …" if len(people) > MOST_NAMED else "")


def _written(email: str, name: str) -> str:
    return f"{clean_line(name, 200)} <{email}>" if name else email


def _words(message: Message) -> str:
    if message.html and len(message.html) <= MOST_QUOTED:
        return safe_html(
            message.html, cid_url=lambda one: f"cid:{one}", remote_url=None, text=message.text
        )
    return escape(message.text[:MOST_QUOTED].strip("\n")).replace("\n", "<br>")

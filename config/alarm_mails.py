"""The mail to administrators: one for all alarms that opened or ended since the last.

It leaves as invitations do, in the language of its reader. What cannot be sent is noted with the
alarms and not tried again: the front page has them, and the mail itself may be what is broken.
"""

import logging
from collections.abc import Iterator

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.channels.models import ChannelSettings
from apps.console.people.links import console_address
from apps.console.people.mails import Notice, send_notice
from apps.core.alarms import News, note_trouble, take_news
from apps.core.errors import Problem
from apps.core.models import Alarm, User
from config.alarms import code_of, lines
from config.condition.line import Line

log = logging.getLogger(__name__)

HEALTH = "/admin/email/health/"  # not looked up: a worker knows no pages
MOST_A_DAY = 10
MOST_READERS = 20


def tell() -> None:
    """Outside any transaction. Without a mailbox to write from, nothing counts as told."""
    channel = ChannelSettings.load()
    if not (channel.alarms_by_mail and channel.notice_mailbox_id):
        return
    if news := take_news(most_a_day=MOST_A_DAY):
        with translation.override(channel.language):
            note_trouble(news, _told(news))


def _told(news: News) -> str:
    """What went wrong, or nothing."""
    readers = User.objects.administrators().exclude(email="").order_by("pk")[:MOST_READERS]
    if not readers:
        return _("No administrator has an email address.")
    known: dict[str, dict[str, Line]] = {}
    failed = [sentence for one in readers if (sentence := _sent(one, news, known))]
    log.info("alarms were told", extra={"readers": len(readers), "failed": len(failed)})
    return " ".join(dict.fromkeys(failed))


def _sent(reader: User, news: News, known: dict[str, dict[str, Line]]) -> str:
    def write(user: User) -> Notice:
        """In the reader's language: so the lines are measured in it, once for all its readers."""
        language = translation.get_language()
        if language not in known:
            known[language] = {code_of(line): line for line in lines()}
        return _notice(news, known[language])

    try:
        send_notice(reader, write, console_address() + HEALTH)
    except Problem as problem:
        return _("%(name)s was not told: %(why)s") % {"name": reader, "why": problem.sentence}
    return ""


# ---- the words ----------------------------------------------------------------------------------


def _notice(news: News, known: dict[str, Line]) -> Notice:
    opened = [text for one in news.opened for text in _opened(one, known.get(one.code))]
    over = [_("%(name)s: over.") % {"name": _name(one, known)} for one in news.ended]
    return Notice(
        subject=_subject(news, known),
        before=[*opened, *over],
        button=_("Open the health page"),
        after=[
            _(
                "Each alarm is told once, and once more when it is over; at most %(n)d mails a day."
                " Settings > Email > Channel switches them off."
            )
            % {"n": MOST_A_DAY}
        ],
    )


def _opened(alarm: Alarm, line: Line | None) -> Iterator[str]:
    """As it is now; where it has passed meanwhile, as it was."""
    if line is None:
        yield f"{alarm.name}: {alarm.sentence}"
        return
    yield f"{line.name}: {line.fact}"
    for cure in line.cures:
        yield " ".join(filter(None, ("→", cure.sentence, cure.command)))


def _name(alarm: Alarm, known: dict[str, Line]) -> str:
    return known[alarm.code].name if alarm.code in known else alarm.name


def _subject(news: News, known: dict[str, Line]) -> str:
    count = len(news.opened)
    if count == 1:
        return _("Alarm: %(name)s") % {"name": _name(news.opened[0], known)}
    if count:
        return ngettext("%(n)d alarm at Carteria", "%(n)d alarms at Carteria", count) % {"n": count}
    if len(news.ended) == 1:
        return _("Over: %(name)s") % {"name": _name(news.ended[0], known)}
    return _("%(n)d alarms are over") % {"n": len(news.ended)}

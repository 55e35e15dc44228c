"""Is this a report on a mail that did not arrive? By its parts, or by who speaks and how."""

import re
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from apps.channels.parsed import ParsedEmail
from apps.channels.parsing.away import is_away
from apps.channels.parsing.bounces import phrases
from apps.channels.parsing.bounces.returned import carries_mail
from apps.channels.parsing.bounces.words import Words
from apps.core.mime.headers import Headers

BEGINNING = 6000  # of the text: a server comes to the point
_ANSWERED = re.compile(r"(?i)\s*(?:re|aw|sv|antw|fwd?|wg|tr|rv|enc|i|vs)\s*(?:\[\d+\])?\s*:")


def _any_of(phrases: Iterable[str]) -> re.Pattern[str]:
    """Grouped by their first letters: of hundreds, few are looked at where one may begin."""
    groups = groupby(sorted(phrases), itemgetter(0))
    rests = ((letter, "|".join(re.escape(one[1:]) for one in group)) for letter, group in groups)
    return re.compile("|".join(f"{re.escape(letter)}(?:{rest})" for letter, rest in rests))


_TITLES, _NAMES = _any_of(phrases.SUBJECTS), _any_of(phrases.NAMES)
_CODE = re.compile(r"(?<![\w.])(?:[45]\.[0-7]\.\d{1,3}|[45][0-5]\d[ -])")


def may_be_bounce(email: ParsedEmail, headers: Headers) -> bool:
    """Whether the text is worth a look."""
    return is_from_server(email) or _is_titled(email) or "x-failed-recipients" in headers


def looks_like_bounce(email: ParsedEmail, headers: Headers, words: Words) -> bool:
    """Without a report for machines: a server, or nobody, must have sent it, and speak like one."""
    if _is_other_machine(email, headers, words):
        return False
    titled, said = _is_titled(email), words.say(phrases.INTROS, BEGINNING)
    is_answer = _ANSWERED.match(email.subject) is not None
    if is_from_server(email):
        if "x-failed-recipients" in headers or (said and (titled or _has_evidence(email, words))):
            return True
        return titled and not is_answer and _has_evidence(email, words)
    if is_answer or email.in_reply_to:
        return False
    return titled and said and _carries_mail(email)


def _is_titled(email: ParsedEmail) -> bool:
    subject = email.subject.lower()
    return _TITLES.search(subject) is not None


def is_from_server(email: ParsedEmail) -> bool:
    if email.null_return_path or email.from_ is None:
        return True
    local = email.from_.email.rpartition("@")[0].lower() or email.from_.email.lower()
    name = email.from_.name.lower()
    path = email.return_path.lower()
    return (
        local.startswith(phrases.SENDERS)
        or _NAMES.search(name) is not None
        or path.startswith(("mailer-daemon", "postmaster"))
    )


def _has_evidence(email: ParsedEmail, words: Words) -> bool:
    """A code of failure, an address, or our mail itself."""
    return _carries_mail(email) or bool(words.copy) or bool(_CODE.search(words.own))


def _carries_mail(email: ParsedEmail) -> bool:
    return any(map(carries_mail, email.files))


def _is_other_machine(email: ParsedEmail, headers: Headers, words: Words) -> bool:
    """Those that ask, warn of viruses or tell a new address; or even that the mail arrived."""
    if headers.first("x-delivery-agent").startswith("TMDA"):
        return True
    if is_away(email.subject) and "x-failed-recipients" not in headers:
        return True
    subject = email.subject.lower()
    if any(phrase in subject for phrase in phrases.SCANNER_SUBJECTS):
        return True
    if words.say(phrases.ARRIVED, BEGINNING) and not words.say(phrases.NOT_ARRIVED, BEGINNING):
        return True
    if words.say(phrases.GIVEN_UP, BEGINNING) or "x-failed-recipients" in headers:
        return False
    return any(
        words.say(table, BEGINNING)
        for table in (phrases.CHALLENGES, phrases.SCANNERS, phrases.MOVED)
    )

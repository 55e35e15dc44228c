"""What a provider says to a request, in words, and what follows from a no.

    status                          outcome
    2xx                             it has the mail (each provider's file reads what it says)
    429, 421                        retry, and the account waits as long as is asked
    503                             retry, too: it takes nothing at the moment
    401, 402, 403, 404, 407, 408    retry: key, credit, domain or line; somebody can cure it
    other 4xx                       failed: this very mail is not taken
    500, 502, 504 and all else      unknown: said by whoever could not tell whether it was taken

A 5xx that comes before the request is over is a retry: nobody had the mail.
"""

import json
from typing import Any

from django.utils.translation import gettext as _

from apps.channels.compose import clean_line
from apps.channels.outcome import Outcome
from apps.channels.web_line import Answer
from apps.core.retry_after import retry_after

SLOW_DOWN = frozenset({421, 429})
NOT_NOW = frozenset({503})
CURABLE = frozenset({401, 402, 403, 404, 407, 408, 425})
NO_ENTRY = frozenset({401, 403})
# Amazon says them with 400: the account, not the mail.
PAUSED = ("SendingPaused", "AccountSuspended", "LimitExceeded", "MailFromDomainNotVerified")
MOST_WORDS = 300


def json_of(answer: Answer) -> dict[str, Any]:
    """Empty for what is no JSON object."""
    try:
        told = json.loads(answer.body or b"{}")
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def refusal(answer: Answer, *, provider: str, key: str) -> Outcome:
    """Of an answer that is no 2xx, or that came before the request was over."""
    words = {"provider": provider, "said": words_of(answer, key)}
    throttled = answer.status in SLOW_DOWN
    if throttled or answer.status in NOT_NOW:
        sentence = _("%(provider)s takes no mail at the moment: %(said)s") % words
        wait = retry_after(answer.headers.get("retry-after")) or 0
        return Outcome("retry", None, sentence, throttled or bool(wait), wait)
    if answer.status in NO_ENTRY:
        sentence = _("%(provider)s did not accept the account's key: %(said)s") % words
        return Outcome("retry", None, sentence)
    sentence = _("%(provider)s refused the mail: %(said)s") % words
    if answer.status in CURABLE or _is_about_account(answer):
        return Outcome("retry", None, sentence)
    if 400 <= answer.status <= 499:
        return Outcome("failed", None, sentence)
    if answer.early or 300 <= answer.status <= 399:
        return Outcome("retry", None, sentence)
    return Outcome("unknown", None, not_told(words))


def not_told(words: dict[str, str]) -> str:
    return _("%(provider)s does not say whether it took the mail: %(said)s") % words


def not_theirs(words: dict[str, str]) -> str:
    return (
        _(
            "%(provider)s sends nothing to this address, because of an earlier mail or how it is"
            " written; lift it there: %(said)s"
        )
        % words
    )


def _is_about_account(answer: Answer) -> bool:
    return answer.headers.get("x-amzn-errortype", "").startswith(PAUSED)


def words_of(answer: Answer, key: str) -> str:
    """Never the key, whatever is echoed."""
    said = f"{answer.status} {_message(json_of(answer))}".strip()
    return clean_line(said.replace(key, "…") if key else said, MOST_WORDS)


def _message(told: dict[str, Any]) -> str:
    errors = told.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        told = errors[0]
    found = (told.get(name) for name in ("message", "Message", "error"))
    return next((one for one in found if isinstance(one, str)), "")

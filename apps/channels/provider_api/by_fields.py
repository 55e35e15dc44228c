"""Postmark, SendGrid and Brevo: they take a mail in fields, which Anymail knows of each.

Anymail builds the request and reads the answer; it never gets to send. What happens to our
Message-ID (read on 2026-11-26): Postmark keeps it where X-PM-KeepID says so; SendGrid may or may
not, and tells the one in use with the news of the mail; Brevo puts one of its own, and answers it.
Only Brevo knows a key against doing the same twice (`idempotencyKey`, for half an hour).
"""

import uuid
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from email.mime.base import MIMEBase
from typing import Any

import requests
from anymail.backends import brevo, postmark, sendgrid
from anymail.exceptions import AnymailError, AnymailNotSupportedWarning
from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext as _

from apps.channels.models import Provider
from apps.channels.outcome import Outcome, Settled
from apps.channels.provider_api.asked import MARK, Asked, Taken, Unreadable
from apps.channels.provider_api.letter import letter_of
from apps.channels.provider_api.said import json_of
from apps.channels.web_line import Answer, Request

# SendGrid works; its author only has no account there to try it with any more.
warnings.simplefilter("ignore", AnymailNotSupportedWarning)

GLOBAL, EUROPE = "https://api.sendgrid.com/v3", "https://api.eu.sendgrid.com/v3"
REFUSED = ("rejected", "invalid", "failed")


def request(asked: Asked, provider: str) -> Request:
    backend, payload = _built(asked, provider)
    told = requests.Request(**payload.get_request_params(backend.api_url)).prepare()
    body = told.body.encode() if isinstance(told.body, str) else told.body
    assert isinstance(body, bytes) and told.url  # JSON
    return Request(told.url, {name: str(value) for name, value in told.headers.items()}, body)


def read(asked: Asked, answer: Answer, provider: str) -> Taken:
    if answer.body and not json_of(answer):
        raise Unreadable
    backend, payload = _built(asked, provider)
    response = _as_response(answer)
    try:
        backend.raise_for_status(response, payload, payload.message)
        found = backend.parse_recipient_status(response, payload, payload.message)
    except AnymailError:
        raise Unreadable from None
    ids = {one.message_id for one in found.values() if one.message_id}
    refused = frozenset(who.lower() for who, one in found.items() if one.status in REFUSED)
    return Taken(tuple(sorted(one.strip("<>") for one in ids)), refused)


def _built(asked: Asked, provider: str) -> tuple[Any, Any]:
    maker = MAKERS[provider]
    letter = letter_of(asked.raw, asked.envelope)
    letter.metadata = {MARK: asked.mark}  # type: ignore[attr-defined]  # Anymail's
    maker.adapt(letter, asked)
    if not letter.to:
        sentence = _("Sent to nobody: the provider takes no mail that has only blind copies.")
        raise Settled(Outcome("failed", None, sentence))
    try:
        backend = maker.backend(asked)
        return backend, backend.build_message_payload(letter, {})
    except AnymailError as error:
        sentence = _("The provider cannot send this mail: %(why)s")
        told = {"why": str(error).partition("\n")[0][:200]}
        raise Settled(Outcome("failed", None, sentence % told)) from None


def _as_response(answer: Answer) -> requests.Response:
    response = requests.Response()
    response.status_code, response._content = answer.status, answer.body
    response.headers.update(answer.headers)
    return response


# ---- what each wants in its own way -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Maker:
    backend: Callable[[Asked], Any]
    adapt: Callable[[EmailMultiAlternatives, Asked], None]


def _postmark(asked: Asked) -> Any:
    return postmark.EmailBackend(
        server_token=asked.key,
        message_stream=asked.option("stream") or None,
        use_bulk_api=False,
        generate_message_id=False,
        api_url=asked.base("https://api.postmarkapp.com"),
    )


def _keep_id(letter: EmailMultiAlternatives, asked: Asked) -> None:
    letter.extra_headers["X-PM-KeepID"] = "true"


def _sendgrid(asked: Asked) -> Any:
    usual = EUROPE if asked.option("region").lower() == "eu" else GLOBAL
    return sendgrid.EmailBackend(
        api_key=asked.key, generate_message_id=False, api_url=asked.base(usual)
    )


def _as_it_is(letter: EmailMultiAlternatives, asked: Asked) -> None:
    """SendGrid takes all of it."""


def _brevo(asked: Asked) -> Any:
    return brevo.EmailBackend(api_key=asked.key, api_url=asked.base("https://api.brevo.com/v3"))


def _for_brevo(letter: EmailMultiAlternatives, asked: Asked) -> None:
    """It takes one address for answers, and pictures only as files beside the text."""
    letter.reply_to = letter.reply_to[:1]
    letter.extra_headers["idempotencyKey"] = str(uuid.uuid5(uuid.NAMESPACE_OID, asked.mark))
    for file in letter.attachments:
        assert isinstance(file, MIMEBase)  # letter_of makes them so
        del file["Content-ID"]
        name = file.get_filename() or ""
        del file["Content-Disposition"]
        file.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name))


MAKERS: dict[str, _Maker] = {
    Provider.POSTMARK: _Maker(_postmark, _keep_id),
    Provider.SENDGRID: _Maker(_sendgrid, _as_it_is),
    Provider.BREVO: _Maker(_brevo, _for_brevo),
}

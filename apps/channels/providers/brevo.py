"""Brevo's inbound parsing: JSON with one or several mails; files are fetched one by one.

https://developers.brevo.com/docs/inbound-parse-webhooks, read on 2026-11-26. It never hands over
the mail as it came, and it signs nothing: the password is the proof.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
from django.utils.translation import gettext as _

from apps.channels.models import EmailAccount
from apps.channels.providers.post import Post
from apps.channels.providers.rebuild import File, rebuild
from apps.channels.providers.told import Mail, Other, Told
from apps.core.errors import Invalid, TooLarge, Unavailable
from apps.core.outside import guarded_client, within
from apps.core.secrets import unseal

API = "https://api.brevo.com/v3"
MOST_BYTES = 30 * 2**20  # of one mail's files; Brevo takes 20 MB
SECONDS = 60.0  # for all files of one webhook


def read(account: EmailAccount, post: Post) -> list[Told]:
    told = post.json()
    if "items" not in told:
        return [Other("not-a-mail", _("This tells of a sent mail, not of one that came."))]
    with within(SECONDS):
        return [_mail(account, one) for one in _rows(told, "items")]


def _rows(told: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = told.get(name) or []
    if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
        raise Invalid("malformed", _("The list “%(name)s” is malformed.") % {"name": name})
    return rows


def _text(told: dict[str, Any], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""


def _mail(account: EmailAccount, told: dict[str, Any]) -> Told:
    uuids = told.get("Uuid")
    event = str(uuids[0]) if isinstance(uuids, list) and uuids else _text(told, "Uuid")
    headers = list(_headers(told.get("Headers")))
    if not headers:
        return Other("unknown-event", _("Nothing in it is a mail."), event)
    recipients = _recipients(told, headers)
    raw = rebuild(
        headers,
        text=_text(told, "RawTextBody"),
        html=_text(told, "RawHtmlBody"),
        files=_files(account, _rows(told, "Attachments")),
        recipients=recipients,
        sender=next((value for name, value in headers if name.lower() == "return-path"), None),
    )
    return Mail(raw, recipients, event, rebuilt=True)


def _headers(told: object) -> Iterator[tuple[str, str]]:
    """{name: value, or a list of them where the mail has several}."""
    for name, values in (told if isinstance(told, dict) else {}).items():
        for value in values if isinstance(values, list) else [values]:
            yield str(name), str(value)


def _recipients(told: dict[str, Any], headers: list[tuple[str, str]]) -> tuple[str, ...]:
    named = told.get("Recipients")
    if isinstance(named, list) and named:
        return tuple(str(one) for one in named)
    delivered = (value for name, value in headers if name.lower() == "delivered-to")
    return tuple(one.strip("<> ") for one in delivered)


def _files(account: EmailAccount, rows: list[dict[str, Any]]) -> list[File]:
    if not rows:
        return []
    key = unseal(account.provider_key)
    if not key:
        sentence = _("The mail has files; give the account the API key of Brevo to fetch them.")
        raise Unavailable("no-api-key", sentence)
    files, left = [], MOST_BYTES
    with guarded_client(seconds=20.0) as client:
        for row in rows:
            files.append(_fetched(client, account, key, row, left))
            left -= len(files[-1].content)
    return files


def _fetched(
    client: httpx.Client, account: EmailAccount, key: str, row: dict[str, Any], most: int
) -> File:
    """Raises Unavailable where Brevo does not hand it over: it tells of the mail again."""
    base = str(account.provider_options.get("api_url") or API).rstrip("/")
    address = f"{base}/inbound/attachments/{quote(_text(row, 'DownloadToken'), safe='')}"
    try:
        with client.stream("GET", address, headers={"api-key": key}) as response:
            response.raise_for_status()
            content = _bounded(response, most)
            kind = response.headers.get("Content-Type") or _text(row, "ContentType")
    except (httpx.HTTPError, httpx.InvalidURL):
        sentence = _("A file of the mail could not be fetched from Brevo; check the API key.")
        raise Unavailable("file-not-fetched", sentence) from None
    return File(_text(row, "Name"), kind, content, _text(row, "ContentID").strip("<>"))


def _bounded(response: httpx.Response, most: int) -> bytes:
    content = bytearray()
    for piece in response.iter_bytes(65536):
        content += piece
        if len(content) > most:
            raise TooLarge("too-large", _("The files of the mail are larger than 30 MB."))
    return bytes(content)

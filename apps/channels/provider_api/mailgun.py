"""Mailgun: `messages.mime`, with the very bytes of the mail; its Message-ID stays.

Read on 2026-11-26: https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun.
The mark is left out: what Mailgun tells of a mail names its Message-ID, and a variable would stand
in the header for everybody to read.
"""

from base64 import b64encode
from urllib.parse import quote

from requests import Request as Form

from apps.channels.provider_api.asked import Asked, Taken, Unreadable
from apps.channels.provider_api.said import json_of
from apps.channels.web_line import Answer, Request

BASES = {"us": "https://api.mailgun.net/v3", "eu": "https://api.eu.mailgun.net/v3"}


def request(asked: Asked) -> Request:
    domain = asked.option("domain") or asked.envelope.sender.rpartition("@")[2]
    base = asked.base(BASES.get(asked.option("region", "us").lower(), BASES["us"]))
    form = Form(
        "POST",
        f"{base}/{quote(domain, safe='')}/messages.mime",
        data=[("to", one) for one in asked.envelope.recipients],
        files={"message": ("message.mime", asked.raw, "message/rfc822")},
    ).prepare()
    assert isinstance(form.body, bytes) and form.url  # a form with a file is bytes
    login = b64encode(f"api:{asked.key}".encode()).decode()
    headers = {"Content-Type": str(form.headers["Content-Type"]), "Authorization": f"Basic {login}"}
    return Request(form.url, headers, form.body)


def read(asked: Asked, answer: Answer) -> Taken:
    given = json_of(answer).get("id")
    if not isinstance(given, str) or not given:
        raise Unreadable
    return Taken((given.strip("<>"),))

"""A mail that Amazon SES left in a bucket: fetched by the account's key, and left there.

https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-s3.html, read on 2026-11-26.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx
from django.utils.translation import gettext as _

from apps.channels.models import EmailAccount
from apps.core.aws import Signer, signed
from apps.core.errors import Invalid, TooLarge, Unavailable
from apps.core.outside import guarded_client, within
from apps.core.secrets import unseal

NOTHING = hashlib.sha256(b"").hexdigest()
MOST_BYTES = 50 * 2**20  # SES keeps mails of up to 40 MB
SECONDS = 60.0

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_REGION = re.compile(r"[a-z0-9-]{3,40}", re.ASCII)


def fetch(account: EmailAccount, action: Mapping[str, Any]) -> bytes:
    """ACTION as the notification tells it. Raises Unavailable, so that Amazon tells it again."""
    base, path, region = _place(account, action)
    key = unseal(account.provider_key)
    if not key:
        sentence = _("The mail lies in S3; give the account an access key that may read it.")
        raise Unavailable("no-api-key", sentence)
    signer = Signer(str(account.provider_options.get("access_key", "")), key, region, "s3")
    host = httpx.URL(base).netloc.decode()
    headers = signed(signer, "GET", host, path, {}, body=NOTHING, now=datetime.now(UTC))
    try:
        with (
            within(SECONDS),
            guarded_client(seconds=20.0) as client,
            client.stream("GET", base + path, headers=headers) as response,
        ):
            response.raise_for_status()
            return _bounded(response)
    except httpx.HTTPError:
        sentence = _("The mail could not be fetched from S3; check access key, region and rights.")
        raise Unavailable("file-not-fetched", sentence) from None


def _place(account: EmailAccount, action: Mapping[str, Any]) -> tuple[str, str, str]:
    """Address, path and region. A bucket lies in its topic's region unless the account says so."""
    bucket, name = str(action.get("bucketName", "")), str(action.get("objectKey", ""))
    topic = str(action.get("topicArn", "")).split(":")
    region = str(account.provider_options.get("region") or (topic[3:4] or [""])[0])
    if not (_BUCKET.fullmatch(bucket) and _REGION.fullmatch(region) and name):
        raise Invalid("malformed", _("The notification does not say where the mail lies."))
    base = str(account.provider_options.get("s3_url") or f"https://s3.{region}.amazonaws.com")
    return base.rstrip("/"), f"/{bucket}/{quote(name, safe='/-_.~')}", region


def _bounded(response: httpx.Response) -> bytes:
    content = bytearray()
    for piece in response.iter_bytes(65536):
        content += piece
        if len(content) > MOST_BYTES:
            raise TooLarge("too-large", _("The mail in S3 is larger than 50 MB."))
    return bytes(content)

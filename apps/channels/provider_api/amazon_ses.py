"""Amazon SES: SendEmail of version 2, with the very bytes of the mail.

It puts a Message-ID and a Date of its own in place of ours (Amazon SES header fields, read on
2026-11-26): `<id@region.amazonses.com>`, and `<id@email.amazonses.com>` in us-east-1.
"""

import hashlib
import json
from base64 import b64encode
from datetime import UTC, datetime
from urllib.parse import urlsplit

from apps.channels.provider_api.asked import MARK, Asked, Taken, Unreadable
from apps.channels.provider_api.said import json_of
from apps.channels.web_line import Answer, Request
from apps.core.aws import Signer, signed

USUAL_REGION, ITS_DOMAIN = "us-east-1", "email"


def request(asked: Asked) -> Request:
    body = json.dumps(_told(asked)).encode()
    region = asked.option("region", USUAL_REGION)
    url = asked.base(f"https://email.{region}.amazonaws.com") + "/v2/email/outbound-emails"
    where = urlsplit(url)
    headers = signed(
        Signer(asked.option("access_key"), asked.key, region, "ses"),
        "POST",
        where.netloc,
        where.path,
        {"Content-Type": "application/json"},
        body=hashlib.sha256(body).hexdigest(),
        now=datetime.now(UTC),
    )
    return Request(url, headers, body)


def _told(asked: Asked) -> dict[str, object]:
    told: dict[str, object] = {
        "Destination": {"ToAddresses": list(asked.envelope.recipients)},
        "Content": {"Raw": {"Data": b64encode(asked.raw).decode()}},
        "EmailTags": [{"Name": MARK, "Value": asked.mark}],
    }
    if named := asked.option("configuration_set"):
        told["ConfigurationSetName"] = named
    return told


def read(asked: Asked, answer: Answer) -> Taken:
    given = json_of(answer).get("MessageId")
    if not isinstance(given, str) or not given:
        raise Unreadable
    region = asked.option("region", USUAL_REGION)
    domain = ITS_DOMAIN if region == USUAL_REGION else region
    return Taken((f"{given}@{domain}.amazonses.com", given))

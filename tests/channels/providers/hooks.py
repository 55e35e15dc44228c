"""Webhooks as the five providers post them, with words of our own; and an account that takes them.

The shapes are those of the providers' documentation, read on 2026-11-26.
"""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.test import Client

from apps.channels.models import EmailAccount
from apps.channels.providers import keys, sns
from apps.core.secrets import seal
from tests.people import make_account

SIGNING_KEY = "signing-key-of-a-test"
SUPPORT = "support@carteria.test"
RAW = (
    b"From: Ana <ana@outside.test>\r\nTo: support@carteria.test\r\nSubject: Caf\xe9\r\n"
    b"Message-ID: <1@outside.test>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\nMa\xf1ana, por favor.\r\n"
)
BOUNDARY = "xYzZY"


def make_hooked(provider: str, **fields: Any) -> EmailAccount:
    account = make_account(receive_kind="provider", provider=provider, receive_host="", **fields)
    if provider == "mailgun":
        account.webhook_signing_key = seal(SIGNING_KEY)
    keys.prepare(account)
    account.save()
    return account


@dataclass(frozen=True)
class Hook:
    """What is posted: without the account's address and password, which `post` knows."""

    body: bytes
    content_type: str
    headers: dict[str, str] = field(default_factory=dict)


_provider = Client()  # one for all: making one costs more than a webhook


def post(account: EmailAccount, hook: Hook, *, login: str | None = "") -> Any:
    """LOGIN: empty for the right one, None for none at all."""
    headers = dict(hook.headers)
    if login is not None:
        told = base64.b64encode((login or keys.login_of(account)).encode()).decode()
        headers["Authorization"] = f"Basic {told}"
    return _provider.post(
        keys.path_of(account), hook.body, content_type=hook.content_type, headers=headers
    )


def form(fields: dict[str, bytes | str], files: dict[str, tuple[str, str, bytes]] = {}) -> Hook:  # noqa: B006
    """multipart/form-data, byte by byte."""
    body = bytearray()
    for name, value in fields.items():
        content = value.encode() if isinstance(value, str) else value
        body += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        body += content + b"\r\n"
    for name, (filename, kind, content) in files.items():
        head = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"'
        body += f"--{BOUNDARY}\r\n{head}\r\nContent-Type: {kind}\r\n\r\n".encode()
        body += content + b"\r\n"
    body += f"--{BOUNDARY}--\r\n".encode()
    return Hook(bytes(body), f"multipart/form-data; boundary={BOUNDARY}")


def as_json(told: dict[str, Any], **headers: str) -> Hook:
    return Hook(json.dumps(told).encode(), "application/json", headers)


# ---- Mailgun ------------------------------------------------------------------------------------


def signed_by_mailgun(token: str, *, age: float = 0, key: str = SIGNING_KEY) -> dict[str, str]:
    stamp = str(int(time.time() - age))
    digest = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    return {"timestamp": stamp, "token": token, "signature": digest}


def mailgun_raw(raw: bytes = RAW, *, token: str = "t1", to: str = SUPPORT, **more: Any) -> Hook:
    fields = {"recipient": to, "sender": "ana@outside.test", "body-mime": raw}
    return form({**fields, **signed_by_mailgun(token, **more)})


def mailgun_parsed(*, token: str = "t1", to: str = SUPPORT) -> Hook:
    headers = [
        ["From", "Ana <ana@outside.test>"],
        ["To", to],
        ["Subject", "A broken lamp"],
        ["Message-Id", "<lamp@outside.test>"],
        ["Authentication-Results", "mx.carteria.test; dkim=pass header.d=outside.test"],
        ["Content-Type", 'multipart/mixed; boundary="gone"'],
    ]
    fields = {
        "recipient": to,
        "sender": "ana@outside.test",
        "message-headers": json.dumps(headers),
        "body-plain": "It came in two pieces.\r\n",
        "body-html": '<p>It came in two pieces. <img src="cid:lamp"></p>',
        "attachment-count": "2",
        "content-id-map": json.dumps({"<lamp>": "attachment-1"}),
        **signed_by_mailgun(token),
    }
    files = {
        "attachment-1": ("lamp.png", "image/png", PIXEL),
        "attachment-2": ("", "text/plain; charset=iso-8859-1", b"Se\xf1ora"),
    }
    return form(fields, files)


PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

# ---- Postmark -----------------------------------------------------------------------------------


def postmark(*, event: str = "22c74902-a0c1-4511-804f-0000000000aa", **more: Any) -> Hook:
    told = {
        "From": "ana@outside.test",
        "FromName": "Ana",
        "FromFull": {"Email": "ana@outside.test", "Name": "Ana", "MailboxHash": ""},
        "To": '"Support" <support@carteria.test>',
        "ToFull": [{"Email": SUPPORT, "Name": "Support", "MailboxHash": ""}],
        "Cc": "",
        "OriginalRecipient": SUPPORT,
        "Subject": "A broken lamp",
        "MessageID": event,
        "ReplyTo": "",
        "Date": "Thu, 26 Nov 2026 10:00:00 +0000",
        "TextBody": "It came in two pieces.",
        "HtmlBody": "<p>It came in two pieces.</p>",
        "Headers": [
            {"Name": "Return-Path", "Value": "<ana@outside.test>"},
            {"Name": "Message-ID", "Value": "<lamp@outside.test>"},
            {"Name": "X-Spam-Status", "Value": "No"},
        ],
        "Attachments": [
            {
                "Name": "lamp.png",
                "Content": base64.b64encode(PIXEL).decode(),
                "ContentType": "image/png",
                "ContentLength": len(PIXEL),
                "ContentID": "",
            }
        ],
    }
    return as_json(told | more)


# ---- SendGrid -----------------------------------------------------------------------------------


def sendgrid_raw(raw: bytes = RAW, *, to: str = SUPPORT) -> Hook:
    envelope = json.dumps({"to": [to], "from": "ana@outside.test"})
    fields = {"email": raw, "envelope": envelope, "to": to, "subject": "Café", "spam_score": "0.1"}
    return form(fields)


def sendgrid_parsed() -> Hook:
    headers = (
        "From: Ana <ana@outside.test>\nTo: support@carteria.test\nSubject: A broken\n lamp\n"
        "Message-ID: <lamp@outside.test>\nContent-Type: multipart/mixed; boundary=gone\n"
    )
    fields: dict[str, bytes | str] = {
        "headers": headers,
        "envelope": json.dumps({"to": [SUPPORT], "from": "ana@outside.test"}),
        "charsets": json.dumps({"text": "iso-8859-1", "html": "UTF-8"}),
        "text": "Mañana, en dos.".encode("iso-8859-1"),
        "html": "<p>Mañana, en dos.</p>",
        "attachments": "1",
        "attachment-info": json.dumps(
            {"attachment1": {"filename": "lamp.png", "name": "lamp.png", "type": "image/png"}}
        ),
    }
    return form(fields, {"attachment1": ("lamp.png", "image/png", PIXEL)})


# ---- Brevo --------------------------------------------------------------------------------------


def brevo(*events: str, files: int = 0) -> Hook:
    return as_json({"items": [_brevo_mail(one, files) for one in events or ("b1",)]})


def _brevo_mail(event: str, files: int) -> dict[str, Any]:
    attachments = [
        {
            "Name": f"lamp{number}.png",
            "ContentType": "image/png",
            "ContentLength": len(PIXEL),
            "ContentID": "",
            "DownloadToken": f"token/{number}",
        }
        for number in range(files)
    ]
    return {
        "Uuid": [event],
        "MessageId": f"<{event}@outside.test>",
        "From": {"Name": "Ana", "Address": "ana@outside.test"},
        "To": [{"Name": None, "Address": SUPPORT}],
        "Recipients": [SUPPORT],
        "Subject": "A broken lamp",
        "RawHtmlBody": "<p>It came in two pieces.</p>",
        "RawTextBody": f"It came in two pieces, {event}.",
        "SpamScore": 0.2,
        "Attachments": attachments,
        "Headers": {
            "Return-Path": "<ana@outside.test>",
            "Received": ["from a by b; Thu, 26 Nov 2026 10:00:00 +0000", "from c by a"],
            "From": "Ana <ana@outside.test>",
            "To": SUPPORT,
            "Subject": "A broken lamp",
            "Message-ID": f"<{event}@outside.test>",
            "Date": "Thu, 26 Nov 2026 10:00:00 +0000",
        },
    }


# ---- Amazon -------------------------------------------------------------------------------------

CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-test.pem"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:support"


@cache
def amazons_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def amazons_certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    today, key = datetime.now(UTC), amazons_key()
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, today, today + timedelta(9))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def ses(raw: bytes = RAW, *, event: str = "s1", encoding: str = "BASE64", **more: Any) -> Hook:
    content = base64.b64encode(raw).decode() if encoding == "BASE64" else raw.decode()
    action = {"type": "SNS", "topicArn": TOPIC, "encoding": encoding}
    told: dict[str, Any] = {
        "notificationType": "Received",
        "receipt": {"recipients": [SUPPORT], "dkimVerdict": {"status": "PASS"}, "action": action},
        "mail": {"source": "ana@outside.test", "messageId": event, "destination": [SUPPORT]},
        "content": content,
    }
    return sns_message(event, json.dumps(told | more))


def sns_message(event: str, message: str, *, kind: str = "Notification", **more: Any) -> Hook:
    """MORE changes the message before it is signed; `after` changes it afterwards."""
    after = more.pop("after", {})
    told = {
        "Type": kind,
        "MessageId": event,
        "TopicArn": TOPIC,
        "Subject": "Amazon SES Email Receipt Notification",
        "Message": message,
        "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE,
    } | more
    digest = hashes.SHA1() if told["SignatureVersion"] == "1" else hashes.SHA256()
    seal = amazons_key().sign(sns.signed_text(told), padding.PKCS1v15(), digest)
    told |= {"Signature": base64.b64encode(seal).decode()} | after
    headers = {"x-amz-sns-message-type": kind, "x-amz-sns-message-id": event}
    return Hook(json.dumps(told).encode(), "text/plain; charset=UTF-8", headers)

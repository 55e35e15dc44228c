"""Amazon's SNS: whether a message is signed by it, and the answer to its first question.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html,
read on 2026-11-26. Anymail does not check these signatures (as of 15.2).
"""

import base64
import re
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import load_pem_x509_certificate
from django.utils.translation import gettext as _

from apps.channels.providers.proof import check_time, forged
from apps.core.errors import Forbidden, Unavailable
from apps.core.outside import guarded_client, within

_HOST = re.compile(r"sns\.[a-z0-9-]{3,40}\.amazonaws\.com(\.cn)?", re.ASCII)
_HASHES: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
SECONDS = 10.0
MOST_BYTES = 64 * 1024


def check(message: dict[str, Any]) -> None:
    """Raises Forbidden. The certificate comes from Amazon's own host, over TLS, or not at all."""
    algorithm = _HASHES.get(str(message.get("SignatureVersion")))
    try:
        signature = base64.b64decode(str(message.get("Signature", "")), validate=True)
        told = datetime.fromisoformat(str(message.get("Timestamp"))).timestamp()
    except ValueError:
        raise forged("Amazon SNS") from None
    if algorithm is None:
        raise forged("Amazon SNS")
    key = _key(_of_amazon(message.get("SigningCertURL")))
    try:
        key.verify(signature, signed_text(message), padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        raise forged("Amazon SNS") from None
    check_time(told)


def signed_text(message: dict[str, Any]) -> bytes:
    """Name and value on lines of their own, in the order of the alphabet."""
    names = _SIGNED.get(str(message.get("Type")), _SIGNED[""])
    there = (name for name in names if name in message)
    return "".join(f"{name}\n{message[name]}\n" for name in there).encode("utf-8", "replace")


def confirm(message: dict[str, Any]) -> None:
    """Says yes to a topic that knows our password. Only after `check`."""
    get(_of_amazon(message.get("SubscribeURL")))


def _of_amazon(address: object) -> str:
    text = str(address)
    try:
        parts = urlsplit(text)
        fine = parts.scheme == "https" and _HOST.fullmatch(parts.netloc)
    except ValueError:
        fine = None
    if not fine:
        sentence = _("The message names an address that is not Amazon's; it was not followed.")
        raise Forbidden("not-amazon", sentence)
    return text


@lru_cache(maxsize=16)
def _key(address: str) -> rsa.RSAPublicKey:
    """Amazon makes a new address when it makes a new certificate."""
    try:
        key = load_pem_x509_certificate(get(address)).public_key()
    except ValueError:
        raise forged("Amazon SNS") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise forged("Amazon SNS")
    return key


def get(address: str) -> bytes:
    """No redirects, no more than 64 kB; raises Unavailable, so that Amazon comes again."""
    try:
        with (
            within(SECONDS),
            guarded_client(ports=frozenset({443}), seconds=SECONDS) as client,
            client.stream("GET", address) as response,
        ):
            response.raise_for_status()
            return _bounded(response)
    except httpx.HTTPError:
        sentence = _("Amazon's signing certificate or confirmation page cannot be reached now.")
        raise Unavailable("amazon-away", sentence) from None


def _bounded(response: httpx.Response) -> bytes:
    content = bytearray()
    for piece in response.iter_raw():
        content += piece
        if len(content) > MOST_BYTES:
            raise httpx.ReadError("too long")
    return bytes(content)

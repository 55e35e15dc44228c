"""Requests to Amazon's services and their likes, signed (Signature Version 4)."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Signer:
    key: str
    secret: str = field(repr=False)
    region: str
    service: str


def signed(
    signer: Signer,
    method: str,
    host: str,
    path: str,
    more: Mapping[str, str],
    *,
    body: str,
    now: datetime,
) -> dict[str, str]:
    """MORE with what proves who asks; BODY is the SHA-256 of what is sent, PATH is encoded."""
    moment = now.strftime("%Y%m%dT%H%M%SZ")
    headers = dict(more) | {"x-amz-date": moment, "x-amz-content-sha256": body}
    lowered = {name.lower(): value for name, value in headers.items()}
    told = {name: value for name, value in lowered.items() if name.startswith("x-amz-")}
    told["host"] = host
    names = ";".join(sorted(told))
    lines = [method, path, "", *(f"{name}:{told[name]}" for name in sorted(told))]
    canonical = "\n".join([*lines, "", names, body])
    scope = f"{moment[:8]}/{signer.region}/{signer.service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join(["AWS4-HMAC-SHA256", moment, scope, digest])
    signature = hmac.new(_key(signer.secret, scope), to_sign.encode(), "sha256").hexdigest()
    headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={signer.key}/{scope}, SignedHeaders={names},"
        f" Signature={signature}"
    )
    return headers


def _key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    return key

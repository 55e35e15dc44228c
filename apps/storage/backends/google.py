"""Google Cloud Storage, with the key of a service account.

Written from Google's documentation, read on 2026-11-26: service accounts
(https://developers.google.com/identity/protocols/oauth2/service-account), uploads
(https://cloud.google.com/storage/docs/json_api/v1/objects/insert), `ifGenerationMatch=0`
(https://cloud.google.com/storage/docs/request-preconditions).
"""

import base64
import json
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from apps.core.sentences import gettext_noop as _
from apps.storage.backends.base import (
    Content,
    Damaged,
    Missing,
    Occupied,
    StorageError,
    hashed,
    joined,
    md5_of,
)
from apps.storage.backends.web import Web

SERVICE = "https://storage.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
AUDIENCE = "https://oauth2.googleapis.com/token"  # always this one
LIFETIME = 3600  # seconds of a token
EARLY = 120  # seconds before its end in which a new one is fetched


@dataclass(frozen=True, slots=True)
class GoogleAccess:
    """SECRET is the JSON file of a service account's key, as Google hands it out."""

    bucket: str
    endpoint: str = ""
    folder: str = ""
    secret: str = field(default="", repr=False)


class GoogleBackend:
    def __init__(self, client: httpx.Client, access: GoogleAccess) -> None:
        self._access = access
        self._service = access.endpoint.rstrip("/") or SERVICE
        host = httpx.URL(self._service).host
        self._web = Web(client, host, self._cause)
        self._token, self._token_ends = "", 0.0

    def create(self, path: str, content: Content) -> None:
        """In one request of two parts, its facts and its bytes; the service checks the MD5."""
        md5 = base64.b64encode(md5_of(content)).decode()
        facts = {
            "name": joined(self._access.folder, path),
            "md5Hash": md5,
            "contentType": "application/octet-stream",
            "metadata": {"sha256": content.sha256},
        }
        bucket = quote(self._access.bucket, safe="")
        url = f"{self._service}/upload/storage/v1/b/{bucket}/o"
        answer = self._web.ask(
            self._two_parts(url, facts, content, uploadType="multipart", ifGenerationMatch="0")
        )
        if _read(answer).get("md5Hash", md5) != md5:
            self.delete(path)
            raise Damaged

    def sha256_of(self, path: str) -> str | None:
        """As we said when it arrived whole."""
        try:
            facts = _read(self._web.ask(self._request("GET", path)))
        except Missing:
            return None
        told = (facts.get("metadata") or {}).get("sha256")
        return str(told) if told else hashed(self.read(path))

    def read(self, path: str) -> Iterator[bytes]:
        return self._web.pieces(self._request("GET", path, alt="media"))

    def delete(self, path: str) -> None:
        self._web.delete(self._request("DELETE", path))

    def close(self) -> None:
        self._web.close()

    # ---- requests ------------------------------------------------------------------------------

    def _request(self, method: str, path: str, **query: str) -> httpx.Request:
        bucket = quote(self._access.bucket, safe="")
        name = quote(joined(self._access.folder, path), safe="")
        url = f"{self._service}/storage/v1/b/{bucket}/o/{name}"
        return self._web.client.build_request(
            method, url, params=query or None, headers=self._authorized()
        )

    def _two_parts(
        self, url: str, facts: Mapping[str, object], content: Content, **query: str
    ) -> httpx.Request:
        mark = uuid.uuid4().hex
        head = (
            f"--{mark}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{json.dumps(facts)}"
            f"\r\n--{mark}\r\nContent-Type: application/octet-stream\r\n\r\n"
        ).encode()
        tail = f"\r\n--{mark}--\r\n".encode()

        def body() -> Iterator[bytes]:
            yield head
            yield from content.checked()
            yield tail

        headers = self._authorized() | {
            "Content-Type": f"multipart/related; boundary={mark}",
            "Content-Length": str(len(head) + content.size + len(tail)),
        }
        return self._web.client.build_request(
            "POST", url, params=query, headers=headers, content=body()
        )

    def _authorized(self) -> dict[str, str]:
        if time.monotonic() > self._token_ends - EARLY:
            self._fetch_token()
        return {"Authorization": f"Bearer {self._token}"}

    def _fetch_token(self) -> None:
        account = ServiceAccount.read(self._access.secret)
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": account.assertion(int(time.time())),
        }
        asked = self._web.client.build_request("POST", account.token_uri, data=form)
        answer = _read(Web(self._web.client, asked.url.host, _token_cause).ask(asked))
        self._token = str(answer.get("access_token") or "")
        self._token_ends = time.monotonic() + float(answer.get("expires_in") or LIFETIME)

    def _cause(self, response: httpx.Response, said: str) -> StorageError | None:
        facts = {"host": httpx.URL(self._service).host, "bucket": self._access.bucket}
        if response.status_code == 412:
            return Occupied()
        if response.status_code == 401:
            self._token_ends = 0.0
        if response.status_code == 404 and "bucket does not exist" in said:
            words = _("There is no bucket “%(bucket)s” at %(host)s: make it, or check the name.")
            return StorageError(words, facts, code="no-bucket")
        if response.status_code == 400 and "MD5" in said:
            return Damaged()
        return None


def _token_cause(response: httpx.Response, said: str) -> StorageError | None:
    """invalid_grant stands for a wrong key and for a wrong clock; the date has told the latter."""
    if response.status_code not in (400, 401, 403):
        return None
    if "short-lived token" in said:
        words = _("The clock of this machine is wrong, so Google trusts no request of it.")
        return StorageError(words, code="clock")
    words = _("Google does not accept the service account's key: make a new one there.")
    return StorageError(words, code="key")


def _read(answer: httpx.Response) -> dict[str, Any]:
    try:
        read = answer.json()
    except ValueError:
        read = None
    if isinstance(read, dict):
        return read
    words = _("%(host)s answers with a page instead of data: check the address.")
    raise StorageError(words, {"host": answer.url.host}, code="trouble")


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    email: str
    token_uri: str
    key_id: str
    key: rsa.RSAPrivateKey = field(repr=False)

    @classmethod
    def read(cls, text: str) -> "ServiceAccount":
        words = _("This is not the JSON key of a service account: paste the whole file.")
        try:
            told = json.loads(text)
            key = serialization.load_pem_private_key(told["private_key"].encode(), None)
            email, uri = str(told["client_email"]), str(told["token_uri"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise StorageError(words, code="key") from None
        if not isinstance(key, rsa.RSAPrivateKey):
            raise StorageError(words, code="key")
        return cls(email, uri, str(told.get("private_key_id", "")), key)

    def assertion(self, now: int) -> str:
        """A JSON Web Token (RFC 7523), signed with RS256."""
        head = {"alg": "RS256", "typ": "JWT", "kid": self.key_id}
        claims = {
            "iss": self.email,
            "scope": SCOPE,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + LIFETIME,
        }
        text = ".".join(_packed(json.dumps(part).encode()) for part in (head, claims))
        signature = self.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{_packed(signature)}"


def _packed(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

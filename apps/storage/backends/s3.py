"""Amazon S3, and what speaks like it: MinIO, Ceph, Wasabi, Backblaze, R2.

Written from Amazon's documentation, read on 2026-11-26: signing
(https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html), PutObject with
`If-None-Match: *` and `x-amz-checksum-sha256`
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html).
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

import httpx

from apps.core import aws
from apps.core.aws import Signer
from apps.core.sentences import gettext_noop as _
from apps.storage.backends.base import (
    Content,
    Damaged,
    Missing,
    Occupied,
    StorageError,
    hashed,
    joined,
)
from apps.storage.backends.web import Web, code_of

NOTHING = hashlib.sha256(b"").hexdigest()
NO_KEY = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"})
WRONG_REGION = frozenset({"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocation"})


@dataclass(frozen=True, slots=True)
class S3Access:
    bucket: str
    region: str = ""
    endpoint: str = ""  # empty: Amazon's own
    folder: str = ""
    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)

    @property
    def base(self) -> str:
        """Amazon wants the bucket in the host; a dot in it would not fit its certificate."""
        if self.endpoint:
            return f"{self.endpoint.rstrip('/')}/{quote(self.bucket)}"
        if "." in self.bucket:
            return f"https://s3.{self.region}.amazonaws.com/{quote(self.bucket)}"
        return f"https://{quote(self.bucket)}.s3.{self.region}.amazonaws.com"


class S3Backend:
    def __init__(self, client: httpx.Client, access: S3Access) -> None:
        self._access = access
        self._host = httpx.URL(access.base).host
        self._web = Web(client, self._host, self._cause)
        # Some that are only compatible know neither the condition nor the checksum.
        self._is_plain = False

    def create(self, path: str, content: Content) -> None:
        """Asked first as well: a service that ignores the condition would overwrite."""
        if (self._access.endpoint or self._is_plain) and self._head(path) is not None:
            raise Occupied
        try:
            answer = self._web.ask(self._put(path, content))
        except _NotKnown:
            self._is_plain = True
            answer = self._web.ask(self._put(path, content))
        if _checksum(answer.headers) not in ("", content.sha256):
            self.delete(path)
            raise Damaged
        if not _checksum(answer.headers) and self.sha256_of(path) != content.sha256:
            self.delete(path)
            raise Damaged

    def sha256_of(self, path: str) -> str | None:
        """As the service counted it; where it does not, as we said and it checked on arrival."""
        headers = self._head(path)
        if headers is None:
            return None
        told = _checksum(headers) or headers.get("x-amz-meta-sha256", "")
        return told or hashed(self.read(path))

    def read(self, path: str) -> Iterator[bytes]:
        return self._web.pieces(self._request("GET", path))

    def delete(self, path: str) -> None:
        self._web.delete(self._request("DELETE", path))

    def close(self) -> None:
        self._web.close()

    # ---- requests ------------------------------------------------------------------------------

    def _put(self, path: str, content: Content) -> httpx.Request:
        more = {
            "Content-Length": str(content.size),
            "Content-Type": "application/octet-stream",
            "x-amz-meta-sha256": content.sha256,
        }
        if not self._is_plain:
            checksum = base64.b64encode(bytes.fromhex(content.sha256)).decode()
            more |= {"If-None-Match": "*", "x-amz-checksum-sha256": checksum}
        return self._request("PUT", path, more, content)

    def _head(self, path: str) -> httpx.Headers | None:
        asked = self._request("HEAD", path, {"x-amz-checksum-mode": "ENABLED"})
        try:
            return self._web.ask(asked).headers
        except Missing:
            return None

    def _request(
        self,
        method: str,
        path: str,
        more: Mapping[str, str] | None = None,
        content: Content | None = None,
    ) -> httpx.Request:
        place = quote(joined(self._access.folder, path), safe="/-_.~")
        url = httpx.URL(f"{self._access.base}/{place}")
        body = content.sha256 if content else NOTHING
        headers = signed(self._access, method, url, more or {}, body=body, now=datetime.now(UTC))
        return self._web.client.build_request(
            method, url, headers=headers, content=content.checked() if content else None
        )

    # ---- what went wrong -----------------------------------------------------------------------

    def _cause(self, response: httpx.Response, said: str) -> StorageError | None:
        code = code_of(said)
        facts = {"host": self._host, "bucket": self._access.bucket}
        if response.status_code == 412:
            return Occupied()
        if response.status_code == 409:
            return StorageError(_("%(host)s asks us to wait."), facts, code="busy")
        if response.status_code == 501 and not self._is_plain:
            return _NotKnown(_("%(host)s does not know this kind of request."), code="settings")
        if code == "RequestTimeTooSkewed":
            words = _("The clock of this machine is wrong, so %(host)s trusts no request of it.")
            return StorageError(words, facts, code="clock")
        if code in NO_KEY:
            words = _("%(host)s does not accept the access key or its secret: enter them again.")
            return StorageError(words, facts, code="key")
        if code == "NoSuchBucket":
            words = _("There is no bucket “%(bucket)s” at %(host)s: make it, or check the name.")
            return StorageError(words, facts, code="no-bucket")
        if code in WRONG_REGION or response.status_code in (301, 307):
            facts["region"] = response.headers.get("x-amz-bucket-region", "?")
            words = _("The bucket “%(bucket)s” is in another region (%(region)s): enter that one.")
            return StorageError(words, facts, code="settings")
        return None


class _NotKnown(StorageError):
    """The service answers that it does not know the condition or the checksum."""


def _checksum(headers: httpx.Headers) -> str:
    """Of the whole object, in hexadecimal; a checksum of parts carries their number behind."""
    told = headers.get("x-amz-checksum-sha256", "")
    try:
        return base64.b64decode(told, validate=True).hex()
    except ValueError:
        return ""


# ---- signing ------------------------------------------------------------------------------------


def signed(
    access: S3Access,
    method: str,
    url: httpx.URL,
    more: Mapping[str, str],
    *,
    body: str,
    now: datetime,
) -> dict[str, str]:
    """BODY is the SHA-256 of what is sent."""
    signer = Signer(access.key, access.secret, access.region or "us-east-1", "s3")
    host, path = url.netloc.decode(), url.raw_path.decode()
    spaced = {name: " ".join(value.split()) for name, value in more.items()}
    return aws.signed(signer, method, host, path, spaced, body=body, now=now)

"""Azure Blob Storage, with the account's key.

Written from Microsoft's documentation, read on 2026-11-26: Shared Key
(https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key), Put Blob
(https://learn.microsoft.com/rest/api/storageservices/put-blob).
"""

import base64
import binascii
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import quote

import httpx

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
from apps.storage.backends.web import Web, code_of, lowered

VERSION = "2021-12-02"
# In this order they are signed, empty where the request has none.
SIGNED = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)


@dataclass(frozen=True, slots=True)
class AzureAccess:
    account: str
    container: str
    endpoint: str = ""  # empty: Microsoft's own; else with the account, as an emulator has it
    folder: str = ""
    secret: str = field(default="", repr=False)

    @property
    def base(self) -> str:
        service = self.endpoint.rstrip("/") or f"https://{self.account}.blob.core.windows.net"
        return f"{service}/{quote(self.container)}"


class AzureBackend:
    def __init__(self, client: httpx.Client, access: AzureAccess) -> None:
        self._access = access
        self._host = httpx.URL(access.base).host
        self._web = Web(client, self._host, self._cause)

    def create(self, path: str, content: Content) -> None:
        """The service checks the MD5 on arrival, and answers with what it counted."""
        md5 = base64.b64encode(md5_of(content)).decode()
        headers = {
            "Content-Length": str(content.size),
            "Content-MD5": md5,
            "Content-Type": "application/octet-stream",
            "If-None-Match": "*",
            "x-ms-blob-type": "BlockBlob",
            "x-ms-meta-sha256": content.sha256,
        }
        answer = self._web.ask(self._request("PUT", path, headers, content))
        if answer.headers.get("Content-MD5", md5) != md5:
            self.delete(path)
            raise Damaged

    def sha256_of(self, path: str) -> str | None:
        """As we said when it arrived whole."""
        try:
            answer = self._web.ask(self._request("HEAD", path))
        except Missing:
            return None
        return answer.headers.get("x-ms-meta-sha256") or hashed(self.read(path))

    def read(self, path: str) -> Iterator[bytes]:
        return self._web.pieces(self._request("GET", path))

    def delete(self, path: str) -> None:
        self._web.delete(self._request("DELETE", path))

    def close(self) -> None:
        self._web.close()

    def _request(
        self,
        method: str,
        path: str,
        more: Mapping[str, str] | None = None,
        content: Content | None = None,
    ) -> httpx.Request:
        place = quote(joined(self._access.folder, path), safe="/-_.~")
        url = httpx.URL(f"{self._access.base}/{place}")
        headers = signed(self._access, method, url, more or {}, now=datetime.now(UTC))
        return self._web.client.build_request(
            method, url, headers=headers, content=content.checked() if content else None
        )

    def _cause(self, response: httpx.Response, said: str) -> StorageError | None:
        code = response.headers.get("x-ms-error-code") or code_of(said)
        facts = {"host": self._host, "bucket": self._access.container}
        match code:
            case "BlobAlreadyExists":
                return Occupied()
            case "Md5Mismatch":
                return Damaged()
            case "AuthenticationFailed" | "InvalidAuthenticationInfo":
                words = _("%(host)s does not accept the account's key: enter it again.")
                return StorageError(words, facts, code="key")
            case "ContainerNotFound":
                words = _("There is no container “%(bucket)s” at %(host)s: make it, or check it.")
                return StorageError(words, facts, code="no-bucket")
            case "ContainerBeingDeleted" | "ServerBusy":
                return StorageError(_("%(host)s asks us to wait."), facts, code="busy")
        return None


def signed(
    access: AzureAccess, method: str, url: httpx.URL, more: Mapping[str, str], *, now: datetime
) -> dict[str, str]:
    """Headers with the signature of the account's key over all of them."""
    stamp = format_datetime(now.astimezone(UTC), usegmt=True)
    headers = dict(more) | {"x-ms-date": stamp, "x-ms-version": VERSION}
    told = lowered(headers)
    if told.get("content-length") == "0":
        told["content-length"] = ""
    ours = sorted(name for name in told if name.startswith("x-ms-"))
    lines = [method, *(told.get(name, "") for name in SIGNED)]
    lines += [f"{name}:{told[name]}" for name in ours]
    lines.append(f"/{access.account}{url.raw_path.decode()}")
    digest = hmac.new(_key(access.secret), "\n".join(lines).encode(), "sha256").digest()
    signature = base64.b64encode(digest).decode()
    return headers | {"Authorization": f"SharedKey {access.account}:{signature}"}


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        words = _("This is not the key of a storage account: copy key1 or key2 whole.")
        raise StorageError(words, code="key") from None

"""Small fakes of Azure Blob Storage and Google Cloud Storage: the part of their protocols that we
speak, with every signature checked (Microsoft's and Google's documentation, read on 2026-11-26)."""

import base64
import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ACCOUNT = "carteria"
AZURE_KEY = base64.b64encode(b"k" * 64).decode()
Answer = tuple[int, dict[str, str], bytes]


@dataclass(slots=True)
class Cloud:
    """What it holds: (bucket, name) → bytes and facts. `failing` answers the next requests."""

    url: str = ""
    buckets: set[str] = field(default_factory=lambda: {"files"})
    held: dict[tuple[str, str], tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    failing: list[Answer] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    key: rsa.RSAPrivateKey | None = None
    tokens: int = 0

    def service_account(self) -> str:
        assert self.key is not None
        pem = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        told = {
            "type": "service_account",
            "client_email": "carteria@project.iam.gserviceaccount.com",
            "private_key_id": "1",
            "private_key": pem.decode(),
            "token_uri": f"{self.url}/token",
        }
        return json.dumps(told)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one answer, one packet
    cloud: ClassVar[Cloud]

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.cloud.asked.append(f"{self.command} {self.path}")
        status, headers, content = self._answer(body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _serve

    def _answer(self, body: bytes) -> Answer:
        if self.cloud.failing and not self.path.startswith("/token"):
            return self.cloud.failing.pop(0)
        return self.handle_it(body)

    def handle_it(self, body: bytes) -> Answer:
        raise NotImplementedError

    def log_message(self, format: str, *args: Any) -> None:
        pass


# ---- Azure --------------------------------------------------------------------------------------


class _Azure(_Handler):
    def handle_it(self, body: bytes) -> Answer:
        if self.headers.get("Authorization") != self._expected():
            return _azure_error(403, "AuthenticationFailed")
        _empty, _account, container, name = unquote(self.path).split("/", 3)
        if container not in self.cloud.buckets:
            return _azure_error(404, "ContainerNotFound")
        place = (container, name)
        if self.command == "PUT":
            return self._put(place, body)
        if place not in self.cloud.held:
            return _azure_error(404, "BlobNotFound")
        content, facts = self.cloud.held[place]
        if self.command == "DELETE":
            del self.cloud.held[place]
            return 202, {}, b""
        return 200, {"x-ms-meta-sha256": facts["sha256"]}, content

    def _put(self, place: tuple[str, str], body: bytes) -> Answer:
        md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
        if self.headers.get("Content-MD5", md5) != md5:
            return _azure_error(400, "Md5Mismatch")
        if self.headers.get("If-None-Match") == "*" and place in self.cloud.held:
            return _azure_error(409, "BlobAlreadyExists")
        assert self.headers["x-ms-blob-type"] == "BlockBlob"
        self.cloud.held[place] = (body, {"sha256": self.headers["x-ms-meta-sha256"]})
        return 201, {"Content-MD5": md5}, b""

    def _expected(self) -> str:
        """The string to sign, line by line as the documentation lists it."""
        got = self.headers
        length = got.get("Content-Length", "")
        listed = f"{self.command}\n\n\n{'' if length == '0' else length}\n"
        listed += f"{got.get('Content-MD5', '')}\n{got.get('Content-Type', '')}\n\n\n\n"
        listed += f"{got.get('If-None-Match', '')}\n\n\n"
        for name in sorted(one.lower() for one in got if one.lower().startswith("x-ms-")):
            listed += f"{name}:{got[name]}\n"
        listed += f"/{ACCOUNT}{self.path}"
        digest = hmac.digest(base64.b64decode(AZURE_KEY), listed.encode(), "sha256")
        return f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"


def _azure_error(status: int, code: str) -> Answer:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>"
    return status, {"x-ms-error-code": code}, body.encode()


# ---- Google -------------------------------------------------------------------------------------


class _Google(_Handler):
    def handle_it(self, body: bytes) -> Answer:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/token":
            return self._token(parse_qs(body.decode()))
        if self.headers.get("Authorization") != f"Bearer token-{self.cloud.tokens}":
            return _google_error(401, "Invalid Credentials")
        found = re.fullmatch(r"(?:/upload)?/storage/v1/b/([^/]+)/o(?:/([^/]+))?", parts.path)
        assert found, self.path
        bucket = unquote(found[1])
        if bucket not in self.cloud.buckets:
            return _google_error(404, "The specified bucket does not exist.")
        if self.command == "POST":
            return self._insert(bucket, query, body)
        return self._object((bucket, unquote(found[2])), query)

    def _object(self, place: tuple[str, str], query: dict[str, str]) -> Answer:
        if place not in self.cloud.held:
            return _google_error(404, f"No such object: {place[1]}")
        content, facts = self.cloud.held[place]
        if self.command == "DELETE":
            del self.cloud.held[place]
            return 204, {}, b""
        if query.get("alt") == "media":
            return 200, {}, content
        return _json({"name": place[1], "metadata": facts})

    def _insert(self, bucket: str, query: dict[str, str], body: bytes) -> Answer:
        assert query["uploadType"] == "multipart"
        mark = self.headers["Content-Type"].partition("boundary=")[2].strip('"').encode()
        _before, head, rest = body.split(b"--" + mark + b"\r\n", 2)
        facts = json.loads(head.split(b"\r\n\r\n", 1)[1])
        content = rest.split(b"\r\n\r\n", 1)[1].rpartition(b"\r\n--" + mark + b"--")[0]
        md5 = base64.b64encode(hashlib.md5(content).digest()).decode()
        if facts.get("md5Hash", md5) != md5:
            return _google_error(400, "Provided MD5 hash does not match")
        place = (bucket, facts["name"])
        if query.get("ifGenerationMatch") == "0" and place in self.cloud.held:
            return _google_error(412, "At least one of the pre-conditions did not hold.")
        self.cloud.held[place] = (content, facts["metadata"])
        return _json({"name": place[1], "md5Hash": md5})

    def _token(self, form: dict[str, list[str]]) -> Answer:
        assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        text, _dot, signature = form["assertion"][0].rpartition(".")
        assert self.cloud.key is not None
        try:
            self.cloud.key.public_key().verify(
                _unpacked(signature), text.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            return _json({"error": "invalid_grant", "error_description": "Bad signature"}, 400)
        claims = json.loads(_unpacked(text.partition(".")[2]))
        assert claims["aud"] == "https://oauth2.googleapis.com/token"
        if abs(claims["iat"] - time.time()) > 300:
            said = "Invalid JWT: Token must be a short-lived token"
            return _json({"error": "invalid_grant", "error_description": said}, 400)
        self.cloud.tokens += 1
        return _json({"access_token": f"token-{self.cloud.tokens}", "expires_in": 3599})


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _json(told: dict[str, Any], status: int = 200) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(told).encode()


def _google_error(status: int, message: str) -> Answer:
    return _json({"error": {"code": status, "message": message}}, status)


# ---- running ------------------------------------------------------------------------------------


@contextmanager
def azure() -> Iterator[Cloud]:
    with _running(_Azure, Cloud()) as cloud:
        yield cloud


@contextmanager
def google() -> Iterator[Cloud]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with _running(_Google, Cloud(key=key)) as cloud:
        yield cloud


@contextmanager
def _running(handler: type[_Handler], cloud: Cloud) -> Iterator[Cloud]:
    bound = type("Bound", (handler,), {"cloud": cloud})
    server = ThreadingHTTPServer(("127.0.0.1", 0), bound)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    cloud.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield cloud
    finally:
        server.shutdown()
        server.server_close()

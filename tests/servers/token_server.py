"""A token server on loopback (RFC 6749, 7636, 7662): it rotates, throttles, revokes, lies, denies.

`/authorize` answers as if a person had clicked *allow*; `/token` trades codes, refresh tokens and
the application's own secret; `/introspect` tells a mail server whose an access token is. As a fixture
it behaves at the beginning of each test, and a test changes its behaviour at any time.
"""

import base64
import hashlib
import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

CLIENT, SECRET = "the-client", "the-secret"
REDIRECT = "http://console.test/settings/oauth/callback/"
Answer = tuple[int, dict[str, str], dict[str, Any] | str]


@dataclass(slots=True)
class Token:
    """What was granted: to whom, for which scopes; `live` until it is revoked or rotated away."""

    user: str
    scopes: str
    live: bool = True


@dataclass(slots=True)
class TokenServer:
    port: int = 0
    client: str = CLIENT
    secret: str = SECRET
    redirect: str = REDIRECT
    user: str = "user1"  # who signs in, and whose mailbox the application opens
    claims: dict[str, Any] = field(default_factory=dict)  # into the id_token, over the usual ones
    granted: str | None = None  # scopes that are granted whatever is asked for
    rotates: bool = True  # a refresh token is good once
    lasts: object = 3600  # what expires_in says; None: nothing
    denies: str = ""  # an error in place of a code
    scripted: list[Answer] = field(
        default_factory=list
    )  # said to the next questions, first one first
    asked: list[dict[str, str]] = field(default_factory=list)  # bodies that /token heard
    refused_refreshes: int = 0
    access: dict[str, Token] = field(default_factory=dict)
    refresh: dict[str, Token] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    may_answer: threading.Event = field(default_factory=threading.Event)  # clear it: wait there
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def behave(self) -> None:
        """As it was in the beginning, with an empty memory."""
        good = TokenServer()
        for name in ("client", "secret", "redirect", "user", "claims", "granted", "rotates",
                     "lasts", "denies", "scripted", "asked", "refused_refreshes", "access",
                     "refresh", "codes"):  # fmt: skip
            setattr(self, name, getattr(good, name))
        self.may_answer.set()

    def grant(self, user: str = "", scopes: str = "mail") -> str:
        """A refresh token, as if somebody had signed in."""
        return self._new(self.refresh, Token(user or self.user, scopes))

    def revoke(self) -> None:
        """Everything that anybody was granted."""
        for token in (*self.access.values(), *self.refresh.values()):
            token.live = False

    def end_access(self) -> None:
        """Access tokens end before they said they would."""
        for token in self.access.values():
            token.live = False

    def questions(self, kind: str) -> int:
        return sum(one.get("grant_type") == kind for one in self.asked)

    def knows(self, user: str, token: str) -> bool:
        known = self.access.get(token)
        return known is not None and known.live and known.user == user

    # ---- what it answers --------------------------------------------------------------------

    def authorize(self, words: dict[str, str]) -> Answer:
        if words.get("client_id") != self.client or words.get("redirect_uri") != self.redirect:
            return 400, {}, "redirect_uri does not match"  # never sent back to a stranger
        back = {"state": words.get("state", "")}
        if self.denies:
            back |= {"error": self.denies, "error_description": "AADSTS65004: declined"}
        else:
            code = f"code-{next(self._numbers)}"
            self.codes[code] = words
            back["code"] = code
        return 302, {"Location": f"{self.redirect}?{urlencode(back)}"}, ""

    def token(self, words: dict[str, str]) -> Answer:
        with self._lock:
            self.asked.append(words)
            if self.scripted:
                return self.scripted.pop(0)
            if (words.get("client_id"), words.get("client_secret")) != (self.client, self.secret):
                return _error("invalid_client", "AADSTS7000222: the client secret has expired", 401)
            trade = getattr(self, f"_by_{words.get('grant_type')}", None)
            return trade(words) if trade else _error("unsupported_grant_type")

    def introspect(self, words: dict[str, str]) -> Answer:
        known = self.access.get(words.get("token", ""))
        if known is None or not known.live:
            return 200, {}, {"active": False}
        return 200, {}, {"active": True, "username": known.user, "scope": known.scopes}

    def _by_authorization_code(self, words: dict[str, str]) -> Answer:
        begun = self.codes.pop(words.get("code", ""), None)
        if begun is None or begun["redirect_uri"] != words.get("redirect_uri"):
            return _error("invalid_grant", "AADSTS54005: the code was already redeemed")
        if begun["code_challenge"] != _challenge(words.get("code_verifier", "")):
            return _error("invalid_grant", "AADSTS501481: the verifier does not match")
        scopes = begun["scope"] if self.granted is None else self.granted
        return self._granted(Token(self.user, scopes), refresh=True)

    def _by_refresh_token(self, words: dict[str, str]) -> Answer:
        given = self.refresh.get(words.get("refresh_token", ""))
        if given is None or not given.live:
            self.refused_refreshes += 1
            return _error("invalid_grant", "AADSTS700082: the refresh token has expired")
        given.live = not self.rotates
        scopes = given.scopes if self.granted is None else self.granted
        return self._granted(Token(given.user, scopes), refresh=self.rotates)

    def _by_client_credentials(self, words: dict[str, str]) -> Answer:
        return self._granted(Token(self.user, words.get("scope", "")), refresh=False)

    def _granted(self, token: Token, *, refresh: bool) -> Answer:
        answer: dict[str, Any] = {
            "access_token": self._new(self.access, Token(token.user, token.scopes)),
            "token_type": "Bearer",
            "scope": token.scopes,
            "id_token": self._identity(token.user),
        }
        if self.lasts is not None:
            answer["expires_in"] = self.lasts
        if refresh:
            answer["refresh_token"] = self._new(self.refresh, token)
        return 200, {}, answer

    def _new(self, kept: dict[str, Token], token: Token) -> str:
        name = f"token-{next(self._numbers)}-{'x' * 900}"  # about as long as real ones
        kept[name] = token
        return name

    def _identity(self, user: str) -> str:
        claims = {"aud": self.client, "email": user, "preferred_username": user} | self.claims
        body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
        return f"e30.{body}.c2ln"


def _error(code: str, description: str = "", status: int = 400) -> Answer:
    return status, {}, {"error": code, "error_description": description}


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class _Handler(BaseHTTPRequestHandler):
    served: TokenServer

    def do_GET(self) -> None:
        path = urlsplit(self.path)
        words = _flat(path.query)
        ways = {"/authorize": self.served.authorize, "/introspect": self.served.introspect}
        self._say(ways[path.path](words) if path.path in ways else (404, {}, "nothing here"))

    def do_POST(self) -> None:
        words = _flat(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if urlsplit(self.path).path != "/token":
            self._say((404, {}, "nothing here"))
            return
        answer = self.served.token(words)
        self.served.may_answer.wait(20)
        self._say(answer)

    def _say(self, answer: Answer) -> None:
        status, headers, content = answer
        body = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Tests say for themselves what was asked."""


def _flat(query: str) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(query, keep_blank_values=True).items()}


@contextmanager
def running_token_server() -> Iterator[TokenServer]:
    """In a thread of its own until the block ends."""
    served = TokenServer()
    handler = type("Handler", (_Handler,), {"served": served})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        served.port = http.server_port
        served.behave()
        threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}).start()
        try:
            yield served
        finally:
            served.may_answer.set()
            http.shutdown()


@pytest.fixture(scope="session")
def _one_token_server() -> Iterator[TokenServer]:
    with running_token_server() as server:
        yield server


@pytest.fixture
def token_server(_one_token_server: TokenServer) -> Iterator[TokenServer]:
    _one_token_server.behave()
    yield _one_token_server
    _one_token_server.behave()

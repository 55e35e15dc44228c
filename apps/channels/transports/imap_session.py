"""A signed-in IMAP connection whose every failure is a TransportError in plain words."""

import contextlib
import imaplib
import re
import ssl
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Self

from apps.channels.transports import imap_text, imap_wire, xoauth2
from apps.channels.transports.certificate import certificate_until
from apps.channels.transports.errors import (
    Refused,
    TransportError,
    connection_error,
    tls_context,
)
from apps.channels.transports.imap_wire import Wire
from apps.channels.transports.login import Login, SaysPlainly
from apps.core.sentences import gettext_noop

_THROTTLED = re.compile(
    rb"\[(UNAVAILABLE|LIMIT|INUSE|THROTTLED)\b|authenticated but not connected|too many|throttl"
    rb"|try again later|temporar",
    re.I,
)
# Microsoft 365 says so to whoever asks too much, and where the token's owner may not come in.
_NOT_CONNECTED = re.compile(rb"authenticated but not connected", re.I)
_DISABLED = re.compile(
    rb"\[PRIVACYREQUIRED\]|disabled|disallowed|not supported|not enabled|plaintext|mechanism", re.I
)
_FULL = re.compile(rb"\[OVERQUOTA\]|quota exceeded|over quota", re.I)

Command = Callable[[], tuple[str, list[Any]]]


class ImapSession(SaysPlainly):
    """Connects, encrypts, signs in, asks; what is asked is the inbox's matter."""

    def __init__(self, login: Login) -> None:
        self._login = login
        with self._plain_words():
            self._client = self._open()
        try:
            with self._plain_words():
                self._encrypt()
                self._sign_in()
        except BaseException:
            self._client.shutdown()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Says goodbye if the server still listens."""
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            self._client.allow(2)
            self._client.logout()
        self.cut()

    def cut(self) -> None:
        """Ends the connection at once, from any thread: whoever reads gets an error."""
        self._client.shutdown()

    @property
    def certificate_until(self) -> datetime | None:
        return certificate_until(self._client.sock)

    # ---- signing in -------------------------------------------------------------------

    def _open(self) -> Wire:
        login = self._login
        implicit = tls_context(login.ca_file) if login.tls == "implicit" else None
        try:
            return Wire(login.host, login.port, implicit=implicit)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            raise self._no(str(error).encode()) from None  # a greeting of BYE, or of nonsense

    def _encrypt(self) -> None:
        if self._login.tls != "starttls":
            return
        context = tls_context(self._login.ca_file)
        if "STARTTLS" not in self._client.capabilities or not self._client.starttls_with(context):
            raise self._error(
                "tls",
                gettext_noop(
                    "%(host)s:%(port)s offers no STARTTLS; choose implicit TLS with its port."
                ),
            )

    def _sign_in(self) -> None:
        client, login = self._client, self._login
        if client.state == "AUTH":  # PREAUTH: the connection itself is the proof
            return
        if login.token:
            self._show_token()
            return
        if "LOGINDISABLED" in client.capabilities:
            raise self._method_disabled()
        try:
            if "AUTH=PLAIN" in client.capabilities:
                secret = f"\0{login.user}\0{login.password}".encode()
                client.authenticate("PLAIN", lambda _challenge: secret)
            else:
                self._log_in()
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            raise self._login_error(str(error).encode()) from None
        client.ask_capabilities()

    def _show_token(self) -> None:
        client, login = self._client, self._login
        offered = [one.removeprefix("AUTH=") for one in client.capabilities]
        mechanism = xoauth2.mechanism_of(offered)
        if not mechanism:
            raise xoauth2.no_mechanism(login.host, login.port)
        first = xoauth2.first_words(
            mechanism, login.user, login.token, host=login.host, port=login.port
        )
        challenges: list[bytes] = []

        def answer(challenge: bytes) -> bytes:
            challenges.append(challenge)
            return first if len(challenges) == 1 else xoauth2.last_words(mechanism)

        try:
            client.authenticate(mechanism, answer)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            raise self._token_error(str(error).encode(), challenges[1:]) from None
        client.ask_capabilities()

    def _token_error(self, answer: bytes, challenges: Sequence[bytes]) -> TransportError:
        login = self._login
        if _THROTTLED.search(answer) and not self._is_anothers:
            return self._no(answer)
        return xoauth2.refused(
            login.host,
            login.port,
            user=login.user,
            granted_to=login.granted_to,
            protocol="IMAP",
            challenge=b"".join(challenges[:1]),
        )

    @property
    def _is_anothers(self) -> bool:
        """The token of somebody else, who may have no access to this mailbox."""
        granted_to = self._login.granted_to
        return bool(granted_to) and granted_to.lower() != self._login.user.lower()

    def _log_in(self) -> None:
        """imaplib's own login quotes no user and takes ASCII only."""
        user, password = self._login.user, self._login.password
        if any(mark in user + password for mark in "\r\n\0"):
            raise self._login_error(b"")
        words = imap_text.quoted(user), imap_text.quoted(password)
        kind, data = self._client.xatom("LOGIN", *words)  # type: ignore[arg-type]
        if kind != "OK":
            raise imaplib.IMAP4.error(_words(data).decode("ascii", "replace"))
        self._client.state = "AUTH"

    def _login_error(self, answer: bytes) -> TransportError:
        if _THROTTLED.search(answer):
            return self._no(answer)
        if _DISABLED.search(answer):
            return self._method_disabled()
        return self._error(
            "password",
            gettext_noop(
                "%(host)s:%(port)s refuses the user name or the password; check both. Some"
                " providers want an app password here."
            ),
            again=False,
        )

    def _method_disabled(self) -> TransportError:
        return self._error(
            "method-disabled",
            gettext_noop(
                "%(host)s:%(port)s does not allow signing in by password like this; choose an"
                " encryption, or allow IMAP with password at the provider."
            ),
            again=False,
        )

    # ---- asking and failing -----------------------------------------------------------

    def _ask(self, command: Command) -> list[Any]:
        with self._plain_words():
            self._client.allow(imap_wire.COMMAND_SECONDS)
            try:
                kind, data = command()
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as error:  # BAD
                raise self._no(str(error).encode()) from None
            if kind != "OK":
                raise self._no(_words(data))
            return data

    @contextlib.contextmanager
    def _plain_words(self) -> Iterator[None]:
        """Whatever the network or an odd answer does becomes a TransportError."""
        login = self._login
        try:
            yield
        except imaplib.IMAP4.abort as error:
            if _THROTTLED.search(str(error).encode()):
                raise self._no(str(error).encode()) from None
            raise connection_error(error, login.host, login.port) from None
        except (OSError, ssl.SSLError, UnicodeError) as error:
            raise connection_error(error, login.host, login.port) from None
        except (imaplib.IMAP4.error, ValueError, LookupError, TypeError, AttributeError):
            raise self._error(
                "protocol",
                gettext_noop("%(host)s:%(port)s gives answers that make no sense as IMAP."),
            ) from None

    def _no(self, answer: bytes) -> TransportError:
        """What a refusal means."""
        if _NOT_CONNECTED.search(answer) and self._is_anothers:
            return self._token_error(answer, [])
        if _THROTTLED.search(answer):
            sentence = gettext_noop(
                "%(host)s:%(port)s asks us to slow down; mail follows later by itself."
            )
            return self._error("throttled", sentence, kind=Refused)
        if _FULL.search(answer):
            sentence = gettext_noop(
                "The mailbox at %(host)s:%(port)s is full; make room in it or have it enlarged."
            )
            return self._error("quota", sentence, kind=Refused)
        sentence = gettext_noop("%(host)s:%(port)s refuses a command: %(answer)s")
        return self._error("protocol", sentence, kind=Refused, answer=self._without_secret(answer))


def _words(data: Sequence[Any]) -> bytes:
    return b" ".join(one for one in data if isinstance(one, bytes))

"""A signed-in POP3 connection whose every failure is a TransportError in plain words."""

import contextlib
import re
import ssl
from collections.abc import Iterator
from datetime import datetime
from typing import Self

from apps.channels.transports import xoauth2
from apps.channels.transports.certificate import certificate_until
from apps.channels.transports.errors import (
    Refused,
    TransportError,
    connection_error,
    tls_context,
)
from apps.channels.transports.login import Login, SaysPlainly
from apps.channels.transports.pop3_wire import Denied, Wire
from apps.core.sentences import gettext_noop

# RFC 2449 and 3206 give refusals a code; older servers have words alone.
_CODE = re.compile(rb"\s*\[([A-Z0-9/_-]+)", re.I)
_IN_USE = re.compile(rb"\block(?:ed)?\b|\bin use\b|\bbusy\b|another (?:pop|session|client)", re.I)
_SLOWER = re.compile(
    rb"too many|too (?:often|fast|frequent)|throttl|try (?:again )?later|temporar|rate limit"
    rb"|limit exceeded",
    re.I,
)
_DISABLED = re.compile(
    rb"disabled|disallowed|not (?:supported|enabled|allowed|permitted)|plaintext|mechanism"
    rb"|\b(?:ssl|tls) (?:is )?required|must use (?:ssl|tls)|unknown command",
    re.I,
)


class Pop3Session(SaysPlainly):
    """Connects, encrypts, signs in; what is asked then is the inbox's matter."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._left = False
        with self._plain_words():
            implicit = tls_context(login.ca_file) if login.tls == "implicit" else None
            self._wire = Wire(login.host, login.port, implicit=implicit)
        try:
            with self._plain_words():
                self._greet()
                self._encrypt()
                self._sign_in()
        except BaseException:
            self.cut()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def leave(self) -> bool:
        """QUIT: the server deletes now what it was told to. False: nobody knows whether it did."""
        if self._left:
            return False
        self._left = True
        try:
            self._wire.allow()
            self._wire.command(b"QUIT")
        except (Denied, ValueError, OSError):
            return False
        finally:
            self.cut()
        return True

    def close(self) -> None:
        self.leave()

    def cut(self) -> None:
        """Ends the connection at once, from any thread: whoever reads gets an error."""
        self._wire.shutdown()

    @property
    def certificate_until(self) -> datetime | None:
        return certificate_until(self._wire.sock)

    # ---- signing in -------------------------------------------------------------------

    def _greet(self) -> None:
        try:
            self._wire.status()
        except Denied as denied:
            raise self._no(denied.words) from None
        self._capabilities = self._asked_for_them()

    def _asked_for_them(self) -> dict[str, list[str]]:
        """CAPA (RFC 2449); nothing of a server that does not know it."""
        with contextlib.suppress(Denied):
            said = [line.decode("ascii", "replace").upper().split() for line in self._capa()]
            return {words[0]: words[1:] for words in said if words}
        return {}

    def _capa(self) -> list[bytes]:
        return self._wire.lines(b"CAPA")

    def _encrypt(self) -> None:
        if self._login.tls != "starttls":
            return
        try:
            self._wire.starttls(tls_context(self._login.ca_file))
        except Denied:
            raise self._error(
                "tls",
                gettext_noop(
                    "%(host)s:%(port)s offers no STARTTLS; choose implicit TLS with its port."
                ),
            ) from None
        self._capabilities = self._asked_for_them()  # those of before were said in the clear

    def _sign_in(self) -> None:
        if self._login.token:
            self._show_token()
            return
        try:
            self._give_password(self._login.user, self._login.password)
        except Denied as denied:
            raise self._login_error(denied.words) from None

    def _give_password(self, user: str, password: str) -> None:
        if any(mark in user + password for mark in "\r\n\0"):
            raise Denied(b"[AUTH]")
        if "PLAIN" in self._mechanisms:
            self._wire.authenticate("PLAIN", f"\0{user}\0{password}".encode())
        elif self._capabilities and "USER" not in self._capabilities:
            raise self._method_disabled()
        else:
            self._wire.command(b"USER " + user.encode())
            self._wire.command(b"PASS " + password.encode())

    @property
    def _mechanisms(self) -> list[str]:
        return self._capabilities.get("SASL", [])

    def _show_token(self) -> None:
        login = self._login
        mechanism = xoauth2.mechanism_of(self._mechanisms)
        if not mechanism:
            raise xoauth2.no_mechanism(login.host, login.port)
        first = xoauth2.first_words(
            mechanism, login.user, login.token, host=login.host, port=login.port
        )
        try:
            self._wire.authenticate(mechanism, first, xoauth2.last_words(mechanism))
        except Denied as denied:
            raise self._token_error(denied.words) from None

    def _token_error(self, words: bytes) -> TransportError:
        if passing := self._passing(words):
            return passing
        login = self._login
        return xoauth2.refused(
            login.host,
            login.port,
            user=login.user,
            granted_to=login.granted_to,
            protocol="POP3",
            challenge=self._wire.challenge,
        )

    def _login_error(self, words: bytes) -> TransportError:
        """A server that is busy, or has closed the way, says nothing of the password."""
        code = _code(words)
        if code != b"AUTH":
            if passing := self._passing(words):
                return passing
            if _DISABLED.search(words):
                return self._method_disabled()
            if code == b"SYS/PERM":
                return self._broken(words)
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
                " encryption, or allow POP3 with password at the provider."
            ),
            again=False,
        )

    # ---- failing ----------------------------------------------------------------------

    @contextlib.contextmanager
    def _plain_words(self) -> Iterator[None]:
        """Whatever the network or an odd answer does becomes a TransportError."""
        login = self._login
        try:
            yield
        except Denied as denied:
            raise self._no(denied.words) from None
        except (OSError, ssl.SSLError, UnicodeError) as error:
            raise connection_error(error, login.host, login.port) from None
        except ValueError:
            raise self._error(
                "protocol",
                gettext_noop("%(host)s:%(port)s gives answers that make no sense as POP3."),
            ) from None

    def _no(self, words: bytes) -> TransportError:
        """What a refusal means."""
        if passing := self._passing(words):
            return passing
        if _code(words) == b"SYS/PERM":
            return self._broken(words)
        sentence = gettext_noop("%(host)s:%(port)s refuses a command: %(answer)s")
        return self._error("protocol", sentence, kind=Refused, answer=self._without_secret(words))

    def _passing(self, words: bytes) -> TransportError | None:
        """A refusal that passes by itself, if it is one."""
        code = _code(words)
        if code == b"IN-USE" or (not code and _IN_USE.search(words)):
            sentence = gettext_noop(
                "The mailbox at %(host)s:%(port)s is open in another program; mail follows by"
                " itself as soon as that one has left."
            )
            return self._error("throttled", sentence, kind=Refused)
        if code in (b"SYS/TEMP", b"LOGIN-DELAY") or _SLOWER.search(words):
            sentence = gettext_noop(
                "%(host)s:%(port)s asks us to slow down; mail follows later by itself."
            )
            return self._error("throttled", sentence, kind=Refused)
        return None

    def _broken(self, words: bytes) -> TransportError:
        sentence = gettext_noop(
            "%(host)s:%(port)s cannot open the mailbox, and somebody there has to mend it: tell"
            " your provider that it says “%(answer)s”."
        )
        return self._error("protocol", sentence, kind=Refused, answer=self._without_secret(words))


def _code(words: bytes) -> bytes:
    found = _CODE.match(words)
    return found[1].upper() if found else b""

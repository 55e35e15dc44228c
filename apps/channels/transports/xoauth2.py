"""SASL with an OAuth token, the same for IMAP, POP3 and SMTP: XOAUTH2 and OAUTHBEARER (RFC 7628).

The client speaks first (`first_words`). A refusal comes as a challenge, JSON in base64, that wants
an answer (`last_words`) before the server says no; `refused` tells people what it means.
"""

import binascii
import json
from collections.abc import Collection

from apps.channels.transports.errors import TransportError
from apps.core.sentences import gettext_noop

MECHANISMS = ("XOAUTH2", "OAUTHBEARER")  # the first one that the server offers


class TokenRefused(TransportError):
    """The server knows the mechanism and did not take this token; a new one may help, once."""


def mechanism_of(offered: Collection[str]) -> str:
    """OFFERED as the server writes them, in capitals; empty: none of ours."""
    return next((one for one in MECHANISMS if one in offered), "")


def first_words(mechanism: str, user: str, token: str, *, host: str, port: int) -> bytes:
    """Before base64. Raises ValueError for what would say more than it should."""
    if any(mark in user + token for mark in "\1\r\n\0"):
        raise ValueError("a control character")
    if mechanism == "XOAUTH2":
        return f"user={user}\1auth=Bearer {token}\1\1".encode()
    name = user.replace("=", "=3D").replace(",", "=2C")
    return f"n,a={name},\1host={host}\1port={port}\1auth=Bearer {token}\1\1".encode()


def last_words(mechanism: str) -> bytes:
    """What the server wants to hear before it says no."""
    return b"" if mechanism == "XOAUTH2" else b"\1"


def no_mechanism(host: str, port: int) -> TransportError:
    return TransportError(
        "oauth-method", _NO_MECHANISM, again=False, host=host, port=port, kind="OAuth"
    )


def refused(
    host: str, port: int, *, user: str, granted_to: str, protocol: str, challenge: bytes = b""
) -> TokenRefused:
    """USER is the mailbox, GRANTED_TO whoever signed in (empty: not known), PROTOCOL a word such as
    IMAP, CHALLENGE the JSON without its base64, or with it."""
    code, template = _cause(user, granted_to, challenge)
    return TokenRefused(
        code,
        template,
        again=False,
        host=host,
        port=port,
        user=user,
        who=granted_to,
        protocol=protocol,
    )


def _cause(user: str, granted_to: str, challenge: bytes) -> tuple[str, str]:
    if granted_to and granted_to.lower() != user.lower():
        return "oauth-mailbox", _OTHER_MAILBOX
    if "scope" in _status(challenge):
        return "oauth-scope", _NO_SCOPE
    return "oauth-refused", _REFUSED


def _status(challenge: bytes) -> str:
    """Such as 401 (Google), or insufficient_scope (RFC 7628, 3.2.2)."""
    try:
        said = challenge if challenge.startswith(b"{") else binascii.a2b_base64(challenge)
        answer = json.loads(said)
    except (ValueError, RecursionError):
        return ""
    return str(answer.get("status", "")) if isinstance(answer, dict) else ""


_NO_MECHANISM = gettext_noop(
    "%(host)s:%(port)s does not offer signing in by %(kind)s; check server and encryption, or sign"
    " in by password."
)
_OTHER_MAILBOX = gettext_noop(
    "%(host)s:%(port)s does not open the mailbox %(user)s to %(who)s; press Reconnect and sign in"
    " as %(user)s, or give %(who)s full access to it at the provider."
)
_NO_SCOPE = gettext_noop(
    "%(host)s:%(port)s says that the permission does not cover %(protocol)s; add its scope to the"
    " application at the provider, then press Reconnect."
)
_REFUSED = gettext_noop(
    "%(host)s:%(port)s refuses a token that is good: switch on %(protocol)s for the mailbox"
    " %(user)s and for the whole organisation at the provider, and allow the application to use it."
)

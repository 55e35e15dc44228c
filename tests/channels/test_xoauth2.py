"""The words of XOAUTH2 and OAUTHBEARER, as the providers and RFC 7628 write them."""

import base64

import pytest

from apps.channels.transports import xoauth2


def test_the_first_words() -> None:
    """The example of Google's page."""
    said = xoauth2.first_words(
        "XOAUTH2", "someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg",
        host="imap.gmail.com", port=993,
    )  # fmt: skip
    assert base64.b64encode(said) == (
        b"dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52"
        b"YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ=="
    )
    bearer = xoauth2.first_words("OAUTHBEARER", "a=b,c", "T", host="h", port=143)
    assert bearer == b"n,a=a=3Db=2Cc,\1host=h\1port=143\1auth=Bearer T\1\1"


@pytest.mark.parametrize(("user", "token"), [("a\1b", "t"), ("a", "t\r\nx"), ("a\0", "t")])
def test_a_control_character_says_nothing_more(user: str, token: str) -> None:
    with pytest.raises(ValueError, match="control"):
        xoauth2.first_words("XOAUTH2", user, token, host="h", port=1)


@pytest.mark.parametrize(
    ("challenge", "granted_to", "code"),
    [
        (b'{"status":"401","schemes":"bearer"}', "", "oauth-refused"),
        (b"eyJzdGF0dXMiOiI0MDAifQ==", "BOX@acme.test", "oauth-refused"),
        (b'{"status":"insufficient_scope"}', "", "oauth-scope"),
        (b'{"status":"401"}', "ann@acme.test", "oauth-mailbox"),
        (b"%%%", "", "oauth-refused"),
        (b"[" * 5000, "", "oauth-refused"),
        (b"", "", "oauth-refused"),
    ],
    ids=["google", "base64", "scope", "another", "nonsense", "deep", "nothing"],
)
def test_what_a_refusal_means(challenge: bytes, granted_to: str, code: str) -> None:
    error = xoauth2.refused(
        "h", 1, user="box@acme.test", granted_to=granted_to, protocol="POP3", challenge=challenge
    )
    assert (error.code, error.again) == (code, False)
    assert "box@acme.test" in error.sentence or "POP3" in error.sentence

"""What services answer when something is wrong, as words with a cure; and where nobody may ask."""

import datetime
from collections.abc import Callable
from typing import Any

import httpx
import paramiko
import pytest

from apps.storage import registry
from apps.storage.backends import once
from apps.storage.backends.base import Content, Damaged, StorageError
from apps.storage.backends.s3 import S3Access, S3Backend, signed
from apps.storage.words import words_of
from tests.storage.conftest import Place

ONE = Content.of(b"one")
HERE = S3Access("files", region="eu-west-1", key="AKID", secret="s3cret")


def s3_answering(*answers: httpx.Response) -> S3Backend:
    """Amazon's own address, so that nothing is asked before the upload."""
    left = iter(answers)
    return S3Backend(httpx.Client(transport=httpx.MockTransport(lambda _asked: next(left))), HERE)


def failure(do: Callable[[], object]) -> StorageError:
    with pytest.raises(StorageError) as caught:
        do()
    return caught.value


def _xml(code: str) -> bytes:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>m</Message></Error>".encode()


# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, read on 2026-11-26
S3_ERRORS = [
    (403, "InvalidAccessKeyId", "key", "does not accept the access key"),
    (403, "SignatureDoesNotMatch", "key", "does not accept the access key"),
    (403, "AccessDenied", "forbidden", "our key may not do this"),
    (403, "RequestTimeTooSkewed", "clock", "clock of this machine is wrong"),
    (404, "NoSuchBucket", "no-bucket", "There is no bucket “files”"),
    (301, "PermanentRedirect", "settings", "in another region (eu-central-1)"),
    (400, "AuthorizationHeaderMalformed", "settings", "in another region"),
    (409, "ConditionalRequestConflict", "busy", "asks us to wait"),
    (503, "SlowDown", "busy", "asks us to wait"),
    (500, "InternalError", "trouble", "has trouble of its own"),
    (507, "", "full", "is full"),
    (400, "KeyTooLongError", "refused", "refused it (HTTP 400 KeyTooLongError)"),
]


@pytest.mark.contract("1.4.b")
@pytest.mark.parametrize(("status", "code", "expected", "words"), S3_ERRORS)
def test_amazons_errors_are_told_in_plain_words(
    status: int, code: str, expected: str, words: str
) -> None:
    headers = {"x-amz-bucket-region": "eu-central-1"}
    backend = s3_answering(httpx.Response(status, content=_xml(code), headers=headers))
    error = failure(lambda: backend.create("a", ONE))
    assert (error.code, error.permanent) == (expected, expected == "refused")
    assert words in words_of(error)


def test_a_clock_that_is_wrong_is_seen_by_the_answer_of_any_service() -> None:
    headers = {"Date": "Thu, 01 Jan 2026 00:00:00 GMT"}
    error = failure(lambda: s3_answering(httpx.Response(403, headers=headers)).create("a", ONE))
    assert error.code == "clock"


def test_what_arrived_otherwise_is_deleted_and_sent_again() -> None:
    wrong = httpx.Response(200, headers={"x-amz-checksum-sha256": "AAAA"})
    with pytest.raises(Damaged):
        s3_answering(wrong, httpx.Response(204)).create("a", ONE)


def test_a_service_without_conditions_is_asked_in_plain_words() -> None:
    """As some that are only compatible: 501 to what they do not know."""
    told = {"x-amz-meta-sha256": ONE.sha256}
    backend = s3_answering(
        httpx.Response(501, content=_xml("NotImplemented")),
        httpx.Response(200),
        httpx.Response(200, headers=told),
    )
    backend.create("a", ONE)


@pytest.mark.parametrize("key", ["a/b.pdf", "ü ñ/客 +&=?#%.pdf", "a~b/(c)'!*,;:@$.txt"])
@pytest.mark.parametrize("endpoint", ["", "http://127.0.0.1:9000"])
def test_requests_are_signed_as_amazons_own_library_signs_them(key: str, endpoint: str) -> None:
    from urllib.parse import quote

    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    access = S3Access("files", region="eu-west-1", endpoint=endpoint, key="AKID", secret="s3cret")
    url = httpx.URL(f"{access.base}/{quote(key, safe='/-_.~')}")
    more = {"x-amz-meta-sha256": "ab", "x-amz-checksum-sha256": "cd=="}
    theirs = AWSRequest("PUT", str(url), data=b"one", headers=more)
    S3SigV4Auth(Credentials("AKID", "s3cret"), "s3", "eu-west-1").add_auth(theirs)
    said = theirs.headers["X-Amz-Date"]
    now = datetime.datetime.strptime(said, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
    body = theirs.headers["X-Amz-Content-SHA256"]
    ours = signed(access, "PUT", url, more, body=body, now=now)
    assert ours["Authorization"] == theirs.headers["Authorization"]


# ---- through real connections -----------------------------------------------------------------


@pytest.mark.parametrize("place", ["s3", "azure", "google"], indirect=True)
def test_a_bucket_that_is_not_there(place: Place) -> None:
    with registry.opened(place.target(bucket="nothing-here")) as backend:
        error = failure(lambda: backend.create("a", ONE))
    assert (error.code, "nothing-here" in words_of(error)) == ("no-bucket", True)


def test_a_wrong_key_of_azure(azure: Place) -> None:
    azure.secrets["secret"] = "d3Jvbmc="
    with registry.opened(azure.target()) as backend:
        assert failure(lambda: backend.create("a", ONE)).code == "key"
    azure.secrets["secret"] = "not base64!"
    with registry.opened(azure.target()) as backend:
        assert "copy key1 or key2" in words_of(failure(lambda: backend.create("a", ONE)))


@pytest.mark.parametrize("secret", ["", "{}", "[]", '{"private_key": 1}', "just words"])
def test_what_is_no_service_account_of_google(google: Place, secret: str) -> None:
    google.secrets["secret"] = secret
    with registry.opened(google.target()) as backend:
        assert "paste the whole file" in words_of(failure(lambda: backend.create("a", ONE)))


def test_a_service_account_that_google_does_not_know(google: Place) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa

    other = google.server.key
    google.server.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert google.server.key != other
    with registry.opened(google.target()) as backend:
        assert failure(lambda: backend.create("a", ONE)).code == "key"


def test_a_token_that_ended_early_is_fetched_anew(google: Place) -> None:
    with registry.opened(google.target()) as backend:
        once.put(backend, "a", ONE, doubtful=False)
        google.server.tokens += 1  # the old one counts no more
        assert failure(lambda: backend.create("b", ONE)).code == "key"
        once.put(backend, "b", ONE, doubtful=False)


@pytest.mark.parametrize("fields", [{"secret": "wrong"}, {"user": "somebody"}])
def test_a_wrong_password_of_sftp(sftp: Place, fields: dict[str, Any]) -> None:
    sftp.secrets |= {k: v for k, v in fields.items() if k == "secret"}
    other = {k: v for k, v in fields.items() if k != "secret"}
    with registry.opened(sftp.target(**other)) as backend:
        error = failure(lambda: backend.create("a", ONE))
    assert (error.code, "the user, or the password" in words_of(error)) == ("key", True)


def test_a_private_key_instead_of_a_password(sftp: Place) -> None:
    sftp.secrets = {"key": sftp.server.user_key}
    with registry.opened(sftp.target()) as backend:
        once.put(backend, "a/b", ONE, doubtful=False)
    assert sftp.held() == {"a/b": b"one"}


def test_an_answer_out_of_turn_ends_the_session(
    sftp: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def garbage(*_words: object) -> None:
        raise paramiko.SFTPError("Garbage packet received")

    with registry.opened(sftp.target()) as backend:
        backend.create("a", ONE)
        with monkeypatch.context() as patch:
            patch.setattr(paramiko.SFTPClient, "lstat", garbage)
            assert failure(lambda: backend.create("b", ONE)).code == "unreachable"
        backend.create("b", ONE)
    assert sftp.held() == {"a": b"one", "b": b"one"}


def test_another_server_key_is_not_trusted(sftp: Place) -> None:
    """Nothing is told to it: neither user nor password."""
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ"
    for key, words in ((other, "another key than before"), ("", "test the connection once")):
        with registry.opened(sftp.target(host_key=key)) as backend:
            error = failure(lambda: backend.create("a", ONE))
        assert (error.code, words in words_of(error)) == ("host-key", True)


def test_a_missing_right_on_the_server(sftp: Place) -> None:
    sftp.server.refusing.add("write")
    with registry.opened(sftp.target()) as backend:
        assert failure(lambda: backend.create("a", ONE)).code == "forbidden"


def test_a_link_does_not_lead_out_of_the_folder(local: Place, tmp_path: Any) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "files" / "2026").symlink_to(tmp_path / "outside")
    with registry.opened(local.target()) as backend:
        assert failure(lambda: backend.create("2026/a", ONE)).code == "refused"
        assert failure(lambda: list(backend.read("2026/a"))).code == "refused"
    assert list((tmp_path / "outside").iterdir()) == []


@pytest.mark.parametrize("place", ["s3", "azure", "google", "sftp"], indirect=True)
@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("127.0.0.1", "not-public"),
        ("10.1.2.3", "not-public"),
        ("169.254.169.254", "not-public"),
        ("[::1]", "not-public"),
        ("metadata.google.internal", "not-public"),
        ("no-such-host.invalid", "dns"),
    ],
)
def test_nobody_is_asked_in_our_own_network(
    settings: Any, place: Place, host: str, code: str
) -> None:
    """The address is checked when the connection is opened, whatever the settings say."""
    settings.PRIVATE_HOSTS = ()
    bare = host.strip("[]")
    other = {"host": bare} if place.backend == "sftp" else {"endpoint": f"http://{host}:9/carteria"}
    if place.backend == "google":  # who gives out tokens is asked first, and is no better
        place.secrets["secret"] = place.secrets["secret"].replace("127.0.0.1", host)
    with registry.opened(place.target(**other)) as opened:
        error = failure(lambda: opened.create("a", ONE))
    assert error.code == code


def test_a_port_where_nobody_listens(s3: Place) -> None:
    with registry.opened(s3.target(endpoint="http://127.0.0.1:9")) as backend:
        error = failure(lambda: backend.create("a", ONE))
    assert (error.code, "nobody answers there" in words_of(error)) == ("unreachable", True)


def test_tls_that_is_none(s3: Place) -> None:
    url = s3.fields["endpoint"].replace("http://", "https://")
    with registry.opened(s3.target(endpoint=url)) as backend:
        error = failure(lambda: backend.create("a", ONE))
    assert (error.code, "does not speak TLS" in words_of(error)) == ("tls", True)


def test_a_port_without_ssh(s3: Place) -> None:
    from apps.storage.models import StorageTarget

    port = httpx.URL(s3.fields["endpoint"]).port
    target = StorageTarget(backend="sftp", host="127.0.0.1", port=port, user="u", host_key="x y")
    with registry.opened(target) as backend:
        assert "is no SSH server" in words_of(failure(lambda: backend.create("a", ONE)))


def test_what_a_server_says_can_be_kept_by_any_database() -> None:
    told = {"host": "h", "reason": "no\0luck"}
    assert words_of(StorageError("%(host)s: %(reason)s.", told, code="trouble")) == "h: no luck."

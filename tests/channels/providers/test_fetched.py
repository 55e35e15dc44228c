"""What a webhook only points at: Brevo's files and Amazon's bucket, from a server on loopback."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network

import pytest

from apps.channels.models import EmailAccount, InboundEmail
from apps.channels.parse import parse
from apps.channels.providers import brevo, s3, sns
from apps.core import blobs
from apps.core.secrets import seal
from tests.calls import problem
from tests.channels.mailboxes import switch_on
from tests.channels.providers import hooks
from tests.channels.providers.hooks import RAW, SUPPORT, make_hooked, post
from tests.people import make_mailbox

pytestmark = pytest.mark.django_db


@dataclass
class Store:
    """Gives what it holds, by path; keeps what it was asked."""

    url: str = ""
    holds: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)


@pytest.fixture
def store(settings) -> Iterator[Store]:
    settings.PRIVATE_HOSTS = [ip_network("127.0.0.0/8")]
    found = Store()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = {name.lower(): value for name, value in self.headers.items()}
            found.asked.append((self.path, told))
            content = found.holds.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_words: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        found.url = f"http://127.0.0.1:{server.server_port}"
        yield found
        server.shutdown()


@pytest.fixture(autouse=True)
def channel(monkeypatch: pytest.MonkeyPatch) -> None:
    switch_on()
    monkeypatch.setattr(sns, "get", lambda _address: hooks.amazons_certificate())
    sns._key.cache_clear()


def hooked(provider: str, **options: str) -> EmailAccount:
    account = make_hooked(provider, provider_key=seal("the-key"), provider_options=options)
    make_mailbox(SUPPORT, account=account)
    return account


def test_brevos_files_come_with_the_mail(store: Store) -> None:
    store.holds = {f"/inbound/attachments/token%2F{n}": hooks.PIXEL + b"%d" % n for n in range(2)}
    assert post(hooked("brevo", api_url=store.url), hooks.brevo(files=2)).status_code == 200
    raw = InboundEmail.objects.get().raw
    assert raw is not None
    files = parse(blobs.read(raw)).files
    assert [(one.name, one.content) for one in files] == [
        ("lamp0.png", hooks.PIXEL + b"0"),
        ("lamp1.png", hooks.PIXEL + b"1"),
    ]
    assert {told["api-key"] for _path, told in store.asked} == {"the-key"}


def test_a_file_that_brevo_does_not_hand_over_leaves_the_mail_there(store: Store) -> None:
    account = hooked("brevo", api_url=store.url)
    answer = post(account, hooks.brevo(files=1))
    assert problem(answer) == (503, "file-not-fetched")
    assert "Retry-After" in answer
    assert not InboundEmail.objects.exists()
    account.refresh_from_db()
    assert account.status_code == "file-not-fetched"


def test_files_beyond_the_limit_are_refused(store: Store, monkeypatch) -> None:
    monkeypatch.setattr(brevo, "MOST_BYTES", 100)
    store.holds = {"/inbound/attachments/token%2F0": b"x" * 101}
    answer = post(hooked("brevo", api_url=store.url), hooks.brevo(files=1))
    assert problem(answer) == (413, "too-large")


IN_S3 = {
    "type": "S3",
    "topicArn": hooks.TOPIC,
    "bucketName": "mails-of-ours",
    "objectKey": "in coming/abc",
}


def in_s3(**more: object) -> hooks.Hook:
    receipt = {"recipients": [SUPPORT], "action": IN_S3 | more}
    return hooks.ses(content=None, receipt=receipt)


def test_a_mail_in_a_bucket_is_fetched_and_signed_for(store: Store) -> None:
    store.holds = {"/mails-of-ours/in%20coming/abc": RAW}
    account = hooked("ses", s3_url=store.url, access_key="AKIATEST")
    assert post(account, in_s3()).status_code == 200
    row = InboundEmail.objects.get()
    assert row.raw is not None and blobs.read(row.raw) == RAW
    assert not row.rebuilt
    (_path, told), *_others = store.asked
    assert "Credential=AKIATEST/" in told["authorization"]
    assert "/eu-west-1/s3/aws4_request" in told["authorization"]
    assert "the-key" not in json.dumps(told)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, (503, "file-not-fetched")),
        ({"bucketName": "../other"}, (400, "malformed")),
        ({"bucketName": ""}, (400, "malformed")),
        ({"objectKey": ""}, (400, "malformed")),
        ({"topicArn": "x"}, (400, "malformed")),
    ],
)
def test_what_cannot_be_fetched_from_a_bucket_stays_there(store: Store, more, expected) -> None:
    answer = post(hooked("ses", s3_url=store.url), in_s3(**more))
    assert problem(answer) == expected
    assert not InboundEmail.objects.exists()


def test_a_bucket_needs_a_key(store: Store) -> None:
    account = hooked("ses", s3_url=store.url)
    EmailAccount.objects.update(provider_key="")
    assert problem(post(account, in_s3())) == (503, "no-api-key")
    assert store.asked == []


def test_a_mail_beyond_the_limit_is_refused(store: Store, monkeypatch) -> None:
    monkeypatch.setattr(s3, "MOST_BYTES", 10)
    store.holds = {"/mails-of-ours/in%20coming/abc": RAW}
    assert problem(post(hooked("ses", s3_url=store.url), in_s3())) == (413, "too-large")

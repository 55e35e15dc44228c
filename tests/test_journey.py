"""The whole way of one email over real servers: from a mailbox to the CRM and back.

Dovecot, clamd with an EICAR signature, an SMTP sink; once with PostgreSQL and Redis, once with
what `up` embeds. Nothing here reaches into the product: it is used as its neighbours use it.
"""

import base64
import email
import email.policy
import itertools
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.living import Carteria, Shift, running_carteria, soon
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.postgres import running_postgres
from tests.servers.redis import running_redis
from tests.servers.smtp_sink import SmtpSink, running_smtp_sink

pytestmark = [pytest.mark.servers]

SUPPORT, SALES = "support@x.test", "sales@x.test"
CUSTOMER = "Carla Customer <carla@outside.test>"
_numbers = itertools.count(1)


def eicar() -> bytes:
    """Built when needed, so that no file of ours holds it."""
    return base64.b64decode(
        b"WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1URVNULUZJTEUhJEgrSCo="
    )


def a_mail(to: str, subject: str, **more: Any) -> bytes:
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = more.get("sender", CUSTOMER)
    mail["To"] = to
    mail["Subject"] = subject
    mail["Message-ID"] = more.get("message_id", f"<m{next(_numbers)}@outside.test>")
    if answers := more.get("in_reply_to"):
        mail["In-Reply-To"] = mail["References"] = answers
    mail.set_content(more.get("text", "Where is my parcel?"))
    for name, content in more.get("files", {}).items():
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


def settings(dovecot: Dovecot, sink: SmtpSink, user: str) -> dict[str, Any]:
    receive = {"kind": "imap", "host": "127.0.0.1", "port": dovecot.port, "tls": "none"}
    receive |= {
        "user": user,
        "password": PASSWORD,
        "idle": True,
        "every_seconds": 5,
        "start": "all",
    }
    people = [
        {"user": name, "email": f"{name}@x.test", "password": f"{name}-pw"} for name in PEOPLE
    ]
    return {
        "version": 1,
        "channel": {"enabled": True, "external_url": "http://console.test"},
        "users": [one | {"name": one["user"].capitalize(), "roles": ["agent"]} for one in people],
        "accounts": [
            {
                "name": "main",
                "receive": receive,
                "send": {"kind": "smtp", "host": "127.0.0.1", "port": sink.port, "tls": "none"},
            }
        ],
        "queues": [
            {"name": "Support", "path": "Support", "routing": "automatic", "members": ["ana"]},
            {"name": "Sales", "path": "Sales", "routing": "manual", "members": ["ben"]},
        ],
        "mailboxes": [
            {"address": SUPPORT, "account": "main", "queue": "Support", "from_name": "Support"},
            {"address": SALES, "account": "main", "queue": "Sales", "from_name": "Sales"},
        ],
        "crm": {"kind": "builtin", "language": "en"},
    }


PEOPLE = ("ana", "ben")


class Stage:
    """One installation with its servers around it."""

    def __init__(self, carteria: Carteria, dovecot: Dovecot, user: str, sink: SmtpSink) -> None:
        self.carteria, self.dovecot, self.user, self.sink = carteria, dovecot, user, sink
        self.tokens = {name: carteria.token_of(name) for name in PEOPLE}
        self.shifts = [Shift(carteria, name, token) for name, token in self.tokens.items()]
        for shift in self.shifts:
            shift.begin()

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *error: object) -> None:
        for shift in self.shifts:
            shift.over.set()

    def arrives(self, raw: bytes) -> None:
        self.dovecot.deliver(self.user, raw)

    def session_about(self, subject: str) -> dict[str, Any]:
        def ask() -> dict[str, Any] | None:
            found = self.carteria.get("sessions/")["results"]
            return next((one for one in found if one["subject"] == subject), None)

        session = soon(ask)
        assert session is not None
        return session

    def messages_of(self, session: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.carteria.get(f"messages/?session={session['id']}")[
            "results"
        ]
        return found

    def settled(self) -> None:
        def numbers(value: Any) -> int:
            return sum(map(numbers, value.values())) if isinstance(value, dict) else int(value)

        soon(
            lambda: self.carteria.get("pipeline/"), until=lambda told: numbers(told) == 0, within=40
        )

    def comments(self, session: dict[str, Any]) -> list[dict[str, Any]]:
        session = self.carteria.get(f"sessions/{session['id']}/")
        found: list[dict[str, Any]] = self.carteria.get(f"tickets/{session['ticket']['id']}/")[
            "comments"
        ]
        return found


@pytest.fixture(scope="module", params=["embedded", "servers"])
def stage(request, dovecot: Dovecot, tmp_path_factory) -> Iterator[Stage]:
    user = dovecot.new_user()
    data: Path = tmp_path_factory.mktemp("journey") / request.param
    with running_smtp_sink() as sink:
        wanted = settings(dovecot, sink, user)
        environment = {"CARTERIA_TEST_SIGNATURES": "1"}
        if request.param == "embedded":
            with (
                running_carteria(data, wanted, **environment) as carteria,
                Stage(carteria, dovecot, user, sink) as stage,
            ):
                yield stage
            return
        with running_postgres(migrated=True) as database, running_redis() as broker:
            environment |= {"DATABASE_URL": database, "REDIS_URL": broker}
            with (
                running_carteria(data, wanted, **environment) as carteria,
                Stage(carteria, dovecot, user, sink) as stage,
            ):
                yield stage


@pytest.mark.contract("1.1.a", "1.1.d", "1.3.a", "1.3.c", "1.3.d", "1.3.e", "1.5.a")
def test_from_the_mailbox_to_the_crm_and_back(stage: Stage) -> None:
    stage.arrives(a_mail(SUPPORT, "Parcel", files={"order.txt": b"order 4711\n" * 50}))
    session = stage.session_about("Parcel")

    # Assigned to the least loaded eligible agent, and the reason can be read.
    assert stage.carteria.get(f"agents/{session['agent']}/")["user"] == "ana"
    assert "Ana" in session["why"]

    # The file is scanned before a byte of it can be had.
    stage.settled()
    [message] = stage.messages_of(session)
    [file] = message["attachments"]
    assert (file["name"], file["verdict"]) == ("order.txt", "clean")

    # One ticket; the standard comment with its six lines in order, and the link.
    comments = stage.comments(session)
    assert sorted(one["kind"] for one in comments) == ["link", "standard"]
    standard = next(one["text"] for one in comments if one["kind"] == "standard")
    assert standard.splitlines() == [
        "Sent by: carla@outside.test",
        f"Received by: {SUPPORT}",
        f"Session ID: {session['id']}",
        "Assigned agent: Ana",
        "Queue: Support",
        "Subject: Parcel",
    ]
    link = next(one["text"] for one in comments if one["kind"] == "link")
    assert f"http://console.test/e/{message['id']}/" in link
    assert all(one["private"] for one in comments)

    # The answer, with a file, leaves once it is clean.
    answer = stage.carteria.post(
        f"sessions/{session['id']}/reply/",
        token=stage.tokens["ana"],
        data={"text": "It is on its way."},
        files={"files": ("label.txt", b"label\n" * 20, "text/plain")},
    )
    assert answer.status_code == 202, answer.text
    sent = stage.sink.wait_for(1)[-1]
    assert list(sent.recipients) == ["carla@outside.test"]
    mail = email.message_from_bytes(sent.raw, policy=email.policy.default)
    assert mail["Subject"] == "Re: Parcel"
    assert mail["In-Reply-To"] == f"<{message['message_id']}>"
    assert [part.get_filename() for part in mail.iter_attachments()] == ["label.txt"]
    assert SUPPORT in mail["From"]

    # The customer's reply joins; same ticket; a link for every mail, still one standard comment.
    reply = a_mail(SUPPORT, "Re: Parcel", text="Thank you", in_reply_to=mail["Message-ID"])
    stage.arrives(reply)
    soon(lambda: stage.messages_of(session), until=lambda found: len(found) == 3)
    stage.settled()
    kinds = [one["kind"] for one in stage.comments(session)]
    assert kinds.count("standard") == 1
    assert kinds.count("link") == 3
    assert [one["status"] for one in stage.messages_of(session)] == ["received", "sent", "received"]
    assert len(stage.carteria.get(f"sessions/?thread={session['thread']}")["results"]) == 1


@pytest.mark.contract("1.3.e")
def test_a_manual_queue_waits_for_a_hand(stage: Stage) -> None:
    stage.arrives(a_mail(SALES, "An offer, please"))
    session = stage.session_about("An offer, please")
    stage.settled()
    assert session["agent"] is None
    standard = next(one for one in stage.comments(session) if one["kind"] == "standard")
    assert "Assigned agent: Unassigned" in standard["text"]
    taken = stage.carteria.post(
        f"sessions/{session['id']}/take/", token=stage.tokens["ben"], json={}
    )
    assert taken.status_code == 200, taken.text
    assert taken.json()["status"] == "active"
    outside = stage.carteria.post(
        f"sessions/{session['id']}/take/", token=stage.tokens["ana"], json={}
    )
    assert outside.status_code == 404


@pytest.mark.contract("1.5.a")
def test_a_virus_is_named_and_its_mail_stays(stage: Stage) -> None:
    stage.arrives(a_mail(SUPPORT, "Look at this", files={"invoice.txt": eicar()}))
    session = stage.session_about("Look at this")
    stage.settled()
    [message] = stage.messages_of(session)
    [file] = message["attachments"]
    assert (file["verdict"], file["content_url"]) == ("infected", None)
    assert file["reason"].startswith("infected:")
    assert "parcel" in message["text"]


@pytest.mark.contract("1.3.a")
def test_the_first_mail_to_a_customer_opens_thread_and_ticket(stage: Stage) -> None:
    before = len(stage.sink.mails)
    queue = next(one for one in stage.carteria.get("queues/")["results"] if one["name"] == "Sales")
    made = stage.carteria.post(
        "sessions/",
        token=stage.tokens["ben"],
        json={"queue": queue["id"], "to": ["new@outside.test"], "subject": "Hello", "text": "Hi"},
    )
    assert made.status_code == 201, made.text
    sent = stage.sink.wait_for(before + 1)[-1]
    stage.settled()
    session = made.json()["session"]
    assert [one["kind"] for one in stage.comments(session)].count("standard") == 1
    parsed = email.message_from_bytes(sent.raw, policy=email.policy.default)
    message_id = str(parsed["Message-ID"]).strip()
    stage.arrives(a_mail(SALES, "Re: Hello", sender="new@outside.test", in_reply_to=message_id))
    soon(lambda: stage.messages_of(session), until=lambda found: len(found) == 2)


@pytest.mark.contract("1.3.b")
def test_odd_mails_are_stored_or_held_and_never_lost(stage: Stage) -> None:
    doubled = a_mail(SUPPORT, "Twice")
    no_id = b"From: carla@outside.test\r\nTo: support@x.test\r\nSubject: No id\r\n\r\nText\r\n"
    long_id = a_mail(SUPPORT, "Long id", message_id="<" + "x" * 4000 + "@outside.test>")
    unreadable = b"\x00\x01\x02"
    for raw in (doubled, doubled, no_id, long_id, unreadable):
        stage.arrives(raw)
    for subject in ("Twice", "No id", "Long id"):
        stage.session_about(subject)
    stage.settled()
    outcomes = [row["outcome"] for row in stage.carteria.get("ledger/?limit=100")["results"]]
    assert outcomes.count("duplicate") == 1
    assert outcomes.count("quarantined") == 1
    [held] = stage.carteria.get("quarantine/")["results"]
    assert held["reason"]


def test_a_mail_comes_by_the_pipe_and_by_the_api_once(stage: Stage) -> None:
    raw = a_mail(SUPPORT, "By pipe")
    done = stage.carteria.command("receive", "--mailbox", SUPPORT, stdin=raw)
    assert done.returncode == 0, done.stderr
    stage.session_about("By pipe")
    assert stage.carteria.command("receive", "--mailbox", "no@x.test", stdin=raw).returncode == 64
    raw = a_mail(SUPPORT, "By API")
    headers = {"Content-Type": "message/rfc822"}
    address = stage.carteria.url + f"/api/v1/inbound/{SUPPORT}/"
    import requests

    answers = [
        requests.post(address, data=raw, headers=headers | stage.carteria._as(""), timeout=20)
        for _time in range(2)
    ]
    assert [one.status_code for one in answers] == [202, 200]
    assert answers[0].json()["inbound"] == answers[1].json()["inbound"]
    stage.session_about("By API")


def test_every_mail_was_marked_seen(stage: Stage) -> None:
    from apps.channels.transports.imap import ImapInbox
    from apps.channels.transports.login import Login

    def unseen() -> list[int]:
        login = Login("127.0.0.1", stage.dovecot.port, "none", stage.user, PASSWORD)
        with ImapInbox(login) as inbox:
            inbox.select("INBOX")
            return inbox.unseen()

    soon(unseen, until=lambda found: not found)

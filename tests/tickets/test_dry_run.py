"""The dry run decides as intake does, mail by mail, and leaves no trace."""

import json
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction
from django.db.utils import Error

from apps.attachments import screen
from apps.attachments.models import Attachment, AttachmentSettings
from apps.attachments.probes import test_virus as virus
from apps.channels.models import InboundEmail
from apps.channels.receive import Arrival, receive
from apps.core.db.read_only import reading_only
from apps.core.html import safe_html
from apps.crm.models import CrmConnection, CrmSettings, TicketUpdate
from apps.queues.models import MailboxRoute
from apps.tickets.dry_run import try_out
from apps.tickets.inbound import take_in
from apps.tickets.models import Message, MessageFile, Session, Thread
from apps.tickets.threading.words import because_of
from apps.tickets.tokens import new_message_id, reply_tag
from config.mailcheck import mail_check
from tests.calls import Caller
from tests.channels.odd_mails import FOLDER
from tests.people import House, crm_connection, make_house, make_mailbox
from tests.servers.clamd import FakeClamd

MAILS, SAMPLES = 200, 70
RULES = {
    *("opens", "opens-unknown", "opens-elsewhere", "our-id", "reply-address", "stored-id"),
    *("subject-id", "opens-possible", "late-parent", "agent-address", "unverified-sender"),
}
FILES = (
    ("note.txt", b"words"),
    ("run.exe", b"MZ"),
    ("page.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ("scan.pdf", b"%PDF-1.4\n%%EOF"),
    ("list.csv", b"PK\x03\x04" + bytes(60)),
)
HTML = ("<p>Hello <b>there</b></p>", "<p onclick=x()>Hi<script>x()</script></p>", "<table><td>1")


@pytest.fixture
def house(db: None, fake_clamd: FakeClamd) -> House:
    return make_house()


def written(number: int, address: str, before: list[str]) -> bytes:
    """The people of mail NUMBER answer what was written before, in several wrong ways too."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f"Person {number % 7} <person{number % 7}@outside.test>"
    mail["To"] = address if number % 5 else "somebody@else.test"
    mail["Subject"] = f"Re: Question {number}" if number % 2 else f"Question {number}"
    mail["Message-ID"] = f"<m{number}@outside.test>"
    if number > 14:  # of the same person, in the same mailbox; or of anybody
        mail["References"] = f"<{before[-14] if number % 3 else before[number * 7 % len(before)]}>"
    mail.set_content(f"Words of mail {number}")
    if number % 4 == 0:
        mail.add_alternative(HTML[number % len(HTML)], subtype="html")
    if number % 3 == 0:
        name, content = FILES[number % len(FILES)]
        content += virus() if number % 6 == 0 else b""
        mail.add_attachment(content, maintype="application", subtype="x", filename=name)
    return mail.as_bytes()


def with_signs(raw: bytes, number: int) -> bytes:
    """Some give signs of the newest conversation, half of them as its customer; some name a mail
    that comes three mails later, or come from where an agent writes from."""
    newest = Session.objects.order_by("-pk").select_related("thread").first()
    assert newest is not None
    signs: dict[int, dict[str, str]] = {
        3: {"To": f"support+{reply_tag(newest.thread).lower()}@carteria.test"},
        5: {"Subject": f"Re: Question [{newest.public_id}]"},
        7: {"In-Reply-To": f"<{new_message_id(newest.thread, 'carteria.test')}>"},
        9: {"References": f"<m{number + 3}@outside.test>"},
        11: {"From": "Alice <Alice@Agents.test>"},
        12: {"References": "<never@seen.test>", "Cc": f"person{(number - 3) % 7}@outside.test"},
    }
    headers = signs.get(number % 13, {})
    if number % 13 in (3, 5, 7) and number % 2:
        headers["From"] = newest.customer
    mail = message_from_bytes(raw, policy=SMTP.clone(max_line_length=None))
    for name, value in headers.items():
        del mail[name]
        mail[name] = value
    return mail.as_bytes()


def mails(address: str, turn: int) -> Iterator[bytes]:
    """Some of the samples, others each TURN; then mails that answer each other."""
    every = sorted(FOLDER.glob("*.eml"))
    samples = every[turn :: max(1, len(every) // SAMPLES)][:SAMPLES]
    yield from (path.read_bytes() for path in samples)
    before: list[str] = []
    for number in range(MAILS - len(samples)):
        yield with_signs(written(number, address, before), number)
        before.append(f"m{number}@outside.test")


def told(raw: bytes, folder: Path, mailbox: str) -> dict[str, Any]:
    path = folder / "mail.eml"
    path.write_bytes(raw)
    with mail_check(mailbox) as check:
        return check.checked(path)


def fetched(raw: bytes, uid: int, house: House) -> InboundEmail:
    arrival, account = Arrival(raw, uid), house.mailbox.account
    (row,) = receive([arrival], source="fetch", account=account, folder="INBOX", uidvalidity=1)
    return row


def posted(raw: bytes, address: str, house: House) -> InboundEmail:
    caller = Caller(house.admin)
    answer = caller.send(f"inbound/{address}/", raw, content_type="message/rfc822")
    assert answer.status_code == 202, answer.content
    return InboundEmail.objects.get(pk=answer.json()["inbound"])


def settled(row: InboundEmail) -> InboundEmail:
    """What the workers do with what came."""
    take_in()
    screen.screen(list(Attachment.objects.filter(verdict="waiting").values_list("pk", flat=True)))
    row.refresh_from_db()
    return row


def outcome_of(row: InboundEmail, threads: set[str]) -> dict[str, Any]:
    """What intake made of a mail, in the words of the dry run."""
    message = Message.objects.filter(inbound=row).first()
    outcome = {"disposition": row.status, "reason": row.code or None}
    if message is None:
        return outcome
    key = message.thread.key
    carried = MessageFile.objects.filter(message=message).order_by("position")
    files = [one.attachment for one in carried.select_related("attachment")]
    ids = {one.content_id for one in carried if one.content_id}
    clean = safe_html(message.html, cid_url=lambda one: f"cid:{one}" if one in ids else None)
    return outcome | {
        "mailbox": row.mailbox.address if row.mailbox else None,
        "queue": message.session.queue.name,
        "thread": f"join:{key}" if key in threads else "new",
        "because": because_of(message),
        "rules": [message.placement["rule"], *message.placement["flags"]],
        "safe_html": clean if message.html else None,
        "files": [(one.name, one.sha256, one.verdict, one.reason) for one in files],
        "from": (message.from_email, message.from_name),
        "subject": message.subject,
        "crm": TicketUpdate.objects.filter(thread_key=key).count(),
    }


def outcome_told(line: dict[str, Any], crm_before: int) -> dict[str, Any]:
    outcome = {"disposition": line["disposition"], "reason": line["reason"]}
    if line["disposition"] != "stored":
        return outcome
    decisions, got = line["decisions"], line["got"]
    files = got["attachments"]
    return outcome | {
        **{key: decisions[key] for key in ("mailbox", "queue", "thread", "because", "rules")},
        "safe_html": got["safe_html"],
        "files": [
            (one["name"], one["sha256"], one["verdict"], one["reason"] or "") for one in files
        ],
        "from": (got["from_email"][:320], got["from_name"][:200]),
        "subject": got["subject"],
        "crm": crm_before + len(decisions["crm"]),
    }


# Half of it on each database: what differs between them is not asked here.
WAYS = [
    pytest.param("fetched", marks=pytest.mark.only_on("sqlite")),
    pytest.param("posted", marks=pytest.mark.only_on("postgresql")),
]


@pytest.mark.parametrize("way", WAYS)
def test_the_dry_run_says_what_intake_does_with_200_mails(
    way: str, house: House, tmp_path: Path
) -> None:
    """Fetched mail belongs to whom its headers name, posted mail to the mailbox of the address."""
    make_mailbox("sales@carteria.test", queue=house.other, account=house.mailbox.account)
    addresses = ["support@carteria.test", "sales@carteria.test"]
    wrong, stored, joined, rules = {}, 0, 0, set[str]()
    for uid, raw in enumerate(mails(addresses[0], turn=("fetched", "posted").index(way)), 1):
        address = addresses[uid // 50 % 2]
        raw = raw.replace(b"support@carteria.test", address.encode())
        line = told(raw, tmp_path, address if way == "posted" else "")
        threads = set(Thread.objects.values_list("key", flat=True))
        thread = (line["decisions"] or {}).get("thread", "")
        before = TicketUpdate.objects.filter(thread_key=thread.removeprefix("join:")).count()
        row = posted(raw, address, house) if way == "posted" else fetched(raw, uid, house)
        made = outcome_of(settled(row), threads)
        if made != (expected := outcome_told(line, before)):
            wrong[uid] = (expected, made)
        stored += made["disposition"] == "stored"
        joined += thread.startswith("join:")
        rules |= set(made.get("rules", ()))
    assert wrong == {}
    assert uid == MAILS and stored > 150 and joined > 30
    assert rules >= RULES


def counts() -> dict[str, int]:
    models = [model for model in apps.get_models() if model._meta.managed]
    return {model._meta.label: model._default_manager.count() for model in models}


@pytest.mark.contract("1.5.a")
def test_nothing_is_written(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    before = counts()

    call_command("mailcheck", str(FOLDER))

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert counts() == before
    assert all(line["decisions"] for line in lines if line["disposition"] == "stored")


def test_the_database_itself_refuses_to_be_written(transactional_db: None) -> None:
    with reading_only() as there:
        assert there
        with pytest.raises(Error), transaction.atomic():
            AttachmentSettings.objects.update_or_create(pk=1, defaults={"max_files": 3})
    AttachmentSettings.objects.update_or_create(pk=1, defaults={"max_files": 3})


def test_a_mail_for_a_mailbox_by_name(house: House) -> None:
    make_mailbox("sales@carteria.test", queue=house.other, aliases=["buy@carteria.test"])
    trial = try_out(b"To: support@carteria.test\n\nx", to="Buy@Carteria.test", with_database=True)
    assert trial.decisions is not None
    assert (trial.decisions.mailbox, trial.decisions.queue) == ("sales@carteria.test", "Other")
    assert [entry.kind for entry in trial.decisions.crm] == ["standard", "link"]


def test_an_unknown_mailbox_takes_no_mail(house: House) -> None:
    trial = try_out(b"To: support@carteria.test\n\nx", to="x@else.test", with_database=True)
    assert (trial.disposition, trial.reason) == ("rejected", "unknown-mailbox")
    assert trial.mail is not None


def test_a_mailbox_without_a_queue_holds_its_mail(house: House) -> None:
    MailboxRoute.objects.all().delete()
    trial = try_out(b"To: support@carteria.test\n\nx", with_database=True)
    assert (trial.disposition, trial.reason, trial.decisions) == ("quarantined", "no-queue", None)


def test_without_any_mailbox_there_is_nothing_to_decide(db: None) -> None:
    trial = try_out(b"To: support@carteria.test\n\nx", with_database=True)
    assert (trial.disposition, trial.decisions) == ("stored", None)


def test_the_limits_of_the_house_count(house: House, tmp_path: Path) -> None:
    AttachmentSettings.objects.create(pk=1, also_block=["pdf"], scan_limit_mb=1)
    mail = EmailMessage(policy=SMTP)
    mail.set_content("x")
    for name, content in (("a.pdf", b"%PDF-1.4"), ("b.txt", b"x" * (2**20 + 1))):
        mail.add_attachment(content, maintype="application", subtype="x", filename=name)
    files = told(mail.as_bytes(), tmp_path, "")["got"]["attachments"]
    assert [(one["verdict"], one["reason"]) for one in files] == [
        ("refused", "type-denied"),
        ("withheld", "too-big"),
    ]


@pytest.fixture
def without_tables(transactional_db: None, fake_clamd: FakeClamd) -> Iterator[None]:
    table = AttachmentSettings._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO gone")
        yield
        cursor.execute(f"ALTER TABLE gone RENAME TO {table}")


def test_a_database_that_has_no_tables_is_none(without_tables: None, tmp_path: Path) -> None:
    line = told(b"To: support@carteria.test\n\nx", tmp_path, "")
    assert (line["ok"], line["decisions"]) == (True, None)


@pytest.mark.contract("1.3.i")
def test_a_mail_of_the_crm_is_ignored_in_a_dry_run_as_well(house: House) -> None:
    connection = crm_connection()
    CrmConnection.objects.update(sender_addresses=["crm@vendor.test"])
    trial = try_out(b"From: CRM@vendor.test\r\n\r\nHello", with_database=True)
    assert (trial.disposition, trial.reason) == ("rejected", "from-crm")
    assert str(connection) in (trial.sentence or "")


@pytest.mark.contract("1.3.f", "1.3.g")
def test_the_dry_run_tells_of_copies_and_pdfs_that_are_switched_on(house: House) -> None:
    CrmSettings.load()
    CrmSettings.objects.update(content_copy=True, thread_pdf="each")
    decisions = try_out(b"From: a@b.test\r\n\r\nHello", with_database=True).decisions
    assert decisions is not None
    assert [one.kind for one in decisions.crm] == ["standard", "link", "copy", "pdf"]

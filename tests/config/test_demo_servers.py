"""The demo's mail servers, asked by our own fetcher and by Python's libraries alike."""

import imaplib
import smtplib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from apps.channels.transports.errors import TransportError
from apps.channels.transports.imap import ImapInbox
from apps.channels.transports.login import Login
from config.demo import letters
from config.demo.post import INBOX, SENT, Post
from tests.config.demo_house import PASSWORD, DemoHouse, demo_house

CUSTOMER, SUPPORT = "ana@example.com", "support@almena.test"


def mail(number: int = 1) -> bytes:
    return letters.compose(
        sender=f"Ana <{CUSTOMER}>",
        to=SUPPORT,
        subject=f"Pregunta {number}: ¿cuándo?",
        text=f"Línea uno\n.una línea con punto\n..dos\n{number}",
        message_id=f"m{number}",
        at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[DemoHouse]:
    with demo_house(tmp_path) as house:
        yield house


def send(demo: DemoHouse, *raws: bytes, to: str = SUPPORT, sender: str = CUSTOMER) -> None:
    with smtplib.SMTP("127.0.0.1", demo.smtp, timeout=10) as smtp:
        for raw in raws:
            smtp.sendmail(sender, [to], raw)


def ours(demo: DemoHouse, user: str = "support") -> ImapInbox:
    return ImapInbox(Login("127.0.0.1", demo.imap, "none", user, PASSWORD))


def theirs(demo: DemoHouse, user: str = "support") -> imaplib.IMAP4:
    client = imaplib.IMAP4("127.0.0.1", demo.imap, timeout=10)
    client._encoding = "utf-8"  # type: ignore[attr-defined]
    client.login(user, PASSWORD)
    return client


# ---- the same mails for both ----------------------------------------------------------


def test_our_fetcher_and_the_standard_library_read_the_same(demo: DemoHouse) -> None:
    send(demo, *map(mail, range(1, 8)))
    with ours(demo) as inbox:
        folder = inbox.select("INBOX")
        batches = list(inbox.new_messages(inbox.uids_from(1)))
    client = theirs(demo)
    client.select()
    _kind, data = client.uid("FETCH", "1:*", "(UID BODY.PEEK[])")
    bodies = [item[1] for item in data if isinstance(item, tuple)]
    assert [raw for batch in batches for _uid, raw in batch.mails] == bodies
    assert (folder.exists, folder.uidnext, len(bodies)) == (7, 8, 7)
    assert client.response("UIDVALIDITY")[1] == [str(folder.uidvalidity).encode()]
    assert all(body.endswith(mail(number)) for number, body in enumerate(bodies, 1))


def test_what_our_fetcher_does_the_standard_library_sees(demo: DemoHouse) -> None:
    send(demo, *map(mail, range(1, 6)))
    with ours(demo) as inbox:
        inbox.select("INBOX")
        inbox.mark_seen([1, 3])
        inbox.delete([2])
        assert inbox.unseen() == [4, 5]
        assert inbox.existing([1, 2, 3]) == {1, 3}
        assert inbox.with_subject("Pregunta") == [1, 3, 4, 5]
        assert inbox.since(datetime.now(UTC).date() + timedelta(days=1)) == []
    client = theirs(demo)
    client.select(readonly=True)
    assert client.search(None, "ALL") == ("OK", [b"1 2 3 4"])
    assert client.uid("SEARCH", "OR", "SEEN", "UID", "5:*") == ("OK", [b"1 3 5"])
    assert client.search(None, "NOT", "SEEN", "2:3") == ("OK", [b"3"])
    assert client.uid("FETCH", "3", "(FLAGS)")[1] == [rb"2 (UID 3 FLAGS (\Seen))"]
    assert client.store("1", "+FLAGS", r"\Flagged")[0] == "NO"


def test_mails_are_moved_and_appended(demo: DemoHouse) -> None:
    send(demo, mail(1), mail(2))
    client = theirs(demo)
    assert client.create("Done")[0] == "OK"
    with ours(demo) as inbox:
        inbox.select("INBOX")
        inbox.move([1], "Done")
        assert sorted(inbox.folders()) == ["Done", "INBOX"]
        with pytest.raises(TransportError, match="There is no folder Nowhere"):
            inbox.move([2], "Nowhere")
    client.append("Done", r"(\Seen)", None, mail(9))
    assert client.status("Done", "(MESSAGES UNSEEN UIDNEXT)")[1] == [
        b'"Done" (MESSAGES 2 UNSEEN 1 UIDNEXT 3)'
    ]
    client.select("Done")
    assert client.fetch("2", "(BODY[])")[1][0][1] == mail(9)
    fields = client.fetch("1", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1][0][1]
    assert fields.startswith(b"Subject: Pregunta 1: =?utf-8?") and fields.endswith(b"\r\n\r\n")


def test_idle_tells_of_a_mail_at_once(demo: DemoHouse) -> None:
    with ours(demo) as inbox:
        inbox.select("INBOX", writable=False)
        threading.Timer(0.5, send, [demo, mail()]).start()
        assert inbox.can_idle
        assert inbox.idle(10, stop=lambda: False) is True
        assert inbox.uids_from(1) == [1]  # and the line is good for more


def test_another_client_hears_what_is_gone(demo: DemoHouse) -> None:
    send(demo, *map(mail, range(1, 4)))
    watcher, worker = theirs(demo), theirs(demo)
    for client in (watcher, worker):
        client.select()
    worker.store("1", "+FLAGS", r"\Deleted")
    assert worker.expunge() == ("OK", [b"1"])
    watcher.noop()
    assert watcher.response("EXPUNGE") == ("EXPUNGE", [b"1"])
    assert watcher.fetch("1", "(UID)")[1] == [b"1 (UID 2)"]


@pytest.mark.parametrize("line", [b"x", b"a1 FETCH", b"a1 SELECT (", b'a1 LOGIN "a', b"a1 UID"])
def test_nonsense_ends_nothing(demo: DemoHouse, line: bytes) -> None:
    with socket.create_connection(("127.0.0.1", demo.imap), timeout=5) as connection:
        file = connection.makefile("rb")
        file.readline()
        connection.sendall(line + b"\r\na2 NOOP\r\n")
        assert b" BAD " in file.readline()
        assert file.readline() == b"a2 OK NOOP done\r\n"


def test_only_the_password_opens_a_mailbox(demo: DemoHouse) -> None:
    with pytest.raises(TransportError) as refused:
        ImapInbox(Login("127.0.0.1", demo.imap, "none", "support", "guess"))
    assert refused.value.code == "password"


# ---- the post office --------------------------------------------------------------------


def test_mail_is_kept_over_a_restart_with_its_numbers(tmp_path: Path) -> None:
    with demo_house(tmp_path) as demo:
        send(demo, mail(1), mail(2))
        with ours(demo) as inbox:
            before = inbox.select("INBOX")
            inbox.delete([2])
    with demo_house(tmp_path) as demo:
        send(demo, mail(3))
        with ours(demo) as inbox:
            after = inbox.select("INBOX")
            assert inbox.uids_from(1) == [1, 3]  # 2 is never given twice
    assert before.uidvalidity == after.uidvalidity


def test_a_customer_keeps_a_copy_and_we_do_not(demo: DemoHouse) -> None:
    send(demo, mail())
    send(demo, mail(), sender="support+token@almena.test", to=CUSTOMER)
    assert [one.raw for one in demo.post.folder(CUSTOMER, SENT).mails()] == [mail()]
    assert len(demo.post.folder(CUSTOMER).mails()) == 1
    assert demo.post.folders("support") == [INBOX]


def test_an_address_that_does_not_exist_is_refused(demo: DemoHouse) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(demo, mail(), to="ana@nowhere.test")


def test_the_servers_wait_on_loopback_alone() -> None:
    from config.launch.demo import _listen

    with _listen(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("name", ["..", "../../x", "a/b", "INBOX"])
def test_no_folder_leaves_its_place(tmp_path: Path, name: str) -> None:
    post = Post(tmp_path)
    folder = post.folder("ana@example.com", name).make()
    assert folder.path.parent == tmp_path / "ana@example.com"
    assert post.folders("ana@example.com") == [name]


def test_idle_costs_no_time_between_mails(demo: DemoHouse) -> None:
    """Somebody who waits must not keep the others waiting."""
    with ours(demo) as inbox:
        inbox.select("INBOX")
        waiting = threading.Thread(target=inbox.idle, args=[3], kwargs={"stop": lambda: False})
        waiting.start()
        begun = time.monotonic()
        send(demo, mail())
        waiting.join(10)
        assert time.monotonic() - begun < 3

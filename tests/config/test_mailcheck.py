"""`manage.py mailcheck`: the dry run says in JSON lines what a mail holds, without a database."""

import hashlib
import json
import os
import subprocess
import sys
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from apps.channels import probe
from apps.core.db import read_only
from config import mailcheck
from tests.channels.odd_mails import FOLDER, NAMES
from tests.hostile.payloads import tnef, tnef_file

GOT = set(
    "from_email from_name subject to to_names cc reply_to date body_text body_html safe_html"
    " attachments message_id in_reply_to references is_auto_reply is_bounce bounce feedback_type"
    " visible_reply tnef_files".split()
)
FILE = set("name size content_type sha256 sha256_lf content_id inline verdict reason".split())


@pytest.fixture(autouse=True)
def no_scanner(settings: Settings):
    settings.CLAMD_ADDRESS = ""


@pytest.fixture(autouse=True)
def no_database(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """As on a machine where nothing was started yet; tests/tickets/test_dry_run.py has one."""
    monkeypatch.setattr(read_only, "_is_there", lambda: False)


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]):
    def run(path: Path) -> list[dict[str, object]]:
        call_command("mailcheck", str(path), jsonl=True)
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def test_a_folder_gives_a_line_for_each_mail_in_order(lines) -> None:
    found = lines(FOLDER)
    assert [line["id"] for line in found] == NAMES
    for line in found:
        assert set(line) == set("id ok seconds error disposition reason decisions got".split())
        assert line["ok"] and line["decisions"] is None
        assert set(line["got"]) == GOT
        assert all(set(file) == FILE for file in line["got"]["attachments"])


def test_what_a_mail_holds(lines) -> None:
    (line,) = lines(FOLDER / "related-inline-image.eml")
    got = line["got"]
    assert got["from_email"] == "ann@example.com"
    assert got["date"] == "2025-03-04T09:30:00+01:00"
    assert got["safe_html"] == '<p>See <img src="cid:logo@example.com"></p>'
    picture, invoice = got["attachments"]
    assert picture["inline"] and picture["content_id"] == "logo@example.com"
    assert invoice["sha256"] == hashlib.sha256(b"%PDF-1.4 not really").hexdigest()
    assert (invoice["verdict"], invoice["reason"]) == ("waiting", "scanner-down")


def test_a_refused_file_says_why(lines) -> None:
    (line,) = lines(FOLDER / "names-two-faces.eml")
    (file,) = line["got"]["attachments"]
    assert (file["verdict"], file["reason"]) == ("refused", "type-denied")


def test_a_bounce_has_the_fields_of_the_contract(lines) -> None:
    (line,) = lines(FOLDER / "bounce-rfc3464-hard.eml")
    assert line["got"]["bounce"] == {
        "kind": "hard",
        "recipients": ["gone@example.com"],
        "status": "5.1.1",
        "smtp_code": 550,
        "delayed": [],
    }


def test_a_bad_mail_does_not_stop_the_others(lines, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"")
    (tmp_path / "b.eml").write_bytes(b"From: ann@example.com\n\nhello\n")
    (tmp_path / "c.txt").write_bytes(b"no mail")
    bad, good = lines(tmp_path)
    assert (bad["ok"], bad["disposition"], bad["reason"]) == (False, "quarantined", "empty")
    assert good["got"]["body_text"] == "hello\n"
    assert good["got"]["safe_html"] is None


def test_a_mail_that_is_too_big_is_not_read(lines, tmp_path: Path) -> None:
    with (tmp_path / "a.eml").open("wb") as file:
        file.write(b"From: ann@example.com\n\nhello\n")
        file.truncate(60 * 2**20)
    (line,) = lines(tmp_path)
    assert (line["ok"], line["disposition"], line["reason"]) == (False, "quarantined", "too-big")
    assert "50 MB" in line["error"]


def test_odd_structure_is_held_and_still_told(lines, tmp_path: Path) -> None:
    types = b"".join(b"Content-Type: multipart/mixed; boundary=%c\n" % one for one in b"ab")
    parts = b"".join(b"--%c\n\nhello\n--%c--\n" % (one, one) for one in b"ab")
    mail = types + b"Subject: odd\n\n" + parts
    (tmp_path / "a.eml").write_bytes(mail)
    (line,) = lines(tmp_path)
    assert (line["ok"], line["error"]) == (True, None)
    assert (line["disposition"], line["reason"]) == ("quarantined", "odd-structure")
    assert line["got"]["subject"] == "odd"


def test_a_test_mail_of_ours_is_nobody_s_work(lines, tmp_path: Path) -> None:
    subject = probe.subject_of(probe.new_token())
    (tmp_path / "a.eml").write_bytes(f"Subject: {subject}\n\nhello\n".encode())
    (line,) = lines(tmp_path)
    assert (line["disposition"], line["reason"]) == ("rejected", "test-mail")


def test_what_a_folder_has_beside_mails_stops_nothing(lines, tmp_path: Path) -> None:
    (tmp_path / "folder.eml").mkdir()
    (tmp_path / "loop.eml").symlink_to(tmp_path / "loop.eml")
    (tmp_path / "nowhere.eml").symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "pipe.eml")
    (tmp_path / "z.eml").write_bytes(b"From: ann@example.com\n\nhello\n")
    found = {line["id"]: line for line in lines(tmp_path)}
    assert {name: line["ok"] for name, line in found.items()} == {
        "loop": False,
        "nowhere": False,
        "pipe": False,
        "z": True,
    }
    assert "not a file" in found["pipe"]["error"]
    assert all(one["disposition"] == "rejected" for one in found.values() if not one["ok"])


def test_an_empty_folder_gives_no_line(lines, tmp_path: Path) -> None:
    assert lines(tmp_path) == []


def test_a_file_name_may_be_any_bytes(lines, tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.eml"
    Path(os.fsdecode(name)).write_bytes(b"From: ann@example.com\n\nhello\n")
    (line,) = lines(tmp_path)
    assert (line["id"], line["ok"]) == ("caf\ufffd", True)


def test_the_files_within_winmail_are_named(lines, tmp_path: Path) -> None:
    mail = EmailMessage(policy=SMTP)
    mail.set_content("see the file")
    packed = tnef(tnef_file(b"report.pdf", b"%PDF-1.4"), tnef_file(b"list.csv", b"a;b"))
    mail.add_attachment(packed, maintype="application", subtype="ms-tnef", filename="winmail.dat")
    (tmp_path / "a.eml").write_bytes(mail.as_bytes())
    (line,) = lines(tmp_path)
    assert line["got"]["tnef_files"] == ["report.pdf", "list.csv"]


def test_a_failure_of_ours_costs_one_line(lines, tmp_path: Path, monkeypatch) -> None:
    def broken(*_given: object, **_named: object) -> str:
        print("words for nobody")
        raise KeyError("x")

    monkeypatch.setattr(mailcheck, "safe_html", broken)
    (tmp_path / "a.eml").write_bytes(b"Content-Type: text/html\n\n<p>x")
    (tmp_path / "b.eml").write_bytes(b"From: ann@example.com\n\nhello\n")
    bad, good = lines(tmp_path)
    assert (bad["ok"], bad["disposition"], bad["reason"]) == (False, "quarantined", "unreadable")
    assert good["ok"]


def test_a_missing_path_is_said(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path in ("/nowhere/at/all.eml", str(tmp_path / "loop")):
        with pytest.raises(CommandError, match="no file or folder") as error:
            call_command("mailcheck", path)
        assert error.value.returncode == 2


def typed_in_a_fresh_checkout(data: Path, stdout: Any) -> "subprocess.CompletedProcess[str]":
    """No keys, no database."""
    environment = {
        "PATH": os.environ["PATH"],
        "CARTERIA_NO_BOOTSTRAP": "1",
        "CARTERIA_DATA": str(data),
    }
    return subprocess.run(
        [sys.executable, "manage.py", "mailcheck", str(FOLDER / "plain-ascii.eml")],
        cwd=FOLDER.parents[1],
        env=environment,
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
        text=True,
    )


def test_it_runs_before_the_first_start_and_writes_nothing(tmp_path: Path) -> None:
    done = typed_in_a_fresh_checkout(tmp_path / "none", subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["id"] == "plain-ascii"
    assert not (tmp_path / "none").exists()


def test_a_disk_that_takes_no_answer_is_said(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = typed_in_a_fresh_checkout(tmp_path / "none", full)
    assert done.returncode == 1
    assert "cannot be written" in done.stderr and "Traceback" not in done.stderr

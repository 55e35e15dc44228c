"""`manage.py mailcheck`: the dry run says in JSON lines what a mail holds, without a database."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from config import mailcheck
from tests.channels.odd_mails import FOLDER, NAMES

GOT = set(
    "from_email from_name subject to to_names cc reply_to date body_text body_html safe_html"
    " attachments message_id in_reply_to references is_auto_reply is_bounce bounce feedback_type"
    " visible_reply tnef_files".split()
)
FILE = set("name size content_type sha256 sha256_lf content_id inline verdict reason".split())


@pytest.fixture(autouse=True)
def no_scanner(settings: Settings):
    settings.CLAMD_ADDRESS = ""
    mailcheck._batch.cache_clear()
    yield
    mailcheck._batch.cache_clear()


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


def test_a_mail_that_is_too_big_is_not_read(lines, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(mailcheck, "MAX_MAIL_BYTES", 10)
    (tmp_path / "a.eml").write_bytes(b"From: ann@example.com\n\nhello\n")
    (line,) = lines(tmp_path)
    assert line["reason"] == "too-big"


def test_a_missing_path_is_said() -> None:
    with pytest.raises(CommandError, match="no file or folder"):
        call_command("mailcheck", "/nowhere/at/all.eml")


def test_it_runs_before_the_first_start_and_writes_nothing(tmp_path: Path) -> None:
    """No keys, no database: as somebody types it in a fresh checkout."""
    root = FOLDER.parents[1]
    environment = {
        "PATH": os.environ["PATH"],
        "CARTERIA_NO_BOOTSTRAP": "1",
        "CARTERIA_DATA": str(tmp_path / "none"),
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "mailcheck", str(FOLDER / "plain-ascii.eml")],
        cwd=root,
        env=environment,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["id"] == "plain-ascii"
    assert not (tmp_path / "none").exists()

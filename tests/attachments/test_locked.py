"""Locked with a password or not: our own look, and the copy in the clear of a PDF."""

import pytest

from apps.attachments import probes, unlock_pdf
from apps.attachments.locked import is_locked
from apps.attachments.scan import FileFailed
from apps.attachments.unlock_pdf import LOCKED, UNREADABLE, is_encrypted_pdf, unlocked
from tests.attachments import locked_samples as locked
from tests.attachments import samples as s


@pytest.mark.contract("1.5.e")
@pytest.mark.parametrize(
    "content",
    [
        locked.office(),
        locked.compound({"WordDocument": locked.word_start(locked=True)}),
        locked.compound({"Workbook": locked.excel_start(locked=True)}),
        locked.compound({"PowerPoint Document": b"x", "EncryptedSummary": b"x"}),
        locked.odt(locked=True),
        probes.encrypted(),
        s.tarred({"a.dat": probes.encrypted()}),
    ],
    ids=["OOXML", "DOC", "XLS", "PPT", "ODF", "ZIP", "in TAR"],
)
def test_a_locked_document_is_seen(content: bytes) -> None:
    assert is_locked(content)


@pytest.mark.contract("1.5.e")
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"EncryptedPackage",
        locked.office(locked=False),
        locked.compound({"Workbook": locked.excel_start(locked=False)}),
        locked.odt(locked=False),
        s.opc(word__document__xml=b"<encryption-data>"),
        s.tarred({"a.txt": b"hello"}),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 600,
    ],
)
def test_an_open_document_is_not(content: bytes) -> None:
    assert not is_locked(content)


@pytest.mark.contract("1.5.e")
def test_a_pdf_with_an_owners_password_opens_for_everybody() -> None:
    content = locked.pdf()
    copy = unlocked(content)
    assert is_encrypted_pdf(content) and copy.startswith(b"%PDF-") and b"/Encrypt" not in copy


@pytest.mark.contract("1.5.e")
def test_a_pdf_with_a_users_password_stays_locked() -> None:
    assert unlocked(locked.pdf(user=b"secret")) == LOCKED


@pytest.mark.contract("1.5.a")
def test_a_pdf_that_nobody_can_open_in_time_is_not_scanned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unlock_pdf, "SECONDS", 0.01)
    with pytest.raises(FileFailed):
        unlocked(locked.pdf())


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4 /Encrypt", b"%PDF-1.4\n" + b"/Encrypt" * 9999])
def test_a_pdf_that_is_none_is_unreadable(content: bytes) -> None:
    assert unlocked(content) == UNREADABLE

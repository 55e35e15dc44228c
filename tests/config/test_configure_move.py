"""A settings file that names another account moves the mailbox, with the page's safety."""

from pathlib import Path

import pytest

from apps.channels.models import EmailAccount, Mailbox, MailboxMove
from apps.core.leases import held
from tests.config.test_configure import configured
from tests.people import make_account, make_mailbox

pytestmark = pytest.mark.django_db

TEXT = "version: 1\nmailboxes: [{address: a@x.test, account: other}]\n"


@pytest.fixture
def mailbox() -> Mailbox:
    return make_mailbox("a@x.test", account=make_account("first"))


def test_it_is_a_move_like_any_other(mailbox: Mailbox, tmp_path: Path) -> None:
    other = make_account("other")
    code, changes, told = configured(tmp_path, TEXT)
    assert (code, told) == (0, "")
    assert changes == [{"object": "mailbox", "name": "a@x.test", "change": "changed"}]
    done = MailboxMove.objects.get()
    assert (done.from_name, done.to_account, done.by, done.by_name) == ("first", other, None, "")
    mailbox.refresh_from_db()
    assert (mailbox.account, mailbox.move_state) == (other, "moving")
    assert configured(tmp_path, TEXT)[:2] == (0, [])  # the same file again moves nothing
    assert MailboxMove.objects.count() == 1


def test_to_check_moves_nothing(mailbox: Mailbox, tmp_path: Path) -> None:
    make_account("other")
    assert configured(tmp_path, TEXT, "--check")[0] == 0
    assert not MailboxMove.objects.exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"enabled": False}, "other is not in use"), ({"receive_kind": "none"}, "other receives no")],
)
def test_what_the_page_refuses_the_file_cannot_do(
    mailbox: Mailbox, tmp_path: Path, fields: dict[str, object], words: str
) -> None:
    make_account("other", **fields)
    code, _changes, told = configured(tmp_path, TEXT)
    assert (code, f"mailboxes.account: {words}" in told) == (2, True), told
    assert Mailbox.objects.get().account_id == mailbox.account_id


def test_nor_while_the_new_account_is_fetched(mailbox: Mailbox, tmp_path: Path) -> None:
    other = make_account("other")
    with held(f"fetch:{other.pk}", seconds=30):
        code, _changes, told = configured(tmp_path, TEXT)
    assert (code, "is being fetched just now" in told) == (2, True), told
    assert not EmailAccount.objects.exclude(moved_until=None).exists()

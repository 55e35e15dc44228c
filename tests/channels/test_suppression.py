"""The list of suppressed addresses: what puts one there, what weighs most, and how it ends."""

import pytest

from apps.channels import suppression
from apps.channels.models import SuppressedAddress
from apps.channels.suppression import Found
from apps.core.errors import Conflict, Invalid
from apps.core.models import Role
from tests.people import make_account, make_mailbox, make_user

pytestmark = pytest.mark.django_db

ANA = "ana@outside.test"
GONE = ["5.1.1", "5.1.2", "5.1.6", "5.1.10", "5.2.1", "5.7.13", "5.7.17"]
STAYS = ["5.2.2", "5.2.3", "5.3.4", "5.4.4", "5.7.1", "5.7.26", "5.7.28", "4.1.1", "5.1.7", "5.1.8"]


@pytest.mark.parametrize("status", GONE)
def test_nobody_is_there(status: str) -> None:
    assert suppression.is_gone(status, 550)


@pytest.mark.parametrize("status", STAYS)
def test_about_us_or_this_mail_or_for_now(status: str) -> None:
    assert not suppression.is_gone(status, 550)


def test_without_a_code_of_the_list_the_other_one_counts() -> None:
    assert [
        code for code in (421, 450, 550, 551, 552, 554, 556) if suppression.is_gone("", code)
    ] == [
        550,
        551,
        556,
    ]


def test_the_same_reason_is_one_row() -> None:
    for words in ("first", "second"):
        suppression.add([Found(ANA.upper(), "hard", words), Found("nobody", "hard")])
    [row] = SuppressedAddress.objects.all()
    assert (row.address, row.evidence) == (ANA, "first")


def test_what_a_person_there_has_said_weighs_most() -> None:
    suppression.add([Found(ANA, "complaint"), Found(ANA, "hard")])
    assert suppression.against([ANA.upper(), "bob@outside.test"])[ANA].reason == "complaint"


def test_what_was_said_to_one_account_counts_for_its_mailboxes_alone() -> None:
    told, other = make_account(), make_account()
    mailboxes = [make_mailbox(account=one).pk for one in (told, other)]
    suppression.add([Found(ANA, "unsubscribed", account=told.pk)])
    found = [ANA in suppression.against([ANA], mailbox=one) for one in (*mailboxes, None)]
    assert found == [True, False, False]
    assert suppression.listed([ANA]) == {ANA}  # nothing automatic, whichever way


def test_whoever_is_removed_is_remembered_and_may_come_again() -> None:
    user = make_user("root", roles=[Role.ADMINISTRATOR])
    suppression.add([Found(ANA, "hard")])
    rows = SuppressedAddress.objects.all()
    assert [suppression.remove(rows, by=user) for _twice in range(2)] == [1, 0]
    assert suppression.against([ANA]) == {}
    suppression.add([Found(ANA, "hard")])
    removed = SuppressedAddress.objects.exclude(removed_at=None)
    assert [one.removed_by for one in removed] == [user]
    assert ANA in suppression.against([ANA])


def test_by_hand_once_and_only_addresses() -> None:
    user = make_user("root", roles=[Role.ADMINISTRATOR])
    suppression.by_hand(f" {ANA.upper()} ", by=user, why="asked by phone")
    with pytest.raises(Conflict):
        suppression.by_hand(ANA, by=user)
    with pytest.raises(Invalid):
        suppression.by_hand("no address", by=user)
    assert "asked by phone" in suppression.sentence_of(suppression.against([ANA])[ANA])


@pytest.mark.parametrize("reason", SuppressedAddress.Reason.values)
def test_each_reason_says_whom_and_when(reason: str) -> None:
    suppression.add([Found(ANA, reason, "user unknown")])
    assert ANA in suppression.sentence_of(suppression.against([ANA])[ANA])

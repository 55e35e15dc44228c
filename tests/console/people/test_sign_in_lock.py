"""After too many failures: who is locked, from where, for how long, and who unlocks."""

from datetime import timedelta
from io import StringIO

import pytest
from axes.models import AccessAttempt
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from apps.core import lockout
from apps.core.models import SignInSettings, User
from tests.console.conftest import SignIn
from tests.people import House
from tests.second_factors import code_of, give_second_factor, sign_in

LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def three_tries(db: None) -> SignInSettings:
    row = SignInSettings.load()
    row.failures, row.lock_minutes = 3, 7
    row.save()
    return row


def fail(times: int = 3, *, login: str = "alice", address: str = "10.0.0.1") -> int:
    """The status of the last answer."""
    status = 0
    for _time in range(times):
        form = {"login": login, "password": "wrong"}
        status = Client(REMOTE_ADDR=address).post(LOGIN, form).status_code
    return status


def try_right(*, login: str = "alice", address: str = "10.0.0.1") -> int:
    form = {"login": login, "password": "alice"}
    return Client(REMOTE_ADDR=address).post(LOGIN, form).status_code


def test_the_third_failure_locks_and_says_how_long(house: House) -> None:
    fail(2)
    answer = Client(REMOTE_ADDR="10.0.0.1").post(LOGIN, {"login": "alice", "password": "wrong"})
    page = answer.content.decode()

    assert (answer.status_code, answer["Retry-After"]) == (429, "420")
    assert "Too many tries failed. Wait 7 minutes, then try again." in page
    assert "alice" not in page
    assert try_right() == 429


def test_name_and_address_count_as_one_user(house: House) -> None:
    fail(2, login="alice@agents.test")
    fail(1, login="alice")

    assert try_right() == 429


def test_from_elsewhere_and_as_somebody_else_one_still_gets_in(house: House) -> None:
    fail()

    assert try_right(address="10.0.0.2") == 302
    form = {"login": "bob", "password": "bob"}
    assert Client(REMOTE_ADDR="10.0.0.1").post(LOGIN, form).status_code == 302


def test_another_address_of_the_same_line_gives_no_more_tries(house: House) -> None:
    for last in range(3):
        fail(1, address=f"2001:db8:1:2::{last}")

    assert try_right(address="2001:db8:1:2:ffff::9") == 429
    assert try_right(address="2001:db8:1:3::9") == 302


def test_ipv4_by_a_socket_of_both_kinds_is_still_one_address(house: House) -> None:
    fail(address="::ffff:10.0.0.1")

    assert try_right(address="10.0.0.1") == 429
    assert try_right(address="::ffff:10.0.0.2") == 302


def test_names_that_nobody_has_are_locked_just_so(house: House) -> None:
    assert fail(2, login="nobody") == 200
    assert fail(1, login="nobody") == 429


def test_success_forgets_the_failures(house: House) -> None:
    fail(2)
    assert try_right() == 302
    fail(2)
    assert try_right() == 302


def test_the_lock_opens_by_itself_and_trying_does_not_prolong_it(house: House) -> None:
    fail()
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=6))
    answer = Client(REMOTE_ADDR="10.0.0.1").post(LOGIN, {"login": "alice", "password": "alice"})
    assert "Wait 1 minute," in answer.content.decode()

    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=7, seconds=1))
    assert try_right() == 302


def test_an_administrator_unlocks(house: House, as_user: SignIn) -> None:
    fail()
    act(as_user(house.admin), "unlock", house.alice.user)

    assert try_right() == 302


def act(client: Client, action: str, *users: User) -> str:
    form = {"action": action, "_selected_action": [user.pk for user in users]}
    return client.post("/admin/core/user/", form, follow=True).content.decode()


@pytest.mark.parametrize("action", ["unlock", "remove_second_factor", "sign_out_everywhere"])
def test_an_auditor_cures_nobody(house: House, as_user: SignIn, action: str) -> None:
    fail()
    give_second_factor(house.alice.user)
    client = sign_in(house.bob.user)
    act(as_user(house.auditor), action, house.alice.user, house.bob.user)

    assert try_right() == 429
    assert house.alice.user.authenticator_set.count() == 2
    assert client.get("/accounts/").status_code == 200


def test_nothing_that_was_typed_is_kept(house: House) -> None:
    fail(1, login="alice@agents.test")
    fail(1, login="my-password-in-the-wrong-field")

    kept = str(list(AccessAttempt.objects.values()))
    assert not any(word in kept for word in ("alice", "agents.test", "wrong", "my-password"))


def test_nothing_that_was_typed_is_logged(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    fail(4, login="alice@agents.test", address="10.9.8.7")
    try_right(address="10.9.8.6")

    words = ("alice", "agents.test", "10.9.8", "wrong")
    assert not [line for line in caplog.messages if any(word in line for word in words)]


# ---- one address, many names ------------------------------------------------------------------


def spray(count: int, *, begin: int = 0) -> int:
    """One try at each of COUNT names; the status of the last answer."""
    return [fail(1, login=f"name{number}") for number in range(begin, begin + count)][-1]


def test_an_address_that_tries_many_names_has_to_wait(house: House) -> None:
    assert spray(29) == 200
    assert try_right() == 302
    assert spray(1, begin=29) == 200
    answer = Client(REMOTE_ADDR="10.0.0.1").post(LOGIN, {"login": "bob", "password": "bob"})
    assert (answer.status_code, answer["Retry-After"]) == (429, "420")
    assert "Too many tries failed. Wait 7 minutes, then try again." in answer.content.decode()
    assert try_right(address="10.0.0.2") == 302


def test_an_address_waits_only_until_enough_is_forgotten(house: House) -> None:
    spray(31)
    older = AccessAttempt.objects.order_by("pk")[:2].values("pk")
    minutes = timezone.now() - timedelta(minutes=5)
    AccessAttempt.objects.filter(pk__in=list(older.values_list("pk", flat=True))).update(
        attempt_time=minutes
    )
    form = {"login": "alice", "password": "alice"}
    assert Client(REMOTE_ADDR="10.0.0.1").post(LOGIN, form)["Retry-After"] == "120"
    AccessAttempt.objects.filter(attempt_time=minutes).update(
        attempt_time=minutes - timedelta(minutes=3)
    )
    assert try_right() == 302


def test_an_address_that_nobody_knows_is_not_locked(house: House) -> None:
    for number in range(31):
        fail(1, login=f"name{number}", address="")
    assert try_right(address="") == 302


# ---- the current password -----------------------------------------------------------------------


@pytest.fixture
def no_other_limit() -> None:
    """allauth's own, which outlives a test."""
    cache.clear()


def change(client: Client, current: str) -> int:
    form = {"oldpassword": current, "password1": "a-long-new-one", "password2": "a-long-new-one"}
    return client.post("/accounts/password/change/", form).status_code


@pytest.mark.usefixtures("no_other_limit")
def test_a_wrong_current_password_counts_as_at_the_door(house: House, as_user: SignIn) -> None:
    client = as_user(house.alice.user)
    assert [change(client, "wrong") for _time in range(3)] == [200, 200, 429]
    assert change(client, "alice") == 429
    assert try_right(address="127.0.0.1") == 429
    assert try_right(address="10.0.0.2") == 302


@pytest.mark.usefixtures("no_other_limit")
def test_the_right_current_password_changes_it(house: House, as_user: SignIn) -> None:
    client = as_user(house.alice.user)
    change(client, "wrong")
    assert change(client, "alice") == 302
    assert client.get("/").status_code == 200
    assert User.objects.get(username="alice").check_password("a-long-new-one")


# ---- codes ------------------------------------------------------------------------------------


def test_wrong_codes_lock_the_second_step_from_everywhere(house: House) -> None:
    give_second_factor(house.alice.user)
    for address in ("10.0.0.1", "10.0.0.2", "10.0.0.3"):
        client = Client(REMOTE_ADDR=address)
        client.post(LOGIN, {"login": "alice", "password": "alice"})
        client.post("/accounts/2fa/code/", {"code": "000000"})

    fourth = Client(REMOTE_ADDR="10.0.0.4")
    fourth.post(LOGIN, {"login": "alice", "password": "alice"})
    answer = fourth.post("/accounts/2fa/code/", {"code": code_of()})

    assert answer.status_code == 429
    assert fourth.get("/").status_code == 302


def test_a_stranger_without_the_password_cannot_lock_the_second_step(house: House) -> None:
    give_second_factor(house.alice.user)
    fail(3, address="10.6.6.6")

    assert sign_in(house.alice.user, code=code_of()).get("/").status_code == 200


def test_a_new_password_unlocks(house: House) -> None:
    fail(address="127.0.0.1")
    assert lockout.unlock(house.alice.user)
    assert not lockout.unlock(house.alice.user)


# ---- from the command line --------------------------------------------------------------------


def test_the_command_lets_somebody_in_again(house: House) -> None:
    give_second_factor(house.alice.user)
    fail()
    said = StringIO()
    call_command("let_in", "alice", stdout=said)

    assert try_right() == 302
    assert house.alice.user.authenticator_set.count() == 0
    assert said.getvalue().startswith("http://console.test/accounts/password/reset/key/")


def test_the_command_knows_whom_it_may_not_let_in(house: House) -> None:
    with pytest.raises(CommandError):
        call_command("let_in", "nobody")

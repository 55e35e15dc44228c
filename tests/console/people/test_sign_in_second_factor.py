"""The second factor: set up, asked for, enforced by role, and not to be walked around."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.test import Client

from apps.core import second_factor
from apps.core.models import SignInSettings, User
from apps.core.secrets import key_of
from tests.console.conftest import SignIn
from tests.people import House, token_of
from tests.second_factors import (
    code_of,
    give_second_factor,
    require_second_factor,
    sign_in,
)

ACTIVATE, CODE = "/accounts/2fa/totp/activate/", "/accounts/2fa/code/"
CODES = "/accounts/2fa/recovery-codes/"


def set_up(client: Client) -> str:
    """By the page, as a person does it; answers the key."""
    page = client.get(ACTIVATE).content.decode()
    shown = re.search(r'data-test="totp-key">([A-Z2-7 ]+)<', page)
    assert shown
    secret = shown[1].replace(" ", "")
    answer = client.post(ACTIVATE, {"code": code_of(secret)})
    assert answer["Location"] == CODES
    return secret


def shown_codes(client: Client) -> list[str]:
    page = client.get(CODES).content.decode()
    return re.findall(r"<li>(\d{8})</li>", page)


def test_setting_it_up_shows_key_picture_and_codes_once(house: House) -> None:
    client = sign_in(house.alice.user)
    page = client.get(ACTIVATE).content.decode()
    assert "<svg" in page.split('class="qr"')[1][:200]
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", page.split('class="qr"')[1][:9000])

    set_up(client)

    assert len(shown_codes(client)) == 10
    assert shown_codes(client) == []
    assert "10 codes are left" in client.get(CODES).content.decode()


def test_from_then_on_the_password_is_not_enough(house: House) -> None:
    secret = set_up(sign_in(house.alice.user))

    client = sign_in(house.alice.user)
    assert client.get("/")["Location"].startswith("/accounts/login/")
    assert client.post(CODE, {"code": code_of(secret, periods=1)})["Location"] == "/"
    assert client.get("/").status_code == 200


def test_the_code_of_the_set_up_is_used_up(house: House) -> None:
    secret = set_up(sign_in(house.alice.user))

    assert sign_in(house.alice.user, code=code_of(secret)).get("/").status_code == 302


def test_next_survives_the_second_step(house: House) -> None:
    give_second_factor(house.alice.user)
    client = Client()
    form = {"login": "alice", "password": "alice", "next": "/?view=mine"}
    assert client.post("/accounts/login/", form)["Location"] == CODE

    assert client.post(CODE, {"code": code_of()})["Location"] == "/?view=mine"


@pytest.mark.parametrize("code", ["000000", "", "abc", "old", "１２３４５６"])
def test_a_wrong_code_opens_nothing(house: House, code: str) -> None:
    code = code_of(periods=-9) if code == "old" else code
    give_second_factor(house.alice.user)

    assert sign_in(house.alice.user, code=code or " ").get("/").status_code == 302


def test_a_code_works_once_also_in_another_process(house: House) -> None:
    give_second_factor(house.alice.user)
    code = code_of()

    assert sign_in(house.alice.user, code=code).get("/").status_code == 200
    assert sign_in(house.alice.user, code=code).get("/").status_code == 302
    assert sign_in(house.alice.user, code=code_of(periods=-1)).get("/").status_code == 302


def test_a_recovery_code_stands_in_once(house: House) -> None:
    codes = give_second_factor(house.alice.user)

    assert sign_in(house.alice.user, code=codes[3]).get("/").status_code == 200
    assert sign_in(house.alice.user, code=codes[3]).get("/").status_code == 302
    assert sign_in(house.alice.user, code=codes[4]).get("/").status_code == 200


def test_new_recovery_codes_replace_the_old_ones(house: House) -> None:
    old = give_second_factor(house.alice.user)
    client = sign_in(house.alice.user, code=code_of())
    client.post(f"{CODES}generate/")

    new = shown_codes(client)
    assert len(new) == 10
    assert not set(new) & set(old)


def test_secrets_are_sealed_at_rest(house: House) -> None:
    client = sign_in(house.alice.user)
    secret = set_up(client)

    stored = {one.type: one.data for one in Authenticator.objects.all()}
    assert key_of(stored["totp"]["secret"]) == 0
    assert key_of(stored["recovery_codes"]["seed"]) == 0
    sessions = [row.get_decoded() for row in Session.objects.all()]
    assert secret not in str(stored) and secret not in str(sessions)


def test_after_a_while_the_password_is_asked_for_again(house: House) -> None:
    client = sign_in(house.alice.user)
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 400
    session.save()

    again = client.get(ACTIVATE)["Location"]
    assert again.startswith("/accounts/reauthenticate/")
    assert client.post(again, {"password": "bob"}).status_code == 200
    assert client.post(again, {"password": "alice"})["Location"] == ACTIVATE
    assert client.get(ACTIVATE).status_code == 200


def test_one_may_remove_it_again(house: House) -> None:
    give_second_factor(house.alice.user)
    client = sign_in(house.alice.user, code=code_of())
    client.post("/accounts/2fa/totp/deactivate/")

    assert not Authenticator.objects.exists()
    assert sign_in(house.alice.user).get("/").status_code == 200


# ---- enforcement ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "led"),
    [
        ("nobody", set()),
        ("administrators", {"admin"}),
        ("supervisors", {"admin", "irene"}),
    ],
)
def test_the_rule_leads_exactly_those_to_the_set_up(
    house: House, as_user: SignIn, who: str, led: set[str]
) -> None:
    require_second_factor(who)
    people = [house.admin, house.irene, house.auditor, house.alice.user]

    sent = {user.username for user in people if _is_led(as_user(user))}

    assert sent == led


def _is_led(client: Client) -> bool:
    answer = client.get("/?view=mine")
    return answer.status_code == 302 and answer["Location"].startswith(ACTIVATE)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/admin/"),
        ("post", "/admin/core/user/"),
        ("get", "/e/1/"),
        ("get", "/m/1/"),
        ("get", "/nothing-here/"),
    ],
)
def test_every_page_is_behind_it(house: House, as_user: SignIn, method: str, path: str) -> None:
    require_second_factor("administrators")
    answer = getattr(as_user(house.admin), method)(path)

    assert answer["Location"].startswith(ACTIVATE)


def test_the_api_asks_tokens_only_for_the_token(house: House, as_user: SignIn) -> None:
    require_second_factor("administrators")
    client = as_user(house.admin)

    refused = client.get("/api/v1/queues/")
    assert (refused.status_code, refused.json()["code"]) == (403, "second-factor-required")
    assert client.get("/api/v1/queues/", headers=token_of(house.admin)).status_code == 200
    forged = {"Authorization": "Bearer nonsense"}
    assert client.get("/api/v1/queues/", headers=forged).status_code == 401


def test_whoever_sets_it_up_gets_on(house: House) -> None:
    require_second_factor("administrators")
    client = sign_in(house.admin)
    assert "Your role needs a second factor." in client.get(ACTIVATE).content.decode()

    set_up(client)

    assert client.get("/").status_code == 200
    assert client.get("/admin/").status_code == 200


def test_whoever_must_have_it_cannot_remove_it(house: House) -> None:
    require_second_factor("supervisors")
    give_second_factor(house.irene)
    client = sign_in(house.irene, code=code_of())

    page = client.post("/accounts/2fa/totp/deactivate/").content.decode()

    assert "Your role needs a second factor, so it cannot be removed." in page
    assert second_factor.has_one(house.irene)


def test_recovery_codes_alone_are_no_second_factor(house: House) -> None:
    require_second_factor("administrators")
    give_second_factor(house.admin)
    Authenticator.objects.filter(type="totp").delete()

    assert second_factor.is_missing(house.admin)


def test_the_rule_says_what_it_means_when_it_is_saved(house: House, as_user: SignIn) -> None:
    client = as_user(house.admin)
    row = SignInSettings.load()
    address = f"/admin/core/signinsettings/{row.pk}/change/"
    form = {"second_factor": "supervisors", "hours": 12, "failures": 5, "lock_minutes": 10}
    client.post(address, form)

    give_second_factor(house.admin)  # or the page itself would be behind it
    page = client.get("/admin/").content.decode()
    assert "2 people need a second factor and have none" in page
    assert "You are one of them." in page
    assert "You are the only administrator" in page


def test_an_administrator_removes_it_for_who_lost_the_phone(house: House, as_user: SignIn) -> None:
    give_second_factor(house.alice.user)
    client = sign_in(house.alice.user, code=code_of())
    _act(as_user(house.admin), "remove_second_factor", house.alice.user)

    assert client.get("/").status_code == 302
    assert sign_in(house.alice.user).get("/").status_code == 200


def _act(client: Client, action: str, user: User) -> None:
    client.post("/admin/core/user/", {"action": action, "_selected_action": user.pk})


def test_a_new_password_does_not_walk_around_it(house: House) -> None:
    give_second_factor(house.alice.user)
    house.alice.user.set_password("another-long-one")
    house.alice.user.save()
    client = Client()

    form = {"login": "alice", "password": "another-long-one"}
    assert client.post("/accounts/login/", form)["Location"] == CODE

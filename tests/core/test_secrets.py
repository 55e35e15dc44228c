"""Secrets at rest: sealed with the newest key, rotated by a command, and never shown."""

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.test.utils import override_settings

from apps.channels.models import EmailAccount
from apps.core import rotation
from apps.core.errors import Invalid
from apps.core.secrets import SealedPlace, key_of, seal, sealed_places, unseal
from apps.crm.models import CrmConnection, CrmSettings
from apps.storage.models import StorageTarget
from tests.people import make_account, make_user

pytestmark = pytest.mark.django_db(transaction=True)

OLD, NEW, LOST = (Fernet.generate_key().decode() for _key in range(3))


@pytest.fixture
def sealed_before() -> Iterator[EmailAccount]:
    """An account, a CRM and a storage from the time when only OLD was there."""
    with keys(OLD):
        account = make_account("main", receive_password=seal("fetch-pw"), send_password=seal("s"))
        CrmSettings.objects.create(
            pk=1,
            connection=CrmConnection.objects.create(token=seal("crm-token")),
        )
        StorageTarget.objects.create(backend="s3", secret=seal("s3"))
    yield account


def keys(*newest_first: str) -> Any:
    return override_settings(CARTERIA_KEYS=list(newest_first))


def rotate(*words: str) -> tuple[int, list[dict[str, Any]]]:
    said, code = StringIO(), 0
    try:
        call_command("rotate_keys", *words, stdout=said)
    except SystemExit as ended:
        code = int(str(ended.code))
    return code, [json.loads(line) for line in said.getvalue().splitlines()]


def line_of(lines: list[dict[str, Any]], model: str, field: str) -> dict[str, Any]:
    return next(one for one in lines if (one.get("model"), one.get("field")) == (model, field))


def test_every_column_that_holds_secrets_is_known() -> None:
    places = {(one.model, one.field) for one in sealed_places()}
    assert places >= {
        ("email_channels.EmailAccount", "receive_password"),
        ("email_channels.EmailAccount", "send_password"),
        ("mfa.Authenticator", "data"),
        ("crm.CrmConnection", "token"),
        ("storage.StorageTarget", "key"),
        ("storage.StorageTarget", "secret"),
    }


def test_rotation_seals_everything_with_the_newest_key(sealed_before: EmailAccount) -> None:
    with keys(NEW, OLD):
        code, lines = rotate()
    assert code == 0
    assert line_of(lines, "email_channels.EmailAccount", "receive_password")["resealed"] == 1
    assert line_of(lines, "storage.StorageTarget", "secret")["resealed"] == 1
    with keys(NEW):  # the old key is gone for good
        account, crm = EmailAccount.objects.get(), CrmSettings.load()
        assert unseal(account.receive_password) == "fetch-pw"
        assert unseal(crm.connection.token) == "crm-token"
        place = StorageTarget.objects.get()
        assert (unseal(place.secret), place.key) == ("s3", "")


def test_rotation_says_which_keys_may_go(sealed_before: EmailAccount) -> None:
    with keys(NEW, OLD, LOST):
        before = rotate("--check")[1][-1]
        after = rotate()[1][-1]
    assert (len(before["still_needed"]), len(before["no_longer_needed"])) == (1, 1)
    assert after["still_needed"] == []
    assert before["still_needed"][0] in after["no_longer_needed"]
    assert not any(key[:12] in str(after) for key in (OLD, NEW, LOST))


def test_check_changes_nothing_and_says_what_is_left(sealed_before: EmailAccount) -> None:
    with keys(NEW, OLD):
        code, lines = rotate("--check")
    told = line_of(lines, "email_channels.EmailAccount", "receive_password")
    assert (code, told["older"], told["resealed"]) == (1, 1, 0)
    with keys(OLD):
        assert unseal(EmailAccount.objects.get().receive_password) == "fetch-pw"


def test_a_second_run_has_nothing_to_do(sealed_before: EmailAccount) -> None:
    with keys(NEW, OLD):
        rotate()
        before = EmailAccount.objects.get().receive_password
        code, lines = rotate()
    assert code == 0
    assert sum(one.get("resealed", 0) for one in lines) == 0
    assert EmailAccount.objects.get().receive_password == before


def test_second_factors_are_rotated_as_well() -> None:
    with keys(OLD):
        codes = {"secret": seal("totp"), "migrated_codes": [seal("a"), seal("b")], "used_mask": 3}
        factor = Authenticator.objects.create(user=make_user(), type="totp", data=codes)
    with keys(NEW, OLD):
        assert rotate()[0] == 0
    factor.refresh_from_db()
    with keys(NEW):
        assert unseal(factor.data["secret"]) == "totp"
        assert [unseal(one) for one in factor.data["migrated_codes"]] == ["a", "b"]
    assert factor.data["used_mask"] == 3


def test_a_killed_run_is_gone_on_with(
    sealed_before: EmailAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    with keys(OLD):
        make_account("second", receive_password=seal("second-pw"))
    real, passes = rotation._reseal_row, iter([False, True])

    def killed_at_the_second(place: SealedPlace, identity: Any) -> int:
        if next(passes, False):
            raise KeyboardInterrupt
        return real(place, identity)

    with keys(NEW, OLD):
        monkeypatch.setattr(rotation, "_reseal_row", killed_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            rotate()
        monkeypatch.setattr(rotation, "_reseal_row", real)
        assert rotate()[0] == 0
    with keys(NEW):
        assert unseal(EmailAccount.objects.get(name="second").receive_password) == "second-pw"


def test_batches_reach_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "AT_ONCE", 2)
    with keys(OLD):
        for number in range(5):
            make_account(f"a{number}", receive_password=seal(f"pw{number}"))
    with keys(NEW, OLD):
        assert rotate()[0] == 0
    with keys(NEW):
        assert {key_of(one.receive_password) for one in EmailAccount.objects.all()} == {0}


def test_a_password_that_changes_meanwhile_stays_changed(
    sealed_before: EmailAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = rotation._reseal_row

    def after_somebody_typed_a_new_one(place: SealedPlace, identity: Any) -> int:
        if place.field == "receive_password":
            EmailAccount.objects.update(receive_password=seal("typed"))
        return real(place, identity)

    monkeypatch.setattr(rotation, "_reseal_row", after_somebody_typed_a_new_one)
    with keys(NEW, OLD):
        assert rotate()[0] == 0
        assert unseal(EmailAccount.objects.get().receive_password) == "typed"


def test_a_broken_secret_is_named_and_not_shown(sealed_before: EmailAccount) -> None:
    with keys(LOST):
        lost = seal("nobody reads this")
    EmailAccount.objects.update(receive_password=lost)
    with keys(NEW, OLD):
        code, lines = rotate()
    assert code == 2
    assert {"model": "email_channels.EmailAccount", "id": str(sealed_before.pk)}.items() <= next(
        one for one in lines if "problem" in one
    ).items()
    assert lost[:20] not in str(lines)
    assert EmailAccount.objects.get().receive_password == lost  # left as it is
    assert line_of(lines, "email_channels.EmailAccount", "send_password")["older"] == 0


def test_a_key_that_is_none_is_refused_in_words() -> None:
    with keys("too short"), pytest.raises(CommandError, match="CARTERIA_KEY"):
        rotate()


def test_a_secret_of_a_lost_key_says_which_setting_is_wrong() -> None:
    with keys(LOST):
        lost = seal("x")
    with keys(NEW), pytest.raises(Invalid) as refused:
        unseal(lost)
    assert refused.value.code == "wrong-key"
    assert "CARTERIA_KEY" in refused.value.sentence

"""configure: mail that a provider brings by its webhook."""

from pathlib import Path

import pytest

from apps.channels.models import EmailAccount
from apps.core.secrets import unseal
from tests.config.test_configure import configured

pytestmark = pytest.mark.django_db

BROUGHT = (
    "version: 1\naccounts: [{name: m, receive: {kind: provider, provider: mailgun, key: k-1,"
    " signing_key: s-1, options: {region: eu}}}]"
)


def test_an_account_is_brought_its_mail_by_a_provider(tmp_path: Path) -> None:
    assert configured(tmp_path, BROUGHT)[0] == 0
    account = EmailAccount.objects.get()
    assert (account.receive_kind, account.send_kind, account.provider) == (
        *("provider", "none", "mailgun"),
    )
    assert (unseal(account.provider_key), unseal(account.webhook_signing_key)) == ("k-1", "s-1")
    address = account.webhook_key
    assert address and account.webhook_secret
    assert configured(tmp_path, BROUGHT)[1] == []
    assert EmailAccount.objects.get().webhook_key == address


@pytest.mark.parametrize(
    ("account", "said"),
    [
        ("receive: {kind: provider}", "receive.provider: Choose the mail provider."),
        ("receive: {kind: provider, provider: acme}", "accounts.receive.provider: One of: "),
        (
            "receive: {kind: provider, provider: ses}, send: {kind: anymail, provider: brevo}",
            "accounts.receive.provider: An account has one mail provider",
        ),
    ],
)
def test_what_does_not_fit_is_one_sentence_and_nothing_is_written(
    tmp_path: Path, account: str, said: str
) -> None:
    code, _changes, errors = configured(tmp_path, f"version: 1\naccounts: [{{name: m, {account}}}]")
    assert code == 2
    assert said in errors
    assert not EmailAccount.objects.exists()

"""accounts/ says how a sign-in by OAuth stands, and never a token."""

import pytest

from apps.channels.models import OAuthGrant
from tests.calls import Caller
from tests.channels.oauth.house import connected, make_profile, oauth_account
from tests.people import make_account, make_house
from tests.servers.token_server import SECRET, TokenServer

pytestmark = pytest.mark.django_db


def test_the_state_of_a_permission_without_its_tokens(token_server: TokenServer) -> None:
    caller = Caller(make_house().admin)
    account = oauth_account(make_profile(token_server, secret_until="2027-01-31"))
    path = f"accounts/{account.pk}/"
    body = caller.get(path).json()["oauth"]
    assert (body["profile"], body["state"], body["failing_since"]) == ("local", "waiting", None)
    assert body["secret_until"] == "2027-01-31"
    grant = connected(account, token_server, refresh="the-refresh-token")
    OAuthGrant.objects.update(status="revoked", code="oauth-revoked", template="Press %(what)s.",
                              facts={"what": "Reconnect"})  # fmt: skip
    answer = caller.get(path)
    body = answer.json()["oauth"]
    assert (body["state"], body["code"], body["sentence"]) == (
        "revoked", "oauth-revoked", "Press Reconnect.",
    )  # fmt: skip
    shown = answer.content.decode()
    for hidden in ("the-refresh-token", grant.refresh_token, SECRET, grant.user):
        assert hidden not in shown


def test_who_signs_in_by_password_has_none() -> None:
    caller = Caller(make_house().admin)
    assert caller.get(f"accounts/{make_account().pk}/").json()["oauth"] is None

"""A process that asks for an access token in a database of its own, until a test kills it.

Its steps (tests/faults/steps.py): `signing_in prepare|ask|report` with CARTERIA_DATA and TOKEN_SERVER, REFRESH.
"""

import os


def prepare() -> None:
    from django.core.management import call_command

    from apps.channels.models import EmailAccount, OAuthGrant, OAuthProfile
    from apps.core.secrets import seal
    from tests.servers.token_server import CLIENT, SECRET

    call_command("migrate", run_syncdb=True, verbosity=0)
    server = os.environ["TOKEN_SERVER"]
    profile = OAuthProfile.objects.create(
        name="local", provider="other", client_id=CLIENT, client_secret=seal(SECRET),
        token_url=f"{server}/token", scopes="mail",
    )  # fmt: skip
    account = EmailAccount.objects.create(name="main", sign_in="oauth", oauth_profile=profile)
    OAuthGrant.objects.create(
        account=account, profile=profile, refresh_token=seal(os.environ["REFRESH"]), user="user1"
    )


def ask() -> None:
    """The token, or the code of what is wrong."""
    from apps.channels.models import EmailAccount, OAuthGrant
    from apps.channels.oauth.tokens import access_token
    from apps.channels.transports.errors import TransportError

    OAuthGrant.objects.update(ask_after=None, access_until=None)  # the time of both is over
    try:
        print(access_token(EmailAccount.objects.get()))
    except TransportError as error:
        print(error.code)

"""What a webhook is known by: an address that nobody guesses, and a password. Both are made here.

The provider's own signature comes on top, where it has one.
"""

import secrets
from urllib.parse import urlsplit, urlunsplit

from apps.channels.models import ChannelSettings, EmailAccount, Provider
from apps.core.secrets import seal, unseal

USER = "carteria"
FIELDS = ("webhook_key", "webhook_secret")
# Mailgun hands over the mail as it came only to an address that ends like this.
ENDINGS: dict[str, str] = {Provider.MAILGUN: "mime"}


def prepare(account: EmailAccount) -> None:
    """Makes what is missing; whoever calls saves FIELDS."""
    if not account.webhook_key:
        account.webhook_key = secrets.token_urlsafe(32)
    if not account.webhook_secret:
        account.webhook_secret = seal(secrets.token_urlsafe(24))


def renew(account: EmailAccount) -> None:
    """The address of before is nobody's from now on; whoever calls saves FIELDS."""
    account.webhook_key, account.webhook_secret = None, ""
    prepare(account)


def login_of(account: EmailAccount) -> str:
    """`user:password`, as HTTP's basic authentication has it."""
    return f"{USER}:{unseal(account.webhook_secret)}"


def path_of(account: EmailAccount, *, ending: str | None = None) -> str:
    last = ENDINGS.get(account.provider, "") if ending is None else ending
    return f"/hooks/mail/{account.provider}/{account.webhook_key}/{last}"


def address_of(account: EmailAccount, *, ending: str | None = None) -> str:
    """To paste at the provider, with the password in it; empty: the console has no address yet."""
    console = urlsplit(ChannelSettings.load().external_url)
    if not console.netloc or not account.webhook_key:
        return ""
    host = f"{login_of(account)}@{console.netloc}"
    return urlunsplit((console.scheme, host, path_of(account, ending=ending), "", ""))

"""An account's mail provider, as a settings file names it: beside `receive: {kind: provider}`,
beside `send: {kind: anymail}`, or beside both, where it has to be the same.
"""

from typing import Any

from apps.channels.models import EmailAccount, Provider
from apps.channels.providers import keys
from config.configure.rows import CannotApply, Values, sealed

OPTIONS = ("region", "access_key", "configuration_set", "domain", "stream", "api_url")
PROVIDERS = tuple(Provider.values)
EMPTY: Values = {"provider_key": "", "webhook_signing_key": "", "provider_options": {}}


def provided(account: EmailAccount, receive: Values, send: Values) -> Values:
    """Of both sides together; another provider keeps nothing of the one before.

    Raises CannotApply where they name two, none, or one that would not be used.
    """
    both = (receive.get("provider"), send.get("provider"))
    known = any(both) or bool(account.provider)
    _check_side("receive", receive, account.receive_kind, wanted="provider", known=known)
    _check_side("send", send, account.send_kind, wanted="anymail", known=known)
    if all(both) and both[0] != both[1]:
        sentence = "An account has one mail provider: name the same one in receive and in send."
        raise CannotApply("receive.provider", sentence)
    told = _side(account, send) | _side(account, receive)
    fresh = told.get("provider", account.provider) != account.provider
    return (EMPTY if fresh and account.provider else {}) | told


def _check_side(side: str, given: Values, present: str, *, wanted: str, known: bool) -> None:
    goes_by_provider = given.get("kind", present) == wanted
    if given.get("provider") and not goes_by_provider:
        sentence = f"A provider stands beside `kind: {wanted}`: write that, or leave it out."
        raise CannotApply(f"{side}.provider", sentence)
    if goes_by_provider and not known:
        raise CannotApply(f"{side}.provider", "Choose the mail provider.")


def _side(account: EmailAccount, given: Values) -> Values:
    fields: dict[str, Any] = {}
    if "provider" in given:
        fields["provider"] = given["provider"] or ""
    fields |= sealed(account, "provider_key", given.get("key"))
    fields |= sealed(account, "webhook_signing_key", given.get("signing_key"))
    if "options" in given:
        told = given["options"] or {}
        fields["provider_options"] = {name: one for name, one in told.items() if one}
    return fields


def with_webhook(account: EmailAccount) -> None:
    """The address for its mail and its news is made once; the account's page shows it."""
    brings = account.receive_kind == EmailAccount.Receive.PROVIDER
    sends = account.send_kind == EmailAccount.Send.ANYMAIL
    if (brings or sends) and not account.webhook_key:
        keys.prepare(account)
        account.save(update_fields=keys.FIELDS)

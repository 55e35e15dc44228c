"""Which class speaks to which kind of CRM, and what it is told: addresses, secrets, a client."""

import os
from collections.abc import Callable
from functools import cache

import httpx

from apps.channels.models import ChannelSettings
from apps.core.outside import guarded_client
from apps.core.secrets import unseal
from apps.crm.builtin import BuiltinConnector
from apps.crm.connectors.base import Access, AnyConnector
from apps.crm.connectors.request_tracker import RequestTrackerConnector
from apps.crm.connectors.webhook import WebhookConnector
from apps.crm.connectors.zendesk import ZendeskConnector
from apps.crm.models import CrmConnection

Kind = CrmConnection.Kind
SECONDS = 10.0  # that a connector waits for the next sign of life


def client() -> httpx.Client:
    """One for all visits of this process: connections stay open from one to the next."""
    return _client_of(os.getpid())


@cache
def _client_of(_process: int) -> httpx.Client:
    """A forked worker must not talk through the sockets of its parent."""
    return guarded_client(seconds=SECONDS)


# A new CRM: its module in connectors, its kind in CrmConnection, its line here.
_MAKERS: dict[str, Callable[[Access], AnyConnector]] = {
    Kind.BUILTIN: lambda access: BuiltinConnector(access.console),
    Kind.RT: lambda access: RequestTrackerConnector(access, client()),
    Kind.ZENDESK: lambda access: ZendeskConnector(access, client()),
    Kind.WEBHOOK: lambda access: WebhookConnector(access, client()),
}


def kinds() -> list[str]:
    """Those that somebody speaks to here."""
    return list(_MAKERS)


def connector_of(connection: CrmConnection) -> AnyConnector:
    return _MAKERS[connection.kind](access_of(connection))


def access_of(connection: CrmConnection) -> Access:
    return Access(
        url=connection.url.rstrip("/"),
        user=connection.user,
        token=unseal(connection.token),
        queue=connection.queue,
        console=ChannelSettings.load().external_url.rstrip("/"),
    )

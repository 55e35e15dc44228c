"""`side`: the CRM that a question is asked of, empty or with others' tickets in it."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from tests.connectors.builtin_side import BuiltinSide
from tests.connectors.fakes.server import FakeServer, running
from tests.connectors.fakes.webhook import FakeReceiver
from tests.connectors.fakes.zendesk import FakeZendesk
from tests.connectors.rt_side import RequestTrackerSide
from tests.connectors.sides import CrmSide
from tests.connectors.webhook_side import WebhookSide
from tests.connectors.zendesk_side import ZendeskSide
from tests.people import switch_channel_on
from tests.servers.request_tracker import RequestTracker


@pytest.fixture(autouse=True)
def _private_hosts(settings: Any, request: pytest.FixtureRequest) -> None:
    """The CRMs of the tests are on this machine."""
    settings.PRIVATE_HOSTS = [ip_network("127.0.0.0/8")]


@pytest.fixture
def side(request: pytest.FixtureRequest, db: None) -> CrmSide:
    switch_channel_on()
    found: CrmSide = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def builtin_side() -> BuiltinSide:
    return BuiltinSide()


@pytest.fixture
def rt_side(request_tracker: RequestTracker) -> RequestTrackerSide:
    return RequestTrackerSide(request_tracker)


@pytest.fixture
def zendesk_side() -> Iterator[ZendeskSide]:
    fake = FakeZendesk()
    with running(FakeServer(fake)) as server:
        yield ZendeskSide(server, fake)


@pytest.fixture
def webhook_side() -> Iterator[WebhookSide]:
    fake = FakeReceiver()
    with running(FakeServer(fake)) as server:
        yield WebhookSide(server, fake)

"""The token server stands on this machine, which settings may name only where it is permitted."""

from ipaddress import ip_network

import pytest


@pytest.fixture(autouse=True)
def permitted(settings) -> None:
    settings.PRIVATE_HOSTS = [ip_network("127.0.0.0/8")]

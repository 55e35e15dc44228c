"""Every page: the reader's language and clock, and a policy against foreign code."""

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from apps.core.middleware import PAGE_POLICY, page_policy, zone_named
from tests.people import make_agent

EXPECTED = PAGE_POLICY.format(socket=" ws://testserver")


@pytest.mark.parametrize("path", ["/board/", "/", "/nothing-here/"])
def test_every_page_has_the_policy(db: None, path: str) -> None:
    client = Client()
    client.force_login(make_agent("alice").user)

    assert client.get(path)["Content-Security-Policy"] == EXPECTED


def test_the_policy_names_the_socket_of_this_very_host() -> None:
    ours = RequestFactory().get("/", headers={"Host": "localhost:8000"})
    assert "connect-src 'self' ws://localhost:8000;" in page_policy(ours)
    secure = RequestFactory().get("/", headers={"Host": "localhost"}, secure=True)
    assert "connect-src 'self' wss://localhost;" in page_policy(secure)


@pytest.mark.parametrize("host", ["evil.test", "x; script-src *", "[::1]:8000"])
def test_a_host_that_cannot_be_named_is_left_out(host: str) -> None:
    request = RequestFactory().get("/", headers={"Host": host})
    assert "connect-src 'self';" in page_policy(request)


def test_the_user_s_language_beats_the_browser_s(db: None) -> None:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(make_agent("marta", language="es").user)

    page = client.get("/").content.decode()

    assert '<html lang="es"' in page
    assert "La consola necesita JavaScript" in page


def test_strangers_are_met_in_the_browser_s_language(db: None) -> None:
    page = Client(headers={"Accept-Language": "es"}).get("/accounts/login/").content.decode()

    assert "Iniciar sesión" in page


def test_an_unknown_zone_is_no_zone() -> None:
    assert zone_named("Europe/Madrid") is not None
    assert zone_named("") is zone_named("Mars/Olympus") is zone_named("../x") is None
    assert timezone.get_current_timezone_name() == "UTC"

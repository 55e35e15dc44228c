"""Every page: the reader's language and clock, and a policy against foreign code."""

import pytest
from django.test import Client
from django.utils import timezone

from apps.core.middleware import CONTENT_SECURITY_POLICY, zone_named
from tests.people import make_agent


@pytest.mark.parametrize("path", ["/accounts/login/", "/", "/nothing-here/"])
def test_every_page_has_the_policy(db: None, path: str) -> None:
    client = Client()
    client.force_login(make_agent("alice").user)

    assert client.get(path)["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


def test_the_policy_allows_only_our_own_scripts() -> None:
    assert "script" not in CONTENT_SECURITY_POLICY
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'self';")
    assert "frame-ancestors 'none'" in CONTENT_SECURITY_POLICY


def test_the_user_s_language_beats_the_browser_s(db: None) -> None:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(make_agent("marta", language="es").user)

    page = client.get("/").content.decode()

    assert '<html lang="es">' in page
    assert "Todas las sesiones" in page


def test_strangers_are_met_in_the_browser_s_language(db: None) -> None:
    page = Client(headers={"Accept-Language": "es"}).get("/accounts/login/").content.decode()

    assert "Iniciar sesión" in page


def test_an_unknown_zone_is_no_zone() -> None:
    assert zone_named("Europe/Madrid") is not None
    assert zone_named("") is zone_named("Mars/Olympus") is zone_named("../x") is None
    assert timezone.get_current_timezone_name() == "UTC"

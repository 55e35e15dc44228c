"""A strict policy on every answer, and pages that need nothing which it forbids."""

import os
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from django.templatetags.static import static
from django.test import Client

from apps.core.middleware import DATA_POLICY, PAGE_POLICY
from tests.pages import OWN, STRANGERS, furnish, of_an_administrator, of_an_agent
from tests.people import House, make_house, make_message, make_session
from tests.second_factors import give_second_factor

PAGE = PAGE_POLICY.format(socket=" ws://testserver")


class Inline(HTMLParser):
    """What a page carries inside instead of in a file of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and not given.get("src")):
            self.found.append(tag if given.get("type") != "application/json" else "")
        for name, value in given.items():
            if name == "style" or name.startswith("on"):
                self.found.append(f"{tag} {name}")
            if (value or "").strip().lower().startswith(("javascript:", "data:")):
                self.found.append(f"{tag} {name}={(value or '')[:20]}")


def inline(page: str) -> list[str]:
    parser = Inline()
    parser.feed(page)
    return [one for one in parser.found if one]


@pytest.fixture
def house(db: None) -> House:
    return make_house()


def walk(client: Client, addresses: list[str]) -> int:
    """How many pages were seen; each under the policy, and none in need of more."""
    seen, bad = 0, {}
    for address in addresses:
        answer = client.get(address, follow=True)
        if answer["Content-Type"].startswith("text/html") and "/m/" not in address:
            seen += 1
            found = inline(answer.content.decode())
            if found or answer["Content-Security-Policy"] != PAGE:
                bad[address] = found or answer["Content-Security-Policy"]
    assert bad == {}
    return seen


def test_what_inline_means() -> None:
    assert inline("<p style='x'>") == ["p style"]
    assert inline("<p onclick='x'>") == ["p onclick"]
    assert inline("<script>x</script><style>y</style>") == ["script", "style"]
    assert inline("<a href=' JavaScript:x'>") == ["a href= JavaScript:x"]
    assert inline("<script src='/x.js'></script><script type='application/json'>{}</script>") == []


def test_pages_of_strangers(house: House) -> None:
    assert walk(Client(), list(STRANGERS)) == len(STRANGERS)


def test_pages_of_an_agent(house: House) -> None:
    session = furnish(house)
    client = Client()
    client.force_login(house.alice.user)
    assert walk(client, [*of_an_agent(session), *OWN]) >= 12


def test_pages_of_an_administrator(house: House) -> None:
    furnish(house)
    client = Client()
    client.force_login(house.admin)
    assert walk(client, of_an_administrator()) > 80


def test_the_second_factor_in_use(house: House) -> None:
    give_second_factor(house.alice.user)
    client = Client()
    client.post("/accounts/login/", {"login": "alice", "password": "alice"})
    pages = ["/accounts/2fa/code/", "/accounts/2fa/recovery-codes/generate/"]
    assert walk(client, [*pages, "/accounts/2fa/totp/deactivate/"]) == 3


def test_the_policy_allows_no_code_and_no_style_but_our_files() -> None:
    for loose in ("unsafe-inline", "unsafe-eval", "data:", "blob:", "*", "https:"):
        assert loose not in PAGE
    assert PAGE.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/healthz", 200),
        ("/api/v1/sessions/", 401),
        ("/api/v1/schema/", 200),
        ("/", 302),
        ("/states/5f43b2.css", 200),
        (static("console/main.js"), 200),
    ],
)
def test_what_is_no_page_may_load_nothing(house: House, address: str, status: int) -> None:
    answer = Client().get(address)
    assert answer.status_code == status
    assert answer["Content-Security-Policy"] == DATA_POLICY
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_wrong_host_and_a_wrong_form_are_refused_under_the_policy(house: House) -> None:
    wrong_host = Client().get("/", headers={"Host": "evil.test"})
    assert wrong_host.status_code == 400
    assert "default-src 'none'" in wrong_host["Content-Security-Policy"]
    no_token = Client(enforce_csrf_checks=True).post("/accounts/login/")
    assert (no_token.status_code, no_token["Content-Security-Policy"]) == (403, PAGE)
    assert inline(no_token.content.decode()) == []


@pytest.mark.parametrize("address", ["/accounts/login/", "/healthz", "/nothing/", "/"])
def test_every_answer_shuts_out_other_sites(house: House, address: str) -> None:
    answer = Client().get(address)
    assert "camera=()" in answer["Permissions-Policy"]
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_the_colours_of_states_take_nothing_but_colours(client: Client) -> None:
    answer = client.get("/states/5f43b2-%7D*%7Bx-5F43B2-zzzzzz-12345.css").content.decode()
    assert answer.startswith(".colour-5f43b2 { --c: light-dark(#5f43b2, #")
    assert answer.count("{") == 1


def test_only_a_mail_may_stand_in_a_frame_of_ours(house: House) -> None:
    message = make_message(make_session(house.support), html="<p>x</p>")
    client = Client()
    client.force_login(house.alice.user)
    assert client.get(f"/m/{message.pk}/")["X-Frame-Options"] == "SAMEORIGIN"
    assert client.get("/")["X-Frame-Options"] == "DENY"


def test_the_check_for_deployment_says_nothing_under_https() -> None:
    environment = os.environ | {
        "EXTERNAL_URL": "https://mail.acme.test",
        "ALLOWED_HOSTS": "mail.acme.test",
        "SECRET_KEY": "kJ8-mQ2_zX5vB7nL4pR9tW1yC6dF3gH0sA-eU" * 2,
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")

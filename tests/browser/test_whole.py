"""The console on whole installations: one with what `up` embeds, one on PostgreSQL and Redis.

By mouse, by keys alone, two agents at once, and a server that is killed while somebody writes.
"""

import itertools
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import PATIENCE
from tests.living import Carteria, running_carteria, soon
from tests.servers.postgres import running_postgres
from tests.servers.redis import running_redis
from tests.servers.smtp_sink import SmtpSink, running_smtp_sink

pytestmark = [pytest.mark.browser, pytest.mark.servers]

PEOPLE = ("ana", "ben")
UNDO_SECONDS = 4
ROW, EDITOR, STATE = "[data-test=session-row]", "[data-test=editor]", "[data-test=state-current]"
_numbers = itertools.count(1)

Open = Callable[..., Page]


@dataclass(slots=True)
class Installation:
    carteria: Carteria
    sink: SmtpSink

    def mail(self, subject: str, text: str = "Where is my parcel?", *, to: str = "hands") -> None:
        """Arrives as a mail server would hand it over."""
        mail = EmailMessage()
        mail["From"], mail["To"] = "Carla Customer <carla@outside.test>", f"{to}@x.test"
        mail["Subject"], mail["Message-ID"] = subject, f"<w{next(_numbers)}@outside.test>"
        mail.set_content(text)
        self.carteria.hand_in(mail.as_bytes(), to=f"{to}@x.test")

    def answer(self, sent: bytes, text: str, *, to: str = "hands") -> None:
        """The customer answers one of our mails."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "carla@outside.test", f"{to}@x.test", "Re: it"
        mail["Message-ID"] = f"<w{next(_numbers)}@outside.test>"
        named = [line for line in sent.splitlines() if line.lower().startswith(b"message-id:")]
        mail["In-Reply-To"] = mail["References"] = named[0].split(b":", 1)[1].strip().decode()
        mail.set_content(text)
        self.carteria.hand_in(mail.as_bytes(), to=f"{to}@x.test")


def settings(sink: SmtpSink) -> dict[str, Any]:
    send = {"kind": "smtp", "host": "127.0.0.1", "port": sink.port, "tls": "none"}
    people = [{"user": one, "email": f"{one}@x.test", "password": f"{one}-pw"} for one in PEOPLE]
    return {
        "version": 1,
        "channel": {
            "enabled": True,
            "external_url": "http://console.test",
            "undo_seconds": UNDO_SECONDS,
        },
        "users": [one | {"name": one["user"].title(), "roles": ["agent"]} for one in people],
        "accounts": [{"name": "main", "receive": {"kind": "none"}, "send": send}],
        "queues": [
            {"name": "Hands", "path": "Hands", "routing": "manual", "members": [*PEOPLE]},
            {"name": "Robot", "path": "Robot", "routing": "automatic", "members": ["ana"]},
        ],
        "mailboxes": [
            {"address": f"{name}@x.test", "account": "main", "queue": name.title()}
            for name in ("hands", "robot")
        ],
    }


@contextmanager
def servers(kind: str) -> Iterator[dict[str, str]]:
    if kind == "embedded":
        yield {}
        return
    with running_postgres(migrated=True) as database, running_redis() as redis:
        yield {"DATABASE_URL": database, "REDIS_URL": redis}


def a_free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@pytest.fixture(scope="module", params=["embedded", "postgres-and-redis"])
def whole(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    data, port = tmp_path_factory.mktemp("whole") / "data", a_free_port()
    with (
        servers(request.param) as environment,
        running_smtp_sink() as sink,
        running_carteria(data, settings(sink), port=port, **environment) as carteria,
    ):
        yield Installation(carteria, sink)


@pytest.fixture
def console(whole: Installation, chromium: Browser) -> Iterator[Open]:
    """Signed in through the form, at PATH."""
    contexts: list[BrowserContext] = []

    def opened(user: str = "ana", path: str = "/") -> Page:
        wide = {"width": 1440, "height": 900}
        context = chromium.new_context(base_url=whole.carteria.url, viewport=wide)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.goto(path)
        page.fill("[name=login]", user)
        page.fill("[name=password]", f"{user}-pw")
        page.keyboard.press("Enter")
        expect(page.locator("#app nav")).to_be_visible()
        return page

    yield opened
    for context in contexts:
        context.close()


def connected(page: Page) -> Page:
    expect(page.locator("[data-online]")).not_to_have_attribute("hidden", "")
    return page


def open_mail(page: Page, subject: str) -> Page:
    page.locator(ROW, has_text=subject).click()
    expect(page.locator(".subject-block h1")).to_have_text(subject)
    return page


def write(page: Page, words: str) -> None:
    expect(page.locator(EDITOR)).to_be_focused()
    page.keyboard.type(words)


def sent_words(sink: SmtpSink, words: str) -> list[bytes]:
    return [mail.raw for mail in sink.mails if words.encode() in mail.raw]


# ---- the journey -----------------------------------------------------------------------------------


def test_by_mouse_from_the_state_to_the_sent_answer(whole: Installation, console: Open) -> None:
    page = connected(console())
    page.click("[data-test=state-picker] summary")
    page.click("[data-test=state-choice][value=In-Email]")
    expect(page.locator(STATE)).to_have_attribute("data-state", "In-Email")
    whole.mail("Broken chair", to="robot")
    open_mail(page, "Broken chair")
    page.click("[data-test=reply]")
    write(page, "A new chair is on its way.")
    page.click("[data-test=send]")
    expect(page.locator("[data-test=undo-send]")).to_be_visible()
    assert not sent_words(whole.sink, "new chair")

    page.click("[data-test=undo]")
    expect(page.locator(EDITOR)).to_contain_text("A new chair is on its way.")
    page.click("[data-test=send]")
    soon(lambda: sent_words(whole.sink, "new chair"))
    expect(page.locator("[data-test=message][data-status=sent]")).to_have_count(1)
    assert len(sent_words(whole.sink, "new chair")) == 1


def test_by_keys_alone(whole: Installation, console: Open) -> None:
    whole.mail("Two lamps", to="hands")
    page = connected(console(path="/?view=unassigned"))
    expect(page.locator(ROW, has_text="Two lamps")).to_be_visible()
    for _step in range(20):
        page.keyboard.press("j")
        if page.locator(".subject-block h1", has_text="Two lamps").count():
            break
        page.wait_for_timeout(150)
    expect(page.locator(".subject-block h1")).to_have_text("Two lamps")
    page.keyboard.press("r")
    write(page, "Both are on their way.")
    page.keyboard.press("Control+Shift+Enter")
    expect(page.locator("[data-test=undo-send]")).to_be_visible()
    page.keyboard.press("z")
    expect(page.locator(EDITOR)).to_contain_text("Both are on their way.")
    page.keyboard.press("Control+Shift+Enter")
    soon(lambda: sent_words(whole.sink, "Both are on"))
    expect(page.locator("[data-test=status]")).to_have_attribute("data-status", "resolved")


def test_two_agents_see_each_other_and_send_sees_what_is_new(
    whole: Installation, console: Open
) -> None:
    whole.mail("Shared work")
    ana, ben = connected(console("ana", "/?view=all")), connected(console("ben", "/?view=all"))
    open_mail(ana, "Shared work")
    ana.click("[data-test=take]")
    open_mail(ben, "Shared work")
    expect(ana.locator("[data-test=viewers]")).to_contain_text("Ben")
    ana.click("[data-test=reply]")
    write(ana, "First answer.")
    expect(ben.locator("[data-test=viewers][data-writing=yes]")).to_contain_text("Ana")
    ana.click("[data-test=send]")
    sent = soon(lambda: sent_words(whole.sink, "First answer."))

    ana.click("[data-test=reply]")
    write(ana, "Second answer.")
    whole.answer(sent[0], "I have changed my mind.")
    expect(ana.get_by_text("I have changed my mind.").last).to_be_attached()
    expect(ana.locator(EDITOR)).to_contain_text("Second answer.")


def test_a_lost_socket_comes_back_and_has_missed_nothing(
    whole: Installation, console: Open
) -> None:
    page = connected(console(path="/?view=unassigned"))
    page.context.set_offline(True)
    expect(page.locator("[data-offline]")).to_be_visible(timeout=90_000)
    whole.mail("While you were out")
    page.context.set_offline(False)
    expect(page.locator("[data-offline]")).to_be_hidden(timeout=90_000)
    expect(page.locator(ROW, has_text="While you were out")).to_be_visible()


# ---- killed while somebody writes ------------------------------------------------------------------


@contextmanager
def killed(whole: Installation) -> Iterator[None]:
    """The whole installation dies at once; it is started again on the same port and data."""
    whole.carteria.kill()
    yield
    whole.carteria.start_again()


def test_a_kill_while_writing_loses_no_letter(whole: Installation, console: Open) -> None:
    whole.mail("Kill me")
    page = connected(console(path="/?view=all"))
    open_mail(page, "Kill me")
    page.click("[data-test=reply]")
    write(page, "Before the crash. ")
    expect(page.locator("[data-test=saved]")).to_contain_text("Draft saved")
    with killed(whole):
        page.keyboard.type("Typed while it was down.")
    expect(page.locator("[data-offline]")).to_be_hidden(timeout=90_000)
    page.keyboard.type(" And after.")
    expect(page.locator("[data-test=saved]")).to_contain_text("Draft saved")
    other = console(path=page.url)
    other.click("[data-test=reply]")
    expect(other.locator(EDITOR)).to_contain_text(
        "Before the crash. Typed while it was down. And after."
    )


def test_undo_survives_a_kill_and_nothing_has_left(whole: Installation, console: Open) -> None:
    whole.carteria.configure({"version": 1, "channel": {"undo_seconds": 60}})
    whole.mail("Take it back")
    page = connected(console(path="/?view=all"))
    open_mail(page, "Take it back")
    page.click("[data-test=reply]")
    write(page, "Not to be sent.")
    page.click("[data-test=send]")
    expect(page.locator("[data-test=undo-send]")).to_be_visible()
    with killed(whole):
        page.wait_for_timeout(500)
    page.goto(page.url)
    page.click("[data-test=undo]")
    expect(page.locator(EDITOR)).to_contain_text("Not to be sent.")
    assert not sent_words(whole.sink, "Not to be sent.")

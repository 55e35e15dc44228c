"""The set-up wizard in a real browser, as a newcomer walks it: real IMAP, real SMTP."""

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from apps.channels.models import ChannelSettings, EmailAccount
from apps.core.models import Role, User
from config.models import RoundTrip
from tests.browser.conftest import Open
from tests.config.wizard import ADDRESS, deliver_to
from tests.people import House, make_house, make_user
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.smtp_sink import SmtpSink

pytestmark = [pytest.mark.browser, pytest.mark.servers]

SETUP = "/admin/email/setup/"


@pytest.fixture
def house(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> House:
    """The channel is off, and what stands in the house belongs to another account."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    return make_house(channel_on=False)


@pytest.fixture
def ada(house: House) -> User:
    return make_user("ada", roles=[Role.ADMINISTRATOR])


def connect(page: Page, dovecot: Dovecot, sink: SmtpSink, user: str) -> None:
    page.fill("[name=address]", ADDRESS)
    page.fill("[name=receive_host]", "127.0.0.1")
    page.select_option("[name=receive_tls]", "none")
    page.fill("[name=receive_port]", str(dovecot.port))
    page.fill("[name=receive_user]", user)
    page.fill("[name=new_receive_password]", PASSWORD)
    page.fill("[name=send_host]", "127.0.0.1")
    page.select_option("[name=send_tls]", "none")
    page.fill("[name=send_port]", str(sink.port))
    page.uncheck("[name=same_login]")
    page.click("[data-test=next]")


def test_a_newcomer_gets_from_nothing_to_live(
    ada: User, house: House, open_as: Open, dovecot: Dovecot, smtp_sink: SmtpSink
) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, b"Subject: waits\r\n\r\nfor an answer")
    deliver_to(dovecot, smtp_sink, user)
    page = open_as(ada, SETUP)
    connect(page, dovecot, smtp_sink, user)

    page.click("[data-test=test-both]")
    expect(page.locator("[data-test=verdict]")).to_have_text(["Works", "Works"])
    page.click("[data-test=next]")

    page.click("[data-test=begin]")
    expect(page.locator("h1")).to_have_text("It works: the mail came back")
    print("seconds of the round trip:", RoundTrip.objects.get().seconds)
    page.click("[data-test=next]")

    page.fill("[name=from_name]", "Acme help")
    page.click("[data-test=next]")
    page.fill("[name=name]", "Help")
    page.click("[data-test=next]")

    page.get_by_label("Alice").check()
    page.click("[data-test=next]")
    expect(page.locator("[data-test=counted]")).to_contain_text("1 unread mail, 1 mail in all.")
    page.get_by_label("Unread mail too").check()
    page.click("[data-test=next]")

    expect(page.get_by_role("heading", name="Everything is in place")).to_be_visible()
    page.click("[data-test=next]")
    expect(page.locator("h1")).to_have_text("You are live")
    account = EmailAccount.objects.get(name=ADDRESS)
    assert (account.start, account.enabled, ChannelSettings.load().enabled) == (
        "unseen",
        True,
        True,
    )


def test_back_and_double_click_do_no_harm(
    ada: User, open_as: Open, dovecot: Dovecot, smtp_sink: SmtpSink
) -> None:
    user = dovecot.new_user()
    page = open_as(ada, SETUP)
    connect(page, dovecot, smtp_sink, user)
    expect(page.locator("h1")).to_have_text("Test the connection")
    page.go_back()
    page.fill("[name=address]", "other@acme.test")
    page.dblclick("[data-test=next]")
    expect(page.locator("h1")).to_have_text("Test the connection")
    assert EmailAccount.objects.filter(receive_user=user).count() == 1


def test_trouble_is_named_where_it_is_and_can_wait(ada: User, open_as: Open) -> None:
    page = open_as(ada, SETUP)
    page.fill("[name=address]", ADDRESS)
    page.click("[data-test=next]")
    expect(page.locator("[data-test=form-errors]")).to_be_focused()
    expect(page.locator("#id_receive_host_error")).to_have_text(
        "Name the server; it is needed to connect."
    )

    page.get_by_label("Fastmail").check()
    expect(page.locator("[name=receive_host]")).to_have_value("imap.fastmail.com")
    expect(page.get_by_text("Fastmail takes an app password")).to_be_visible()


def test_nothing_runs_over_the_side(ada: User, open_as: Open) -> None:
    page = open_as(ada, SETUP)
    EmailAccount.objects.update(receive_host="imap." + "a" * 200 + ".test")
    page.request.get(SETUP)
    page.locator(".offers button").first.click()
    for step in ("account", "test", "round-trip", "mailbox", "queue", "members", "old-mail"):
        page.goto(f"{SETUP}{step}/")
        for width in (390, 1024, 1440):
            page.set_viewport_size(ViewportSize(width=width, height=844))
            too_wide = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert too_wide == 0, (step, width)

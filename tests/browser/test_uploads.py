"""Files in the composer, in a real browser: on their way, judged, refused, removed, sent."""

import socket

import pytest
from django.contrib.sessions.models import Session as SignedIn
from playwright.sync_api import Locator, Page, Route, expect

from apps.attachments import screen
from apps.attachments.models import Attachment, AttachmentSettings, Verdict
from apps.attachments.probes import test_virus as virus
from apps.tickets.models import Draft, Message, Session, StagedFile
from apps.tickets.sessions import message_added
from tests.browser.conftest import PHONE, WIDE, Open, login_of, overflow
from tests.living import soon
from tests.people import House, make_message, make_session
from tests.servers.clamd import Clamd

pytestmark = pytest.mark.browser

ROW = "[data-uploads] > li"
UPLOADS = "**/files/?*name=*"
EDITOR = "[data-test=editor]"
PROBLEM = "[data-test=composer-problem]:visible"
DROP = """([name, text, where]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([text], name, { type: "text/plain" }));
  const event = { dataTransfer: carried, bubbles: true, cancelable: true };
  document.querySelector(where).dispatchEvent(new DragEvent("dragover", event));
  document.querySelector(where).dispatchEvent(new DragEvent("drop", event));
}"""
PASTE = """() => {
  const carried = new DataTransfer();
  carried.items.add(new File(["words"], "notes.txt", { type: "text/plain" }));
  const event = { clipboardData: carried, bubbles: true, cancelable: true };
  document.querySelector("[data-test=editor]").dispatchEvent(new ClipboardEvent("paste", event));
}"""


@pytest.fixture
def session(house: House) -> Session:
    session = make_session(
        house.support, agent=house.alice, mailbox=house.mailbox, subject="My parcel"
    )
    make_message(session)
    return session


@pytest.fixture
def page(session: Session, open_console: Open) -> Page:
    """Alice has begun to answer."""
    page = open_console(f"/s/{session.public_id}/")
    begin(page)
    page.keyboard.type("Here it is.")
    return page


def begin(page: Page) -> None:
    page.click("[data-test=reply]")
    expect(page.locator(EDITOR)).to_be_focused()
    expect(page.locator("#limits")).not_to_be_empty()  # the server has begun the draft


def choose(page: Page, *files: tuple[str, bytes]) -> None:
    page.set_input_files(
        "[data-test=file-input]",
        [{"name": name, "mimeType": "text/plain", "buffer": content} for name, content in files],
    )


def row(page: Page, name: str) -> Locator:
    return page.locator(ROW).filter(has_text=name)


def verdict(page: Page, name: str) -> Locator:
    return row(page, name).locator("[data-test=verdict]")


def reason(page: Page, name: str) -> Locator:
    return row(page, name).locator("[data-test=refused-reason]")


def judged() -> None:
    """What a worker does."""
    screen.screen(list(Attachment.objects.values_list("pk", flat=True)))


# ---- verdicts ------------------------------------------------------------------------------------


@pytest.mark.contract("1.5.d")
def test_the_verdict_comes_while_one_writes(page: Page, clamd: Clamd) -> None:
    choose(page, ("receipt.txt", b"paid"), ("trap.txt", bytes(virus())), ("tool.exe", b"x"))
    expect(page.locator(f"{ROW}[data-verdict=waiting]")).to_have_count(3)

    judged()

    expect(verdict(page, "receipt.txt")).to_have_text("Clean")
    expect(verdict(page, "trap.txt")).to_have_text("Infected")
    expect(reason(page, "tool.exe")).to_have_text("programs and archives are not accepted")
    expect(page.locator(EDITOR)).to_contain_text("Here it is.")


def test_without_the_socket_the_verdict_comes_too(
    session: Session, open_console: Open, clamd: Clamd
) -> None:
    page = open_console("/accounts/sessions/", live=False)
    page.route_web_socket("**/ws/", lambda route: route.close())
    page.goto(f"/s/{session.public_id}/")
    begin(page)
    choose(page, ("receipt.txt", b"paid"))
    expect(page.locator(f"{ROW}[data-verdict=waiting]")).to_have_count(1)

    judged()

    expect(page.locator(f"{ROW}[data-verdict=clean]")).to_have_count(1)


@pytest.mark.contract("1.5.d")
def test_send_stops_at_an_infected_file(page: Page, clamd: Clamd) -> None:
    choose(page, ("trap.txt", bytes(virus())))
    expect(verdict(page, "trap.txt")).to_have_text("Waiting for scan")
    judged()
    expect(verdict(page, "trap.txt")).to_have_text("Infected")

    page.click("[data-test=send]")

    expect(page.locator(PROBLEM)).to_contain_text("trap.txt cannot be sent")
    assert not Message.objects.filter(direction="out").exists()


def test_a_refused_answer_keeps_words_and_files(page: Page) -> None:
    """The browser has not heard of the verdict yet."""
    choose(page, ("receipt.txt", b"paid"))
    expect(verdict(page, "receipt.txt")).to_be_visible()
    page.route("**/files/", lambda route: route.abort())
    Attachment.objects.update(verdict=Verdict.REFUSED, reason="type-denied")

    page.click("[data-test=send]")

    expect(page.locator(PROBLEM)).to_contain_text("is refused")
    expect(page.locator(EDITOR)).to_contain_text("Here it is.")
    page.unroute_all()
    expect(verdict(page, "receipt.txt")).to_have_text("Refused")


# ---- on their way --------------------------------------------------------------------------------


def staged_names() -> list[str]:
    return [one.attachment.name for one in StagedFile.objects.all()]


def test_an_upload_shows_how_far_it_is_and_can_be_cancelled(page: Page) -> None:
    def hold_the_answer(route: Route) -> None:
        if "slow.txt" in route.request.url:
            route.fetch()
        else:
            route.continue_()

    page.route(UPLOADS, hold_the_answer)
    choose(page, ("slow.txt", b"x" * 1000), ("next.txt", b"y"))
    expect(row(page, "slow.txt").locator("progress")).to_be_visible()

    page.click("[aria-label='Cancel slow.txt']")

    expect(row(page, "slow.txt")).to_have_count(0)
    expect(verdict(page, "next.txt")).to_have_text("Waiting for scan")
    # The bytes were over when it was cancelled: the server drops what it has.
    expect(page.locator("#limits")).to_contain_text("1 of 10 files")
    soon(staged_names, until=lambda names: names == ["next.txt"])


def test_progress_is_that_of_the_bytes(page: Page) -> None:
    seen = page.evaluate_handle(
        """() => {
          const seen = [];
          const look = () => {
            const bar = document.querySelector("[data-uploads] progress");
            if (bar) seen.push(bar.value);
          };
          new MutationObserver(look).observe(document.querySelector(".composer"),
            { childList: true, subtree: true, attributes: true, characterData: true });
          return seen;
        }"""
    )
    page.context.new_cdp_session(page).send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2_000_000},
    )
    choose(page, ("large.txt", b"x" * 2_000_000))
    expect(verdict(page, "large.txt")).to_be_visible()
    values = seen.json_value()
    assert values == sorted(values)
    assert any(0 < value < 1 for value in values)


def test_a_broken_connection_can_be_tried_again(page: Page) -> None:
    page.route(UPLOADS, lambda route: route.abort())
    choose(page, ("receipt.txt", b"paid"))
    expect(reason(page, "receipt.txt")).to_have_text("The connection broke. Try again.")

    page.unroute(UPLOADS)
    page.locator("[data-uploads]").get_by_role("button", name="Try again").click()

    expect(verdict(page, "receipt.txt")).to_have_text("Waiting for scan")


def test_dropping_and_pasting_attach_too(page: Page) -> None:
    page.evaluate(DROP, ["dropped.txt", "paid", "[data-conversation]"])
    page.evaluate(PASTE)
    page.evaluate(DROP, ["dropped.txt", "paid", EDITOR])  # the same once more
    page.evaluate(DROP, ["elsewhere.txt", "paid", ".list"])

    expect(verdict(page, "notes.txt")).to_be_visible()
    expect(page.locator("[data-files-said]")).to_have_text("dropped.txt is attached already.")
    expect(page.locator(ROW)).to_have_count(2)
    expect(page.locator(EDITOR)).to_have_text("Here it is.")


def test_what_others_do_leaves_the_files_alone(page: Page, session: Session) -> None:
    choose(page, ("receipt.txt", b"paid"))
    expect(verdict(page, "receipt.txt")).to_be_visible()

    make_message(session, text="One thing more")
    message_added(session)

    expect(page.locator("[data-test=message]").nth(1)).to_contain_text("One thing more")
    expect(page.locator(ROW)).to_have_count(1)


def test_a_line_cut_amid_an_upload_leaves_nothing(web: str, page: Page) -> None:
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies())
    token = page.evaluate("fetch('/desk/').then((answer) => answer.json())")["csrf"]
    host, port = web.removeprefix("http://").split(":")
    head = (
        f"POST /desk/drafts/{Draft.objects.get().key}/files/?name=a.txt&size=100 HTTP/1.1\r\n"
        f"Host: {host}:{port}\r\nCookie: {cookies}\r\nX-CSRFToken: {token}\r\n"
        "Content-Length: 100\r\n\r\nhalf of it"
    )
    with socket.create_connection((host, int(port))) as line:
        line.sendall(head.encode())
    choose(page, ("after.txt", b"paid"))  # the server lives
    expect(verdict(page, "after.txt")).to_be_visible()
    assert [one.name for one in Attachment.objects.all()] == ["after.txt"]


# ---- limits --------------------------------------------------------------------------------------


@pytest.mark.contract("1.5.d")
def test_a_file_beyond_the_limit_is_refused_in_words(session: Session, open_console: Open) -> None:
    AttachmentSettings.objects.update_or_create(pk=1, defaults={"max_total_mb": 1})
    page = open_console(f"/s/{session.public_id}/")
    begin(page)
    choose(page, ("large.txt", b"x" * (2**20 + 1)))
    expect(reason(page, "large.txt")).to_contain_text(
        "Settings > Email > Attachments allow 1 MB in one mail"
    )
    assert not StagedFile.objects.exists()


@pytest.mark.contract("1.5.d")
def test_one_file_too_many_is_named_with_its_limit(page: Page) -> None:
    AttachmentSettings.objects.update(max_files=1)
    choose(page, ("first.txt", b"1"), ("second.txt", b"2"))
    expect(reason(page, "second.txt")).to_have_text(
        "Settings > Email > Attachments allow 1 file in one mail; these are 2."
    )
    page.click("[data-test=send]")
    expect(page.locator(PROBLEM)).to_contain_text("second.txt cannot be sent")
    assert not Message.objects.filter(direction="out").exists()


@pytest.mark.contract("1.5.d")
def test_the_limit_of_the_mail_server_is_named(house: House, page: Page) -> None:
    account = house.mailbox.account
    account.announced_size, account.announced_by = 1000, account.sends_through
    account.save()
    choose(page, ("large.txt", b"x" * 2000))
    expect(reason(page, "large.txt")).to_contain_text(
        "The mail server of support@carteria.test takes at most"
    )
    assert not StagedFile.objects.exists()


def test_a_session_that_was_closed_meanwhile_takes_no_file(page: Page, session: Session) -> None:
    Session.objects.filter(pk=session.pk).update(status=Session.Status.CLOSED)
    choose(page, ("late.txt", b"paid"))
    expect(reason(page, "late.txt")).to_have_text(
        "This session is closed; write a new mail instead."
    )
    page.click("[aria-label='Remove late.txt']")
    page.click("[data-test=send]")
    expect(page.locator(PROBLEM)).to_contain_text("This session is closed")
    expect(page.locator(EDITOR)).to_contain_text("Here it is.")
    assert not Message.objects.filter(direction="out").exists()


# ---- signing in again ----------------------------------------------------------------------------


def test_who_is_signed_out_signs_in_again_and_goes_on(house: House, page: Page, web: str) -> None:
    SignedIn.objects.all().delete()
    choose(page, ("receipt.txt", b"paid"))
    expect(reason(page, "receipt.txt")).to_contain_text("You are signed out.")

    page.context.add_cookies([login_of(house.alice.user, web)])
    page.locator("[data-uploads]").get_by_role("button", name="Try again").click()

    expect(verdict(page, "receipt.txt")).to_have_text("Waiting for scan")
    page.click("[data-test=send]")
    expect(page.locator("[data-test=message]").nth(1)).to_contain_text("receipt.txt")
    assert Message.objects.get(direction="out").text.startswith("Here it is.")


def test_who_signs_in_as_another_does_not_go_on_for_the_first(
    house: House, page: Page, web: str
) -> None:
    SignedIn.objects.all().delete()
    choose(page, ("receipt.txt", b"paid"))
    expect(reason(page, "receipt.txt")).to_be_visible()

    page.context.add_cookies([login_of(house.irene, web)])
    page.locator("[data-uploads]").get_by_role("button", name="Try again").click()

    expect(page.locator("[data-another-user]")).to_contain_text("Irene")
    expect(page.locator(EDITOR)).to_have_count(0)
    assert not StagedFile.objects.exists()


# ---- many ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["desktop", "phone"])
def test_a_composer_full_of_files_fits(
    session: Session, open_console: Open, size: dict[str, int]
) -> None:
    page = open_console(f"/s/{session.public_id}/", viewport=size)
    begin(page)
    choose(page, *((f"{'A very long name ' * 6}{n}.txt", b"%d" % n) for n in range(10)))
    expect(page.locator(f"{ROW}[data-verdict=waiting]")).to_have_count(10)
    expect(page.locator("[data-test=send]")).to_be_in_viewport()
    assert overflow(page) == []

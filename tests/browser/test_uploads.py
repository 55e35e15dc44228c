"""Files in the composer, in a real browser: on their way, judged, refused, removed, sent."""

import socket

import pytest
from django.contrib.sessions.models import Session as SignedIn
from playwright.sync_api import Locator, Page, Route, expect

from apps.attachments import screen
from apps.attachments.models import Attachment, AttachmentSettings, Verdict
from apps.attachments.probes import test_virus as virus
from apps.tickets.models import Message, Session, StagedFile
from tests.browser.conftest import Open, sign_in
from tests.people import House, make_message, make_session
from tests.servers.clamd import Clamd

pytestmark = pytest.mark.browser

ROW = "[data-uploads] > li"
UPLOADS = "**/staged/?*name=*"
DROP = """([name, text, where]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([text], name, { type: "text/plain" }));
  const event = { dataTransfer: carried, bubbles: true, cancelable: true };
  document.querySelector(where).dispatchEvent(new DragEvent("dragover", event));
  document.querySelector(where).dispatchEvent(new DragEvent("drop", event));
}"""
PASTE = """() => {
  const carried = new DataTransfer();
  carried.items.add(new File(["not really"], "image.png", { type: "image/png" }));
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
def page(house: House, session: Session, open_as: Open) -> Page:
    """Alice has begun to answer."""
    page = open_as(house.alice.user, f"/s/{session.public_id}/")
    page.click("[data-test=reply]")
    page.fill("[data-test=editor]", "Here it is.")
    return page


def choose(page: Page, *files: tuple[str, bytes]) -> None:
    page.set_input_files(
        "[data-test=file-input]",
        [{"name": name, "mimeType": "text/plain", "buffer": content} for name, content in files],
    )


def row(page: Page, name: str) -> Locator:
    return page.locator(ROW).filter(has_text=name)


def judged() -> None:
    """What a worker does."""
    screen.screen(list(Attachment.objects.values_list("pk", flat=True)))


@pytest.mark.contract("1.5.d")
def test_the_verdict_comes_while_one_writes(page: Page, clamd: Clamd) -> None:
    choose(page, ("receipt.txt", b"paid"), ("trap.txt", bytes(virus())), ("tool.exe", b"x"))
    expect(page.locator(f"{ROW}[data-verdict=waiting]")).to_have_count(3)

    judged()

    expect(row(page, "receipt.txt").locator("[data-test=verdict]")).to_have_text("Clean")
    expect(row(page, "trap.txt").locator("[data-test=verdict]")).to_have_text("Infected")
    expect(row(page, "tool.exe").locator("[data-test=refused-reason]")).to_have_text(
        "programs and archives are not accepted"
    )
    expect(page.locator("[data-test=editor]")).to_have_value("Here it is.")


def test_without_the_socket_the_verdict_comes_too(
    house: House, session: Session, open_as: Open, clamd: Clamd
) -> None:
    page = open_as(house.alice.user)
    page.route_web_socket("**/ws/", lambda route: route.close())
    page.goto(f"/s/{session.public_id}/")
    page.click("[data-test=reply]")
    choose(page, ("receipt.txt", b"paid"))
    expect(page.locator(f"{ROW}[data-verdict=waiting]")).to_have_count(1)

    judged()

    expect(page.locator(f"{ROW}[data-verdict=clean]")).to_have_count(1)
    page.unroute_all()


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
    expect(row(page, "next.txt").locator("[data-test=verdict]")).to_have_text("Waiting for scan")
    # The bytes were over when it was cancelled: the server drops what it has.
    expect(page.locator("#limits")).to_contain_text("1 of 10 files")
    assert [one.attachment.name for one in StagedFile.objects.all()] == ["next.txt"]


def test_progress_is_that_of_the_bytes(page: Page) -> None:
    seen = page.evaluate_handle(
        """() => {
          const seen = [];
          new MutationObserver(() => {
            const bar = document.querySelector("[data-uploads] progress");
            if (bar) seen.push(bar.value);
          }).observe(document.querySelector("[data-uploads]"), { childList: true, subtree: true });
          return seen;
        }"""
    )
    page.context.new_cdp_session(page).send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2_000_000},
    )
    choose(page, ("large.txt", b"x" * 3_000_000))
    expect(row(page, "large.txt").locator("[data-test=verdict]")).to_be_visible()
    values = seen.json_value()
    assert values == sorted(values)
    assert any(0 < value < 1 for value in values)


def test_a_broken_connection_can_be_tried_again(page: Page) -> None:
    page.route(UPLOADS, lambda route: route.abort())
    choose(page, ("receipt.txt", b"paid"))
    broken = row(page, "receipt.txt")
    expect(broken.locator("[data-test=refused-reason]")).to_have_text(
        "The connection broke. Try again."
    )

    page.unroute(UPLOADS)
    broken.get_by_role("button", name="Try again").click()

    expect(broken.locator("[data-test=verdict]")).to_have_text("Waiting for scan")


@pytest.mark.contract("1.5.d")
def test_a_file_beyond_the_limit_is_refused_in_words(page: Page) -> None:
    AttachmentSettings.objects.update(max_total_mb=1)
    page.reload()
    page.click("[data-test=reply]")
    choose(page, ("large.txt", b"x" * (2**20 + 1)))
    expect(row(page, "large.txt").locator("[data-test=refused-reason]")).to_contain_text(
        "Settings > Email > Attachments allow 1 MB in one mail"
    )
    assert not StagedFile.objects.exists()


@pytest.mark.contract("1.5.d")
def test_send_stops_at_a_stopped_file_and_goes_on_without_it(page: Page, clamd: Clamd) -> None:
    choose(page, ("trap.txt", bytes(virus())), ("receipt.txt", b"paid"))
    expect(page.locator(f"{ROW}[data-upload]")).to_have_count(2)
    judged()
    expect(row(page, "trap.txt").locator("[data-test=verdict]")).to_have_text("Infected")

    page.click("[data-test=send]")
    expect(page.locator("[data-files-error]")).to_contain_text("trap.txt cannot be sent")
    expect(page.locator("[aria-label='Remove trap.txt']")).to_be_focused()
    page.keyboard.press("Enter")
    expect(row(page, "trap.txt")).to_have_count(0)
    page.click("[data-test=send]")

    answer = page.locator("[data-test=message]").nth(1)
    expect(answer.locator("[data-test=attachment]")).to_contain_text("receipt.txt")
    files = Message.objects.get(direction="out").files.all()
    assert [one.attachment.name for one in files] == ["receipt.txt"]


def test_send_waits_for_a_file_that_is_on_its_way(page: Page) -> None:
    held: list[Route] = []
    page.route(UPLOADS, lambda route: held.append(route))
    choose(page, ("receipt.txt", b"paid"))
    expect(page.locator("progress")).to_be_visible()
    page.click("[data-test=send]")
    page.click("[data-test=send]")
    assert not Message.objects.filter(direction="out").exists()

    held[0].continue_()

    answer = page.locator("[data-test=message]").nth(1)
    expect(answer.locator("[data-test=attachment]")).to_contain_text("receipt.txt")
    assert Message.objects.filter(direction="out").count() == 1


def test_dropping_and_pasting_attach_too(page: Page) -> None:
    page.evaluate(DROP, ["dropped.txt", "paid", "[data-conversation]"])
    page.evaluate(PASTE)
    page.evaluate(DROP, ["dropped.txt", "paid", "[data-test=editor]"])  # the same once more
    page.evaluate(DROP, ["elsewhere.txt", "paid", ".list"])

    expect(row(page, "image.png").locator("[data-test=verdict]")).to_be_visible()
    expect(page.locator("[data-files-said]")).to_have_text("dropped.txt is attached already.")
    expect(page.locator(ROW)).to_have_count(2)
    expect(page.locator("[data-test=editor]")).to_have_value("Here it is.")


def test_what_others_do_leaves_the_files_alone(
    house: House, session: Session, page: Page, open_as: Open
) -> None:
    page.fill("[data-test=editor]", "")
    choose(page, ("receipt.txt", b"paid"))
    expect(row(page, "receipt.txt").locator("[data-test=verdict]")).to_be_visible()

    other = open_as(house.irene, f"/s/{session.public_id}/")
    other.click("[data-test=reply]")
    expect(other.locator(ROW)).to_have_count(0)
    other.fill("[data-test=editor]", "Irene was quicker")
    other.click("[data-test=send]")

    expect(page.locator("[data-test=message]").nth(1)).to_contain_text("Irene was quicker")
    expect(page.locator(ROW)).to_have_count(1)


def test_a_refused_answer_keeps_words_and_files(page: Page) -> None:
    choose(page, ("receipt.txt", b"paid"))
    expect(row(page, "receipt.txt").locator("[data-test=verdict]")).to_be_visible()
    Attachment.objects.update(verdict=Verdict.REFUSED, reason="type-denied")
    page.evaluate("document.querySelector('[data-upload]').removeAttribute('data-stopped')")

    page.click("[data-test=send]")

    expect(page.locator(".composer [role=alert]").first).to_contain_text("is refused")
    expect(page.locator("[data-test=editor]")).to_have_value("Here it is.")
    expect(row(page, "receipt.txt").locator("[data-test=verdict]")).to_have_text("Refused")


@pytest.mark.contract("1.5.d")
def test_one_file_too_many_is_named_with_its_limit(page: Page) -> None:
    AttachmentSettings.objects.update(max_files=1)
    choose(page, ("first.txt", b"1"), ("second.txt", b"2"))
    expect(row(page, "second.txt").locator("[data-test=refused-reason]")).to_have_text(
        "Settings > Email > Attachments allow 1 file in one mail; these are 2."
    )
    page.click("[data-test=send]")
    expect(page.locator("[data-files-error]")).to_contain_text("second.txt cannot be sent")
    assert not Message.objects.filter(direction="out").exists()


@pytest.mark.contract("1.5.d")
def test_the_limit_of_the_mail_server_is_named(house: House, page: Page) -> None:
    account = house.mailbox.account
    account.announced_size, account.announced_by = 1000, account.sends_through
    account.save()
    choose(page, ("large.txt", b"x" * 2000))
    expect(row(page, "large.txt").locator("[data-test=refused-reason]")).to_contain_text(
        "The mail server of support@carteria.test takes at most"
    )
    assert not StagedFile.objects.exists()


def test_two_tabs_are_two_answers(page: Page, session: Session) -> None:
    choose(page, ("one.txt", b"1"))
    expect(row(page, "one.txt").locator("[data-test=verdict]")).to_be_visible()
    other = page.context.new_page()
    other.goto(f"/s/{session.public_id}/")
    other.click("[data-test=reply]")
    expect(other.locator(ROW)).to_have_count(0)
    choose(other, ("two.txt", b"2"))
    expect(row(other, "two.txt").locator("[data-test=verdict]")).to_be_visible()
    other.fill("[data-test=editor]", "From the other tab.")
    other.click("[data-test=send]")

    expect(page.locator("[data-test=message]").nth(1)).to_contain_text("From the other tab.")
    expect(page.locator(ROW)).to_have_count(1)
    page.click("[data-test=send]")
    expect(page.locator("[data-test=message]").nth(2)).to_contain_text("one.txt")
    sent = Message.objects.filter(direction="out").order_by("pk")
    assert [one.files.get().attachment.name for one in sent] == ["two.txt", "one.txt"]


def test_a_session_that_was_closed_meanwhile_takes_no_file(page: Page, session: Session) -> None:
    Session.objects.filter(pk=session.pk).update(status=Session.Status.CLOSED)
    choose(page, ("late.txt", b"paid"))
    expect(row(page, "late.txt").locator("[data-test=refused-reason]")).to_have_text(
        "This session is closed; write a new mail instead."
    )
    page.click("[aria-label='Cancel late.txt']")
    page.click("[data-test=send]")
    expect(page.locator(".no-reply").first).to_contain_text("This session is closed.")
    expect(page.locator("textarea")).to_have_value("Here it is.")
    assert not Message.objects.filter(direction="out").exists()


def test_who_is_signed_out_signs_in_again_and_goes_on(
    house: House, page: Page, session: Session
) -> None:
    SignedIn.objects.all().delete()
    choose(page, ("receipt.txt", b"paid"))
    expect(row(page, "receipt.txt").locator("[data-test=refused-reason]")).to_contain_text(
        "You are signed out."
    )
    elsewhere = page.context.new_page()
    elsewhere.goto("/")
    sign_in(elsewhere, house.alice.user)

    page.get_by_role("button", name="Try again").click()

    expect(row(page, "receipt.txt").locator("[data-test=verdict]")).to_have_text("Waiting for scan")
    page.click("[data-test=send]")
    expect(page.locator("[data-test=message]").nth(1)).to_contain_text("receipt.txt")
    assert Message.objects.get(direction="out").text.startswith("Here it is.")


def test_who_signs_in_as_another_does_not_go_on_for_the_first(house: House, page: Page) -> None:
    SignedIn.objects.all().delete()
    choose(page, ("receipt.txt", b"paid"))
    expect(row(page, "receipt.txt").locator("[data-test=refused-reason]")).to_be_visible()
    elsewhere = page.context.new_page()
    elsewhere.goto("/")
    sign_in(elsewhere, house.irene)

    page.get_by_role("button", name="Try again").click()

    expect(row(page, "receipt.txt").locator("[data-test=refused-reason]")).to_have_text(
        "The server did not take it. Reload the page and try again."
    )
    assert not StagedFile.objects.exists()


def test_a_line_cut_amid_an_upload_leaves_nothing(web: str, page: Page, session: Session) -> None:
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies())
    host, port = web.removeprefix("http://").split(":")
    head = (
        f"POST /s/{session.public_id}/staged/?form=f&name=a.txt&size=100 HTTP/1.1\r\n"
        f"Host: {host}:{port}\r\nCookie: {cookies}\r\nContent-Length: 100\r\n\r\nhalf of it"
    )
    with socket.create_connection((host, int(port))) as line:
        line.sendall(head.encode())
    page.goto("/")  # the worker lives
    assert not Attachment.objects.exists()


@pytest.mark.parametrize(
    "profile",
    [{}, {"viewport": {"width": 390, "height": 844}}, {"color_scheme": "dark"}],
    ids=["desktop", "phone", "dark"],
)
def test_a_composer_full_of_files_fits(
    house: House, session: Session, open_as: Open, profile: dict[str, object]
) -> None:
    page = open_as(house.alice.user, f"/s/{session.public_id}/", **profile)
    page.click("[data-test=reply]")
    choose(page, *((f"{'A very long name ' * 6}{n}.txt", b"%d" % n) for n in range(10)))
    expect(page.locator(f"{ROW}[data-upload]")).to_have_count(10)
    page.locator("[data-test=send]").scroll_into_view_if_needed()
    expect(page.locator("[data-test=send]")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

"""Writing a mail in a real browser: nothing typed is lost, nothing leaves before Undo is over."""

import base64
from typing import Any

import pytest
from django.contrib.sessions.models import Session as SignedIn
from django.db.models import F
from django.utils import timezone
from playwright.sync_api import Locator, Page, Route, expect

from apps.attachments import screen
from apps.attachments.models import Attachment
from apps.channels.models import ChannelSettings
from apps.console.models import CannedReply, Signature
from apps.core.models import User
from apps.tickets.models import Draft, Message, Session, StagedFile
from apps.tickets.sessions import say_changed
from tests.browser.conftest import PHONE, WIDE, Open, login_of
from tests.browser.test_access import violations
from tests.people import House, make_mailbox, make_message, make_session
from tests.servers.clamd import Clamd

pytestmark = pytest.mark.browser

EDITOR = "[data-test=editor]"
SAVED = "[data-test=saved]"
FILES = "[data-uploads] > li"
PROBLEM = "[data-test=composer-problem]:visible"
SIZES = [WIDE, {"width": 1024, "height": 768}, PHONE]
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR42mP8z4APMOGVZRip0gAsTgEPtvJPWAAAAABJ"
    "RU5ErkJggg=="
)
PASTE_PICTURE = """([place, encoded]) => {
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], "photo.png", { type: "image/png" }));
  const event = { clipboardData: carried, bubbles: true, cancelable: true };
  document.querySelector(place).dispatchEvent(new ClipboardEvent("paste", event));
}"""
PASTE = """([place, type, words]) => {
  const carried = new DataTransfer();
  carried.setData(type, words);
  const event = { clipboardData: carried, bubbles: true, cancelable: true };
  document.querySelector(place).dispatchEvent(new ClipboardEvent("paste", event));
}"""


@pytest.fixture
def session(house: House) -> Session:
    return begin_session(house, "My parcel")


def begin_session(house: House, subject: str) -> Session:
    session = make_session(
        house.support,
        agent=house.alice,
        mailbox=house.mailbox,
        subject=subject,
        customer_name="Ana Ruiz",
    )
    make_message(session, from_name="Ana Ruiz")
    return session


@pytest.fixture
def page(session: Session, open_console: Open) -> Page:
    """Alice has begun to answer."""
    page = open_console(path_of(session))
    begin(page)
    return page


def path_of(session: Session) -> str:
    return f"/s/{session.public_id}/"


def begin(page: Page, opener: str = "reply") -> None:
    page.click(f"[data-test={opener}]")
    expect(page.locator(EDITOR)).to_be_visible()
    expect(page.locator(".composer--open")).not_to_have_attribute("data-draft", "")


def is_saved(page: Page) -> None:
    expect(page.locator(SAVED)).to_have_attribute("data-state", "saved")


def choose(page: Page, *files: tuple[str, bytes]) -> None:
    page.set_input_files(
        "[data-test=file-input]",
        [{"name": name, "mimeType": "text/plain", "buffer": content} for name, content in files],
    )


def row(page: Page, name: str) -> Locator:
    return page.locator(FILES).filter(has_text=name)


def judged() -> None:
    """What a worker does."""
    screen.screen(list(Attachment.objects.values_list("pk", flat=True)))


def sent() -> list[Message]:
    return list(Message.objects.filter(direction=Message.Direction.OUT))


# ---- nothing typed is lost --------------------------------------------------------------------


def test_what_is_typed_is_on_the_server_and_opens_in_another_browser(
    page: Page, session: Session, open_console: Open
) -> None:
    page.keyboard.type("Here it is.")
    is_saved(page)

    other = open_console(path_of(session))
    other.click("[data-test=reply]")

    expect(other.locator(EDITOR)).to_contain_text("Here it is.")


def test_long_typing_is_saved_while_it_goes_on(page: Page) -> None:
    with page.expect_request(lambda asked: asked.method == "PUT", timeout=6_000):
        for _n in range(50):
            page.keyboard.type("on ", delay=30)


def test_a_lost_connection_loses_nothing(page: Page) -> None:
    page.keyboard.type("First words.")
    is_saved(page)
    page.context.set_offline(True)
    page.keyboard.type(" And more.")
    expect(page.locator(SAVED)).to_have_text("Not saved: no connection, trying again")
    page.keyboard.type(" And still more.")

    page.context.set_offline(False)

    is_saved(page)
    assert Draft.objects.get().text.strip() == "First words. And more. And still more."


def test_an_answer_of_the_server_that_got_lost_is_no_conflict(page: Page) -> None:
    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/desk/drafts/*/", lose, times=1)
    page.keyboard.type("First words.")
    expect(page.locator(SAVED)).to_have_attribute("data-state", "offline")
    page.keyboard.type(" And more.")
    is_saved(page)
    assert Draft.objects.get().text.strip() == "First words. And more."


def test_a_reload_brings_back_what_no_server_has(page: Page) -> None:
    page.keyboard.type("Only here.")
    page.route("**/desk/drafts/*/", lambda route: route.abort())
    page.wait_for_timeout(300)  # this tab's own copy

    page.reload()

    expect(page.locator(EDITOR)).to_contain_text("Only here.")
    page.unroute_all()
    is_saved(page)
    assert "Only here." in Draft.objects.get().text


def test_what_is_typed_before_the_draft_is_there_stays(
    session: Session, open_console: Open
) -> None:
    Signature.objects.create(user=User.objects.get(username="alice"), html="<p>Alice</p>")
    page = open_console(path_of(session))
    held: list[Route] = []
    page.route("**/desk/drafts/", lambda route: held.append(route))
    with page.expect_request("**/desk/drafts/"):
        page.click("[data-test=reply]")
    page.keyboard.type("Quick words.")
    held[0].continue_()

    is_saved(page)
    expect(page.locator(EDITOR)).to_contain_text("Quick words.")
    expect(page.locator(EDITOR)).to_contain_text("Alice")
    assert Draft.objects.get().text.startswith("Quick words.")


def test_signed_out_while_composing_everything_stays(page: Page, web: str, house: House) -> None:
    page.keyboard.type("Before.")
    is_saved(page)
    SignedIn.objects.all().delete()
    page.keyboard.type(" After.")
    expect(page.locator(SAVED)).to_contain_text("you are signed out")
    expect(page.locator(EDITOR)).to_contain_text("Before. After.")

    page.context.add_cookies([login_of(house.alice.user, web)])

    is_saved(page)
    assert Draft.objects.get().text.strip() == "Before. After."


def test_two_browsers_on_one_draft_lose_neither(
    page: Page, session: Session, open_console: Open
) -> None:
    page.keyboard.type("Mine.")
    is_saved(page)
    page.route("**/desk/drafts/*/", lambda route: route.abort())
    page.keyboard.type(" Mine again.")
    Draft.objects.update(html="<p>Theirs.</p>", text="Theirs.", version=F("version") + 1)
    page.unroute_all()

    expect(page.locator("[data-test=draft-changed]")).to_contain_text("Theirs.")
    expect(page.locator(EDITOR)).to_contain_text("Mine. Mine again.")
    page.click("[data-test=use-mine]")
    is_saved(page)
    assert Draft.objects.get().text.strip() == "Mine. Mine again."


def test_quick_switching_never_mixes_two_drafts(house: House, open_console: Open) -> None:
    one, two = begin_session(house, "One"), begin_session(house, "Two")
    page = open_console(path_of(one))
    for name in ("One", "Two", "One", "Two"):
        page.locator("[data-test=session-row]").filter(has_text=name).click()
        expect(page.locator(".subject-block h1")).to_have_text(name)
        expect(page.locator(f"[data-test=reply], {EDITOR}").first).to_be_visible()
        if page.locator("[data-test=reply]").is_visible():
            begin(page)
        page.locator(EDITOR).focus()
        page.keyboard.type(f"{name} ")
    is_saved(page)
    page.locator("[data-test=session-row]").filter(has_text="One").click()
    is_saved(page)

    assert "Two" not in Draft.objects.get(session=one).text
    assert "One" not in Draft.objects.get(session=two).text
    assert Draft.objects.get(session=one).text.count("One") == 2


def test_what_others_do_leaves_the_hand_alone(page: Page, session: Session) -> None:
    page.keyboard.type("Half a sen")
    make_message(session, text="One thing more")
    say_changed([session])
    expect(page.locator("[data-test=newer-mail]")).to_be_visible()

    page.keyboard.type("tence.")

    expect(page.locator(EDITOR)).to_contain_text("Half a sentence.")


def test_closing_keeps_the_draft_and_an_empty_one_leaves_nothing(page: Page) -> None:
    page.keyboard.press("Escape")
    expect(page.locator("[data-test=reply]")).to_have_text("Reply all")
    expect(page.locator("[data-test=reply]")).to_be_focused()
    begin(page)
    page.keyboard.type("Later.")
    page.keyboard.press("Escape")
    expect(page.locator("[data-test=reply]")).to_have_text("Continue your draft")
    page.click("[data-test=reply]")
    expect(page.locator(EDITOR)).to_contain_text("Later.")
    assert Draft.objects.count() == 1


def test_discard_can_be_undone(page: Page) -> None:
    page.keyboard.type("Never mind.")
    is_saved(page)
    page.click("[data-test=discard]")
    expect(page.locator(EDITOR)).to_have_count(0)

    page.locator(".toast").get_by_role("button", name="Undo").click()

    expect(page.locator(EDITOR)).to_contain_text("Never mind.")
    assert Draft.objects.exists()


# ---- to whom ------------------------------------------------------------------------------------


def test_addresses_become_chips_however_they_are_typed(page: Page) -> None:
    page.click("[data-test=add-cc]")
    field = page.locator("[data-test=cc-input]")
    field.press_sequentially("bo@x.test,cy@x.test;")
    field.press_sequentially("Di <di@x.test>")
    field.press("Enter")
    field.press_sequentially("ed@x.test")
    field.press("Tab")
    page.evaluate(
        PASTE, ["[data-test=cc-input]", "text/plain", '"Fox, Guy" <fo@x.test>\nga@x.test']
    )
    field.focus()
    field.press("Backspace")
    is_saved(page)

    emails = [one["email"] for one in Draft.objects.get().cc]
    assert emails == ["bo@x.test", "cy@x.test", "di@x.test", "ed@x.test", "fo@x.test"]
    assert Draft.objects.get().cc[4]["name"] == "Fox, Guy"


def test_what_is_no_address_is_said_and_stops_send(page: Page) -> None:
    page.keyboard.type("Hello")
    page.fill("[data-test=to-input]", "nobody")
    page.press("[data-test=to-input]", "Enter")
    expect(page.locator(".chip--wrong")).to_contain_text("no address")

    page.click("[data-test=send]")

    expect(page.locator(PROBLEM)).to_have_text(
        "“nobody” is no email address. Correct or remove it."
    )
    expect(page.locator("[data-test=to-input]")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Delete")
    expect(page.locator(".chip--wrong")).to_have_count(0)
    assert not sent()


def test_people_of_the_conversation_are_suggested(page: Page) -> None:
    page.get_by_role("button", name="Remove Ana Ruiz").click()
    page.locator("[data-test=to-input]").press_sequentially("an")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("[data-field=to] [data-test=chip]")).to_have_text(["Ana Ruiz"])


# ---- words -----------------------------------------------------------------------------------------


def test_formats_by_keys_and_buttons_reach_the_draft(page: Page) -> None:
    page.keyboard.press("Control+b")
    page.keyboard.type("bold")
    page.keyboard.press("Control+b")
    page.keyboard.press("Enter")
    page.click("[data-tool=bullets]")
    page.keyboard.type("point")
    is_saved(page)
    html = Draft.objects.get().html
    assert "<b>bold</b>" in html
    assert "<ul><li>" in html


def test_pasted_words_keep_emphasis_and_lose_the_rest(page: Page) -> None:
    pasted = (
        '<p style="color:red">plain <span style="font-weight:700">bold</span></p><script>x</script>'
    )
    page.evaluate(PASTE, [EDITOR, "text/html", pasted])
    is_saved(page)
    html = Draft.objects.get().html
    assert "<b>bold</b>" in html
    assert "style" not in html
    assert "script" not in html


def test_plain_text_keeps_the_words_both_ways(page: Page) -> None:
    page.keyboard.type("One\nTwo")
    page.click("[data-test=plain]")
    expect(page.locator(f"textarea{EDITOR}")).to_have_value("One\n\nTwo")
    is_saved(page)
    assert Draft.objects.get().plain
    page.click("[data-test=plain]")
    expect(page.locator(f"{EDITOR} p")).to_contain_text(["One", "Two"])


def test_a_slash_offers_canned_replies_and_names_what_is_missing(page: Page) -> None:
    CannedReply.objects.create(
        name="Parcel is late", html="<p>Dear {{customer.first_name}}, see {{ticket.id}}.</p>"
    )
    CannedReply.objects.create(name="Other", html="<p>Something else</p>")
    page.keyboard.type("Well, /parc")
    expect(page.locator("[data-test=canned-reply]")).to_have_count(1)
    page.keyboard.press("Enter")

    expect(page.locator(EDITOR)).to_contain_text("Dear Ana, see {{ticket.id}}.")
    expect(page.locator(EDITOR)).not_to_contain_text("/parc")
    expect(page.locator("[data-test=gaps]")).to_contain_text("{{ticket.id}}")
    page.keyboard.type(" and/or /")
    expect(page.locator("[data-test=canned-reply]")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator("[data-test=canned-list]")).to_have_count(0)
    expect(page.locator(EDITOR)).to_be_visible()


# ---- files -------------------------------------------------------------------------------------------


def test_a_pasted_picture_is_scanned_shown_and_sized(page: Page, clamd: Clamd) -> None:
    page.evaluate(PASTE_PICTURE, [EDITOR, base64.b64encode(PICTURE).decode()])
    expect(row(page, "photo.png").locator("[data-test=verdict]")).to_have_text("Waiting for scan")
    judged()
    picture = page.locator(f"{EDITOR} img")
    expect(page.locator(f"{EDITOR} img[src]")).to_be_visible()

    picture.click()
    page.get_by_role("button", name="Small").click()
    is_saved(page)

    html = Draft.objects.get().html
    assert f"cid:{StagedFile.objects.get().content_id}" in html
    assert 'width="160"' in html


def test_a_stopped_file_stops_send_in_words(page: Page, clamd: Clamd) -> None:
    page.keyboard.type("Attached.")
    choose(page, ("tool.exe", b"x"), ("receipt.txt", b"paid"))
    expect(page.locator(f"{FILES}[data-verdict=waiting]")).to_have_count(2)
    judged()
    expect(row(page, "tool.exe").locator("[data-test=verdict]")).to_have_text("Refused")

    page.click("[data-test=send]")

    expect(page.locator(PROBLEM)).to_contain_text("tool.exe cannot be sent")
    expect(page.get_by_role("button", name="Remove tool.exe")).to_be_focused()
    page.keyboard.press("Enter")
    expect(row(page, "tool.exe")).to_have_count(0)
    page.click("[data-test=send]")
    expect(page.locator("[data-test=undo-send]")).to_be_visible()
    [message] = sent()
    assert [one.attachment.name for one in message.files.all()] == ["receipt.txt"]


def test_send_waits_for_a_file_that_is_on_its_way(page: Page) -> None:
    page.keyboard.type("Attached.")
    held: list[Route] = []
    page.route("**/files/?*", lambda route: held.append(route))
    choose(page, ("receipt.txt", b"paid"))
    expect(page.locator("progress")).to_be_visible()
    page.click("[data-test=send]")
    expect(page.locator("[data-test=send-not-yet]")).to_be_visible()
    assert not sent()

    held[0].continue_()

    expect(page.locator("[data-test=undo-send]")).to_be_visible()
    assert sent()[0].files.count() == 1


# ---- Send and Undo ---------------------------------------------------------------------------------------


def test_undo_brings_everything_back_and_nothing_had_left(page: Page, clamd: Clamd) -> None:
    page.keyboard.type("Too early.")
    choose(page, ("receipt.txt", b"paid"))
    expect(row(page, "receipt.txt").locator("[data-test=verdict]")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-test=undo-send]")).to_contain_text("Sending to Ana Ruiz in")
    expect(page.locator("[data-test=reply]")).to_be_focused()
    [message] = sent()
    assert message.status == Message.Status.QUEUED
    assert message.next_try_at is not None
    assert message.next_try_at > timezone.now()

    page.keyboard.press("z")

    expect(page.locator(EDITOR)).to_contain_text("Too early.")
    expect(row(page, "receipt.txt")).to_be_visible()
    assert not sent()


def test_undo_is_offered_after_a_reload(page: Page) -> None:
    page.keyboard.type("Too early.")
    page.click("[data-test=send]")
    expect(page.locator("[data-test=undo-send]")).to_be_visible()
    page.reload()
    page.click("[data-test=undo]")
    expect(page.locator(EDITOR)).to_contain_text("Too early.")
    assert not sent()


def test_when_the_time_is_over_it_is_on_its_way(session: Session, open_console: Open) -> None:
    ChannelSettings.objects.update(undo_seconds=1)
    page = open_console(path_of(session))
    begin(page)
    page.keyboard.type("Go.")
    page.click("[data-test=send]")
    expect(page.locator("[data-test=sent]")).to_have_text("Sent: on its way to Ana Ruiz")


def test_newer_mail_stops_send_until_it_is_read_or_reasoned(page: Page, session: Session) -> None:
    page.keyboard.type("My answer.")
    is_saved(page)
    make_message(session, text="Forget it, I have found it", from_name="Ana Ruiz")
    page.click("[data-test=send]")
    expect(page.locator("[data-test=thread-changed]")).to_contain_text("Forget it, I have found it")
    assert not sent()

    page.click("[data-test=send-anyway]")
    page.fill("[data-test=override]", "It says what she asks for")
    page.click("[data-test=override-send]")

    expect(page.locator("[data-test=undo-send]")).to_be_visible()
    assert session.events.filter(kind="sent-anyway").get().why.endswith("It says what she asks for")


def test_newer_mail_that_was_read_lets_send_pass(page: Page, session: Session) -> None:
    page.keyboard.type("My answer.")
    is_saved(page)
    make_message(session, text="One thing more")
    page.click("[data-test=send]")
    page.click("[data-test=read-newer]")
    expect(page.locator("[data-test=thread-changed]")).to_have_count(0)
    expect(page.locator("[data-test=message]").last).to_contain_text("One thing more")
    page.click("[data-test=send]")
    expect(page.locator("[data-test=undo-send]")).to_be_visible()


def test_send_and_resolve_goes_on_in_the_same_list(house: House, open_console: Open) -> None:
    later, first = begin_session(house, "Later"), begin_session(house, "First")
    page = open_console(f"{path_of(first)}?queue={house.support.pk}")
    expect(page.locator("[data-test=session-row]")).to_have_count(2)
    begin(page)
    page.keyboard.type("Done.")
    page.click("[data-test=send-more]")
    page.click("[data-test=send-next]")
    page.keyboard.press("Escape")
    page.locator(EDITOR).focus()
    page.keyboard.press("Control+Shift+Enter")

    page.wait_for_url(f"**{path_of(later)}?queue={house.support.pk}")
    first.refresh_from_db()
    assert first.status == Session.Status.RESOLVED


def test_an_empty_answer_is_refused_in_place(page: Page) -> None:
    page.click("[data-test=send]")
    expect(page.locator(PROBLEM)).to_have_text("Write your mail first.")
    expect(page.locator(EDITOR)).to_be_focused()
    assert not sent()


# ---- new and forwarded mails -------------------------------------------------------------------------------


def test_a_new_mail_has_a_queue_and_an_agent(house: House, open_console: Open) -> None:
    make_mailbox("help@carteria.test", queue=house.support)
    page = open_console()
    page.get_by_role("button", name="New email").click()
    expect(page.locator("[data-test=to-input]")).to_be_focused()
    page.keyboard.type("new@outside.test")
    page.keyboard.press("Enter")
    page.fill("[data-test=subject]", "Hello")
    page.locator(EDITOR).focus()
    page.keyboard.type("We have news.")
    page.select_option("[data-test=agent]", label="Bob")
    page.locator("[data-test=mailbox]").select_option(label="Support <help@carteria.test>")
    page.click("[data-test=send]")
    expect(page.locator("[data-test=undo-send]")).to_be_visible()

    [message] = sent()
    assert message.session.agent == house.bob
    assert message.mailbox is not None
    assert message.mailbox.address == "help@carteria.test"
    page.wait_for_url(f"**/s/{message.session.public_id}/**")


def test_a_forwarded_mail_takes_its_words_along(page: Page) -> None:
    page.keyboard.press("Escape")
    begin(page, "forward")
    expect(page.locator("[data-test=to-input]")).to_be_focused()
    page.keyboard.type("boss@outside.test")
    page.keyboard.press("Enter")
    expect(page.locator(EDITOR)).to_contain_text("Hello, where is it?")
    page.click("[data-test=send]")
    expect(page.locator("[data-test=undo-send]")).to_be_visible()
    assert "where is it?" in sent()[0].text


def test_a_colleagues_draft_is_shown_and_can_be_taken_over(
    house: House, session: Session, open_console: Open
) -> None:
    Draft.objects.create(
        author=house.bob.user, session=session, kind="reply", html="<p>Bob's</p>", text="Bob's"
    )
    page = open_console(path_of(session))
    expect(page.locator("[data-test=colleagues-draft]")).to_contain_text("Bob started a reply here")
    page.click("[data-test=take-over]")
    expect(page.locator(EDITOR)).to_contain_text("Bob's")
    assert Draft.objects.get().author == house.alice.user


# ---- for everybody ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_in_the_composer(session: Session, open_console: Open, size: Any) -> None:
    page = open_console(path_of(session), viewport=size)
    begin(page)
    page.keyboard.type("Words")
    page.fill("[data-test=to-input]", "nobody")
    page.press("[data-test=to-input]", "Enter")
    choose(page, ("receipt.txt", b"paid"))
    expect(page.locator(FILES)).to_have_count(1)
    page.click("[data-test=send]")
    page.click("[data-test=send-more]")
    assert list(violations(page, within=".composer")) == []


def test_the_tools_are_one_stop_for_the_tab_key(page: Page) -> None:
    page.locator("[data-tool=bold]").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-tool=italic]")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("[data-test=file-input]")).to_be_focused()

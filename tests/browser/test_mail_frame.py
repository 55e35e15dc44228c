"""Hostile HTML in a real browser, in the real frame: nothing runs, nothing is asked, nothing moves."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, Route, expect

from apps.console.conversation import mail_frame, remote_images
from apps.console.conversation.mail_frame import _shown
from apps.core.html import SafeHtml
from apps.core.pictures import Picture
from apps.tickets.models import Message, Session
from tests.browser.conftest import PHONE, Open
from tests.core.html_samples import HOSTILE
from tests.people import House, make_message, make_session

pytestmark = pytest.mark.browser

# Whatever a reader could do by chance: the pointer over everything, the focus in everything.
TOUCH = """() => {
  for (const { contentDocument } of document.querySelectorAll("iframe.mail-frame"))
    for (const one of contentDocument.querySelectorAll("*")) {
      for (const kind of ["mouseover", "mouseenter", "pointerenter", "focus", "click", "keydown"])
        if (kind !== "click" || one.tagName !== "A") one.dispatchEvent(new Event(kind, {bubbles: true}));
      one.focus?.();
    }
}"""
# The desk is asked again now and then; each answer masks the same token anew.
AROUND = """() => {
  const page = document.documentElement.cloneNode(true);
  const changing = "iframe.mail-frame, time, [name=csrfmiddlewaretoken]";
  for (const one of page.querySelectorAll(changing)) one.remove();
  return [page.outerHTML, document.title, location.href, window.owned, document.cookie.length];
}"""
FRAME = "iframe.mail-frame"
# Frames like the page's own, as many as there are paths; answers where each is, and how high.
SHOW = """paths => {
  const [own, ...others] = document.querySelectorAll("iframe.mail-frame");
  for (const frame of others) frame.remove();
  return Promise.all(paths.map(path => new Promise(done => {
    const frame = own.cloneNode();
    frame.addEventListener("load", () => {
      const { height } = frame.contentDocument.documentElement.getBoundingClientRect();
      frame.style.blockSize = `${height}px`;
      done([frame.contentWindow.location.pathname, frame.getBoundingClientRect().height]);
    }, {once: true});
    frame.src = path;
    own.parentElement.append(frame);
  })));
}"""
AT_ONCE = 16


@dataclass
class Watch:
    """What a browser did that no mail may make it do."""

    own: str
    dialogs: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    popups: list[str] = field(default_factory=list)

    def assert_nothing_happened(self) -> None:
        assert (self.dialogs, self.asked, self.popups) == ([], [], [])


def watched(page: Page, own: str) -> Watch:
    watch = Watch(own)
    page.on("dialog", lambda dialog: (watch.dialogs.append(dialog.message), dialog.dismiss()))
    page.context.on(
        "request",
        lambda request: None if request.url.startswith(own) else watch.asked.append(request.url),
    )
    page.context.on("page", lambda popup: watch.popups.append(popup.url))
    return watch


@pytest.fixture
def session(house: House) -> Session:
    return make_session(house.support, mailbox=house.mailbox, subject="Hostile")


def at(session: Session) -> str:
    return f"/s/{session.public_id}/"


@pytest.fixture
def page(session: Session, open_console: Open) -> Page:
    make_message(session, html="<p>first</p>")
    page = open_console(at(session))
    expect(page.frame_locator(FRAME).locator("p")).to_have_text("first")
    expect(page.locator("[data-test=more]")).to_be_visible()  # it counts as read by now
    return page


@pytest.fixture
def watch(page: Page, web: str) -> Iterator[Watch]:
    watch = watched(page, web)
    yield watch
    watch.assert_nothing_happened()


def some_at_once(session: Session, samples: list[str]) -> Iterator[list[Message]]:
    for begin in range(0, len(samples), AT_ONCE):
        yield [make_message(session, html=html) for html in samples[begin : begin + AT_ONCE]]


def show_and_touch(page: Page, messages: list[Message], *, query: str = "") -> None:
    places = page.evaluate(SHOW, [f"/m/{message.pk}/{query}" for message in messages])
    for message, (path, height) in zip(messages, places, strict=True):
        assert path == f"/m/{message.pk}/", message.html
        assert height < 30_100, message.html
    page.evaluate(TOUCH)


def test_no_hostile_mail_acts(session: Session, page: Page, watch: Watch) -> None:
    """Each sample in a frame of the console's own page, once more with its pictures asked for
    where that makes another page of it."""
    before, with_pictures = page.evaluate(AROUND), list[Message]()
    for messages in some_at_once(session, HOSTILE):
        show_and_touch(page, messages)
        watch.assert_nothing_happened()
        with_pictures += (
            one for one in messages if _shown(one, remote=True) != _shown(one, remote=False)
        )
    assert with_pictures
    for begin in range(0, len(with_pictures), AT_ONCE):
        show_and_touch(page, with_pictures[begin : begin + AT_ONCE], query="?images=1")
        watch.assert_nothing_happened()
    assert page.evaluate(AROUND) == before


def test_the_frame_is_as_high_as_the_mail(session: Session, open_console: Open, web: str) -> None:
    message = make_message(session, html=TALL)
    page = open_console("about:blank", live=False)
    watch = watched(page, web)
    page.goto(at(session))
    mail = page.frame_locator(f"#m{message.pk} iframe")

    expect(mail.get_by_text("the end")).to_be_visible()
    page.wait_for_function(
        """() => {
          const frame = document.querySelector("iframe.mail-frame");
          const inside = frame.contentDocument.documentElement.getBoundingClientRect().height;
          return inside > 900 && frame.getBoundingClientRect().height >= inside;
        }"""
    )
    assert "owned" not in page.title()
    watch.assert_nothing_happened()


TALL = """<p>Hello <b>frame</b></p><script>top.document.title = "owned"</script>
<img src="https://track.test/pixel.png"><p style="height: 900px">tall</p><p>the end</p>"""


@pytest.fixture
def uncleaned(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the cleaning had a hole as large as can be."""
    monkeypatch.setattr(
        mail_frame, "clean_html", lambda html, **_urls: SafeHtml(html, as_text=False)
    )


def test_even_without_cleaning_no_script_runs(
    session: Session, page: Page, web: str, uncleaned: None
) -> None:
    """The second wall: policy and sandbox alone keep the mail from acting."""
    watch = watched(page, web)
    before = page.evaluate(AROUND)
    quiet = [html for html in HOSTILE if "refresh" not in html]
    for messages in some_at_once(session, quiet):
        page.evaluate(SHOW, [f"/m/{message.pk}/" for message in messages])
        page.evaluate(TOUCH)
    assert (watch.dialogs, watch.popups) == ([], [])
    assert page.evaluate(AROUND) == before


def test_in_a_tab_of_its_own_it_is_as_safe(session: Session, page: Page, watch: Watch) -> None:
    message = make_message(session, html="".join(HOSTILE[:200:4]))
    page.goto(f"/m/{message.pk}/")
    assert page.evaluate("() => window.owned") is None
    assert page.url.endswith(f"/m/{message.pk}/")


def test_pictures_are_asked_of_our_own_site_after_a_click(
    session: Session, open_console: Open, web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []

    def fetch(address: str, **_limits: object) -> bytes:
        fetched.append(address)
        return b"bytes of a stranger"

    pixel = Picture(content=PIXEL, content_type="image/gif", width=1, height=1)
    monkeypatch.setattr(remote_images, "fetch", fetch)
    monkeypatch.setattr(remote_images, "redraw", lambda *_content, **_size: pixel)
    message = make_message(session, html='<p>x</p><img alt=Sale src="https://shop.test/a.png">')
    page = open_console("about:blank", live=False)
    watch = watched(page, web)

    page.goto(at(session))
    image = page.frame_locator(f"#m{message.pk} iframe").locator("img")
    expect(image).to_have_attribute("alt", "Sale")
    assert fetched == []
    page.click("text=Show pictures")

    expect(image).to_have_attribute("src", f"/m/{message.pk}/pictures/0/")
    expect(image).to_have_js_property("naturalWidth", 1)
    assert fetched == ["https://shop.test/a.png"]
    watch.assert_nothing_happened()


PIXEL = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)


def test_a_link_opens_a_tab_that_knows_nothing_of_us(
    session: Session, open_console: Open, web: str
) -> None:
    message = make_message(session, html='<a href="https://shop.test/">Shop</a>')
    page = open_console(at(session))
    heard: list[dict[str, str]] = []

    def answer(route: Route) -> None:
        heard.append(route.request.headers)
        route.fulfill(body="<title>shop</title><script>document.title += opener</script>")

    page.context.route("https://shop.test/**", answer)
    with page.expect_popup() as popup:
        page.frame_locator(f"#m{message.pk} iframe").locator("a").click()

    expect(popup.value).to_have_title("shopnull")
    assert "referer" not in heard[0]
    assert page.url.startswith(web)


@pytest.mark.parametrize("way", ["beside the mail", "in the mail"])
def test_a_mail_is_read_as_text_and_back(session: Session, open_console: Open, way: str) -> None:
    html = '<h1>Sale</h1><img alt=Coats src="https://shop.test/a.png">'
    make_message(session, html=html, text="Sale, in words")
    page = open_console(at(session))
    mail = page.frame_locator(FRAME)
    expect(mail.locator("h1")).to_have_text("Sale")

    page.click("text=Show as text")
    expect(mail.locator("pre")).to_have_text("Sale, in words")
    expect(page.locator("text=Show as text")).to_have_count(0)
    expect(page.locator("text=Show pictures")).to_have_count(0)
    back = mail if way == "in the mail" else page
    back.locator("text=Show its layout").click()

    expect(mail.locator("h1")).to_have_text("Sale")
    expect(page.locator("text=Show as text")).to_be_visible()
    expect(page.locator("text=Show pictures")).to_be_visible()
    assert page.url.endswith(at(session))


def test_a_picture_that_is_not_loaded_never_widens_the_mail(
    session: Session, open_console: Open
) -> None:
    make_message(session, html='<table><td><img alt=Wide width=2000 height=90 src="//x.test/a">')
    page = open_console(at(session), viewport=PHONE)
    image = page.frame_locator(FRAME).locator("img")
    expect(image).to_be_visible()
    assert image.evaluate("one => one.getBoundingClientRect().right <= innerWidth")


def test_on_paper_there_is_the_conversation_alone(session: Session, open_console: Open) -> None:
    make_message(session, html="<p>long</p>" * 200)
    page = open_console(at(session))
    expect(page.locator(FRAME)).to_have_css("height", re.compile(r"^\d{4,}"))

    page.emulate_media(media="print")

    for part in (".list", ".nav", ".composer", ".subject-block button"):
        expect(page.locator(part).first).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollHeight") > 4000

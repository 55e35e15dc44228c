"""The most hostile mails as an agent meets them: whole, by the intake's way, in Chromium."""

from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import pytest
from playwright.sync_api import Page

from apps.attachments import screen
from apps.channels.models import InboundEmail
from apps.channels.receive import receive_one
from apps.tickets.inbound import take_in
from apps.tickets.models import Message, Session
from tests.browser.conftest import Open
from tests.browser.test_mail_frame import AROUND, TOUCH, Watch, watched
from tests.hostile import payloads as p
from tests.hostile.cases import attached, encoded_word, html_part, multipart, part, text_part, top
from tests.hostile.markup import REMOTE, SCRIPTS, STYLES
from tests.hostile.mutations import LIES, MUTATIONS
from tests.people import House
from tests.servers.clamd import Clamd

pytestmark = [pytest.mark.browser, pytest.mark.servers("clamd")]

TELL = """() => {
  window.violations = [];
  document.addEventListener("securitypolicyviolation", one =>
    window.violations.push(one.violatedDirective + " " + one.blockedURI));
}"""
LOADED = """() => document.querySelector(".msg[open] :is(.msg-body:not([aria-busy]), iframe.mail-frame)")
  && !document.querySelector(".row--unread")
  && [...document.querySelectorAll("iframe.mail-frame")].every(one =>
    one.contentDocument?.readyState === "complete" && one.contentWindow.location.href !== "about:blank")"""
MARKUP = "<img src=x onerror=alert(1)><script>alert(1)</script>"
PICTURE = (
    b"Content-Type: image/png; name=logo.png",
    b"Content-ID: <logo@x>",
    b"Content-Disposition: inline; filename=logo.png",
)


def _html(*samples: str) -> bytes:
    return top() + html_part("<p>Good morning,</p>" + "".join(samples))


def _with_files(*files: bytes) -> bytes:
    return top(b"Your files") + multipart((text_part("Please see the files."), *files))


def _subject_and_sender() -> bytes:
    name, subject = encoded_word(f"\u202e{MARKUP}"), encoded_word(f"{MARKUP}\r\n\u202egnp.exe")
    head = b"From: " + name + b" <ann@evil.test>\r\nReply-To: thief@evil.test\r\n"
    return (
        head + b"To: support@carteria.test\r\nSubject: " + subject + b"\r\n\r\n" + MARKUP.encode()
    )


def _names() -> bytes:
    long = b"a" * 300 + b".pdf"
    marked = part(
        p.LETTER,
        b"Content-Type: application/pdf",
        b"Content-Disposition: attachment; filename*="
        b"utf-8''%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E.pdf",
    )
    turned = attached(p.LETTER, "invoice \u202efdp.txt".encode())
    return _with_files(marked, attached(p.LETTER, long), turned)


MAILS: dict[str, bytes] = {
    "scripts": _html(*SCRIPTS[::2]),
    "mutations": _html(*MUTATIONS),
    "styles": _html(*STYLES),
    "remote": _html(*REMOTE, *LIES[30:]),
    "lies": _html(*(f"<p>{one}</p>" for one in LIES[:30])),
    "wide": _html("<table><tr>" + "<td>word</td>" * 300 + "</tr></table>", "x" * 5000),
    "deep": _html("<div><table><tr><td>" * 600, "the bottom"),
    "heavy": _html("<div>" * 100_000, "the words"),
    "small fields": _subject_and_sender(),
    "names": _names(),
    "stopped files": _with_files(
        attached(p.virus(), b"bill.pdf"),
        attached(p.program(), b"photo.jpg"),
        attached(p.LETTER, b"setup.exe"),
        attached(p.encrypted_pdf(), b"locked.pdf"),
        attached(p.LETTER, b"letter.pdf", b"application/pdf"),
    ),
    "inline pictures": top()
    + multipart(
        (
            html_part("<p>Look</p><img src=cid:logo@x><img src=cid:none>"),
            part(p.png(400, 300), *PICTURE),
        ),
        b"related",
    ),
}


def taken_in(house: House, raw: bytes) -> Session:
    receive_one(raw, mailbox=house.mailbox, source=InboundEmail.Source.API)
    take_in()
    screen.screen(screen.due(1000))
    return Message.objects.latest("pk").session


@dataclass(frozen=True, slots=True)
class Visit:
    """What happened while an agent had the mail before her."""

    watch: Watch
    at: str
    moved: str  # what around the mail changed when it was touched
    violations: list[str]


def _opened(page: Page, site: str, path: str) -> Visit:
    """Watched before the first byte of the mail arrives."""
    watch = watched(page, site)
    page.goto(path)
    page.wait_for_function(LOADED)
    page.wait_for_load_state("networkidle")  # pictures of files come later and change the page
    before = _at_rest(page)
    if page.query_selector("iframe.mail-frame"):
        page.evaluate(TOUCH)
    moved = _difference(before, page.evaluate(AROUND))
    return Visit(watch, page.url, moved, page.evaluate("() => window.violations"))


def _difference(before: list[Any], after: list[Any]) -> str:
    """The first place in which they differ, with what stands around it."""
    for one, other in zip(map(str, before), map(str, after), strict=True):
        if one != other:
            same = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
            start = max(0, sum(1 for _pair in same) - 200)
            return f"{one[start : start + 400]} -> {other[start : start + 400]}"
    return ""


def _at_rest(page: Page) -> list[Any]:
    """What stands around the mail once our own page has let it be for a second and a half: the
    list and its neighbours, what is seen and how large the frame is come late on a busy machine.
    """
    seen, equal = page.evaluate(AROUND), 0
    for _look in range(80):
        page.wait_for_timeout(250)
        before, seen = seen, page.evaluate(AROUND)
        equal = equal + 1 if seen == before else 0
        if equal == 6:
            break
    return list(seen)


@pytest.mark.parametrize("name", MAILS)
def test_nothing_happens_when_it_is_opened(
    name: str, house: House, clamd: Clamd, web: str, open_as: Open
) -> None:
    path = f"/s/{taken_in(house, MAILS[name]).public_id}/"
    page = open_as(house.alice.user, "about:blank")
    page.add_init_script(f"({TELL})()")
    visit = _opened(page, web, path)
    visit.watch.assert_nothing_happened()
    assert (visit.at, visit.moved, visit.violations) == (web + path, "", [])

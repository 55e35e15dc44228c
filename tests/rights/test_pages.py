"""Who sees and does what on the pages of the console: (verb, url name, query or form)."""

from urllib.parse import parse_qsl

import pytest
from django.urls import URLPattern, reverse

from apps.console.urls import urlpatterns as console_urls
from apps.reports.urls import urlpatterns as reports_urls
from tests.rights.world import World, cell, state, undone, walked

# What a database does differently is asked elsewhere: rights are asked of one.
pytestmark = [pytest.mark.django_db, pytest.mark.only_on("sqlite")]


#                                            admin irene otto nora alice charlie auditor robot blind nobody eve
PAGES = {
    ("get", "sessions", "?view=all"):          "y y n n y n y y y r n",
    ("get", "sessions", "?view=all&status=any"):"y y n n y n y y y r n",
    ("get", "sessions", "?queue={queue}"):     "y y n n y n y y y r n",
    ("get", "session", "?view=all"):           "y y n n y n y y y r n",
    ("get", "draft", "?view=all"):             "y y n n y n y y y r n",
    ("get", "words", ""):                      "+ + + + + + + + + + +",
    ("get", "mail-link", ""):                  "+ + 4 4 + 4 + + + r 4",
    ("get", "mail-frame", ""):                 "+ + 4 4 + 4 + + + r 4",
    ("get", "mail-picture", ""):               "+ + 4 4 + 4 + + + r 4",
    ("get", "file", ""):                       "+ + 4 4 + 4 + + + r 4",
    ("get", "ticket", ""):                     "+ + 4 4 + 4 + + + r 4",
    ("get", "tickets", ""):                    "y y n n y n y y y r n",
    ("post", "ticket-close", ""):              "+ + 4 4 + 4 - - - r 4",
    ("post", "ticket-reopen", ""):             "- - 4 4 - 4 - - - r 4",
    ("post", "ticket-note", "text=Hello&token=a-token-of-20-chars"):"+ + 4 4 + 4 3 3 3 r 4",
    ("get", "board", ""):                      "y y n n 4 4 y 4 4 r 4",
    ("post", "board-state", "state=Break&reason=Drill"):"+ + 4 4 4 4 4 4 4 r 4",
}  # fmt: skip


_ARGUMENT = {
    "sessions": None,
    "words": None,
    "board": None,
    "file": "file",
    "tickets": None,
    "ticket": "ticket",
    "ticket-close": "ticket",
    "ticket-reopen": "ticket",
    "ticket-note": "ticket",
    "mail-link": "message",
    "mail-frame": "message",
    "mail-picture": "message",
    "board-state": "agent",
}
_BROUGHT_ALONG = '"id": "{session}"'  # in the list that the page brings along
_MARKS = {
    "sessions": _BROUGHT_ALONG,
    "session": _BROUGHT_ALONG,
    "draft": _BROUGHT_ALONG,
    "board": 'id="agent-{agent}"',
    "tickets": 'href="/tickets/{ticket}/"',
}


@pytest.mark.parametrize("row", PAGES, ids=lambda row: " ".join(row))
def test_pages(world: World, row: tuple[str, str, str]) -> None:
    verb, name, more = row
    word = _ARGUMENT.get(name, "session")
    more_words = [world.words["first"]] if name == "mail-picture" else []
    address = reverse(name, args=[world.words[word], *more_words] if word else [])
    answers = {}
    before = state()
    for person, browser in world.browsers.items():
        with undone():
            if verb == "get":
                answer = browser.get(address + more.format(**world.words))
                answers[person] = cell(answer, _MARKS.get(name, "").format(**world.words))
            else:
                answers[person] = cell(browser.post(address, dict(parse_qsl(more))), before=before)
    walked(answers, PAGES[row])


# Signing in and one's own account: for everybody alike, tested beside them.
PERSONAL = {"login", "logout"}


def test_every_page_of_the_console_is_in_the_table() -> None:
    pages = [*console_urls, *reports_urls]
    names = {pattern.name for pattern in pages if isinstance(pattern, URLPattern)}
    assert names - PERSONAL - {None} == {name for _verb, name, _more in PAGES}

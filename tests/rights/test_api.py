"""Who gets what by the API: (method, route, query)."""

import pytest
from django.test import Client
from django.urls import URLResolver, reverse

from config.api import urlpatterns as api_urls
from tests.rights.world import PEOPLE, World, cell, undone, walked

# What a database does differently is asked elsewhere: rights are asked of one.
pytestmark = [pytest.mark.django_db, pytest.mark.only_on("sqlite")]


#                                            admin irene otto nora alice charlie auditor robot blind nobody eve
API = {
    ("get", "session-list", ""):               "y y n n y n y y 3 1 n",
    ("get", "session-list", "?queue=Support"): "y y n n y n y y 3 1 n",
    ("get", "session-list", "?agent=none"):    "y y n n y n y y 3 1 n",
    ("get", "session-detail", ""):             "y y 4 4 y 4 y y 3 1 4",
    ("delete", "session-detail", "?confirm={session}"): "+ 3 4 4 3 4 3 3 3 1 4",
    ("post", "session-list", ""):              "b b b b b b 3 b 3 1 b",
    ("post", "session-take", ""):              "3 3 4 4 + 4 3 3 3 1 4",
    ("post", "session-open", ""):              "3 3 4 4 c 4 3 3 3 1 4",
    ("post", "session-assign", ""):            "b b 4 4 3 4 3 3 3 1 4",
    ("post", "session-transfer", ""):          "b b 4 4 b 4 3 b 3 1 4",
    ("post", "session-status", ""):            "b b 4 4 b 4 3 b 3 1 4",
    ("post", "session-customer", ""):          "b b 4 4 b 4 3 b 3 1 4",
    ("post", "session-reply", ""):             "b b 4 4 b 4 3 b 3 1 4",
    ("post", "session-merge", ""):             "b b 4 4 b 4 3 b 3 1 4",
    ("post", "session-keep-apart", ""):        "+ + 4 4 + 4 3 c 3 1 4",
    ("get", "message-list", ""):               "y y n n y n y y 3 1 n",
    ("get", "message-list", "?session={session}"): "y y n n y n y y 3 1 n",
    ("get", "message-detail", ""):             "y y 4 4 y 4 y y 3 1 4",
    ("get", "message-raw", ""):                "+ 4 4 4 4 4 + 4 3 1 4",
    ("post", "message-move", ""):              "b b 4 4 b 4 3 b 3 1 4",
    ("post", "message-resolve", ""):           "b b 4 4 b 4 3 b 3 1 4",
    ("get", "regrouping-detail", ""):          "y y 4 4 y 4 y y 3 1 4",
    ("post", "regrouping-undo", ""):           "c c 4 4 c 4 3 c 3 1 4",
    ("get", "attachment-content", ""):         "+ + 4 4 + 4 + + 3 1 4",
    ("get", "attachment-preview", "?longest=320"): "+ + 4 4 + 4 + + 3 1 4",
    ("post", "attachment-link", ""):           "+ + 4 4 + 4 3 + 3 1 4",
    ("post", "attachment-release", ""):        "c c 4 4 3 4 3 3 3 1 4",
    ("get", "ticket-detail", ""):              "+ + 4 4 + 4 + + 3 1 4",
    ("get", "ticket-file", ""):                "+ + 4 4 + 4 + + 3 1 4",
    ("get", "queue-list", ""):                 "y y n n y n y y 3 1 n",
    ("get", "queue-detail", ""):               "y y 4 4 y 4 y y 3 1 4",
    ("get", "agent-list", ""):                 "y y n n y y y y 3 1 n",
    ("get", "agent-detail", ""):               "y y 4 4 y y y y 3 1 4",
    ("get", "account-list", ""):               "y y y y 3 3 y y 3 1 3",
    ("get", "account-detail", ""):             "y y y y 3 3 y y 3 1 3",
    ("get", "alarm-list", ""):                 "y 3 3 3 3 3 y y 3 1 3",
    ("get", "ledger-list", ""):                "y 3 3 3 3 3 y y 3 1 3",
    ("get", "ledger-detail", ""):              "y 3 3 3 3 3 y y 3 1 3",
    ("get", "quarantine-list", ""):            "y 3 3 3 3 3 y 3 3 1 3",
    ("get", "quarantine-detail", ""):          "y 3 3 3 3 3 y 3 3 1 3",
    ("get", "quarantine-raw", ""):             "+ 3 3 3 3 3 + 3 3 1 3",
    ("get", "quarantine-preview", ""):         "+ 3 3 3 3 3 + 3 3 1 3",
    ("post", "quarantine-release", ""):        "+ 3 3 3 3 3 3 3 3 1 3",
    ("post", "quarantine-delete", ""):         "+ 3 3 3 3 3 3 3 3 1 3",
    ("post", "quarantine-tell", ""):           "+ 3 3 3 3 3 3 3 3 1 3",
    ("post", "quarantine-release-many", ""):   "b 3 3 3 3 3 3 3 3 1 3",
    ("post", "quarantine-delete-many", ""):    "b 3 3 3 3 3 3 3 3 1 3",
    ("post", "quarantine-tell-many", ""):      "b 3 3 3 3 3 3 3 3 1 3",
    ("get", "suppressed-list", ""):            "y y y y 3 3 y y 3 1 3",
    ("get", "suppressed-detail", ""):          "y y y y 3 3 y y 3 1 3",
    ("post", "suppressed-list", ""):           "b 3 3 3 3 3 3 b 3 1 3",
    ("delete", "suppressed-detail", ""):       "+ 3 3 3 3 3 3 + 3 1 3",
    ("get", "pipeline", ""):                   "+ + + + 3 3 + + 3 1 3",
    ("post", "inbound", ""):                   "b 3 3 3 3 3 3 b 3 1 3",
    ("get", "agent-time-in-state", ""):        "+ + 4 4 + 4 + + 3 1 4",
    ("get", "time-in-state-list", ""):         "y y n n y n y y 3 1 n",
    ("get", "time-in-state-csv", ""):          "+ + + + + + + + 3 1 +",
    ("get", "agent-list", "?accepts=email"):   "y y n n y y y y 3 1 n",
    ("get", "agent-state", ""):                "+ + 4 4 + 4 + + 3 1 4",
    ("post", "agent-state", ""):               "b b 4 4 b 4 3 3 3 1 4",
    ("post", "presence", ""):                  "4 4 4 4 + 4 3 3 3 1 4",
    ("post", "agent-events", ""):              "b 3 3 3 3 3 3 b b 1 3",
}  # fmt: skip
OPEN_TO_ALL = {"schema"}


def _api_address(world: World, name: str) -> str:
    kind = name.partition("-")[0]
    word = {"attachment": "file", "presence": "agent"}.get(kind, kind)
    if name.endswith(("-list", "-csv", "-many")) or name in ("pipeline", "agent-events"):
        return reverse(f"api:{name}")
    if name == "inbound":
        return reverse("api:inbound", args=["support@carteria.test"])
    if name == "ticket-file":
        return reverse(f"api:{name}", args=[world.words["ticket"], world.words["ticket_file"]])
    return reverse(f"api:{name}", args=[world.words[word]])


@pytest.mark.parametrize("row", API, ids=lambda row: " ".join(row))
def test_api(world: World, row: tuple[str, str, str]) -> None:
    method, name, query = row
    address = _api_address(world, name) + query.format(**world.words)
    shows = method == "get" and name.endswith(("-list", "-detail")) and name != "ticket-detail"
    mark = world.marks[name.partition("-")[0]] if shows else ""
    answers = {}
    for person in PEOPLE:
        with undone():
            client = Client(raise_request_exception=False)
            call = getattr(client, method)
            kind = {} if method == "get" else {"content_type": "application/json", "data": {}}
            answers[person] = cell(call(address, headers=world.headers[person], **kind), mark)
    walked(answers, API[row])


def test_every_route_of_the_api_is_in_the_table() -> None:
    routes = set()
    for pattern in api_urls:
        assert not isinstance(pattern, URLResolver)
        if pattern.name:
            actions = getattr(pattern.callback, "actions", {"get": ""})
            routes |= {(method, pattern.name) for method in actions if method != "head"}
    assert {one for one in routes if one[1] not in OPEN_TO_ALL} == {row[:2] for row in API}

"""A sample of both corpora by POST, and then what a reader, an outsider and an auditor can get."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from apps.attachments import screen
from apps.attachments.models import Attachment, Verdict
from apps.channels.models import InboundEmail
from apps.core import blobs
from apps.tickets.inbound import take_in
from apps.tickets.models import Message
from tests.calls import Caller
from tests.hostile.cases import Case
from tests.hostile.judge import html_faults
from tests.hostile.mails import HONEST, HOSTILE
from tests.hostile.promises import MACHINES
from tests.people import House, make_house
from tests.servers.clamd import Clamd

# PostgreSQL gets its own two thousand broken mails (tests/tickets/test_inbound_mutants.py).
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.servers("clamd"),
    pytest.mark.only_on("sqlite"),
]

EACH = 4  # mails of each class
MOST_FILES = 3  # of one mail that are asked for: drawing a preview takes its time
EMPTY = ("odd: nothing", "odd: blank")  # the door does not take them
MAIL = "message/rfc822"
_SHOWN = re.compile(
    r'<div class="mail" dir="auto">(.*)</div>\s*(?:<p class="note" lang="en">This mail is very long; '
    r'this is its beginning. <a href="[?a-z=&;1]+">Show all of it</a></p>\s*)?</body>',
    re.DOTALL,
)
_POLICY = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox "


def classes(cases: Sequence[Case]) -> list[str]:
    return list(dict.fromkeys(case.attack for case in cases))


def sample(cases: Sequence[Case], attack: str) -> list[Case]:
    """From the whole class, not from its start."""
    family = [case for case in cases if case.attack == attack and case.name not in EMPTY]
    return family[:: max(1, len(family) // EACH)][:EACH]


@dataclass(frozen=True)
class Desk:
    house: House

    def give(self, raw: bytes) -> InboundEmail:
        """By POST as another system would, then each worker does its part."""
        path = f"inbound/{self.house.mailbox.address}/"
        answer = Caller(self.house.robot).send(path, raw, content_type=MAIL)
        assert answer.status_code in (200, 202), answer.content
        take_in()
        screen.screen(screen.due(10_000))
        return InboundEmail.objects.get(pk=answer.json()["inbound"])

    def message(self, inbound: InboundEmail) -> Any:
        found = Caller(self.house.alice.user).get("messages/", inbound=str(inbound.pk))
        return found.json()["results"][0]

    def page(self, message: Any, **how: str) -> Any:
        reader = Client()
        reader.force_login(self.house.alice.user)
        return reader.get(message["html_url"], how)


@pytest.fixture
def desk(clamd: Clamd) -> Desk:
    return Desk(make_house())


# ---- what every mail must keep to -----------------------------------------------------------


def settled(desk: Desk, case: Case, inbound: InboundEmail) -> None:
    """Stored and to be read, or held with a reason and its source: one of them."""
    stored = Message.objects.filter(inbound=inbound).count()
    if inbound.status == InboundEmail.Status.QUARANTINED:
        assert not stored and inbound.code and inbound.reason, case.name
        held = Caller(desk.house.admin).get(f"quarantine/{inbound.pk}/raw/")
        assert held.status_code == 200, case.name
    else:
        assert stored == 1, f"{case.name}: {inbound.status}"
        can_be_read(desk, case, inbound)


def can_be_read(desk: Desk, case: Case, inbound: InboundEmail) -> None:
    message = desk.message(inbound)
    pages = [desk.page(message)]
    if b"whole=1" in pages[0].content:
        pages.append(desk.page(message, whole="1"))
    for page in pages:
        assert page.status_code == 200, case.name
        assert page["Content-Security-Policy"].startswith(_POLICY), case.name
        shown = _SHOWN.search(page.content.decode())
        assert shown, case.name
        html = shown[1].replace('<pre class="plain">', "<pre>")
        assert not html_faults(html, pictures="/"), case.name
    assert case.words in html or case.words in message["text"], case.name
    assert outsiders_get_nothing(desk, message), case.name


def outsiders_get_nothing(desk: Desk, message: Any) -> bool:
    outsider = Caller(desk.house.charlie.user)
    paths = [f"messages/{message['id']}/", f"messages/{message['id']}/raw/"]
    for file in message["attachments"]:
        paths += [f"attachments/{file['id']}/{what}/" for what in ("content", "preview")]
    return {outsider.get(path).status_code for path in paths} == {404}


def no_file_leaves_unjudged(desk: Desk, case: Case, inbound: InboundEmail) -> None:
    if inbound.status == InboundEmail.Status.QUARANTINED:
        return
    files = desk.message(inbound)["attachments"]
    verdicts = [file["verdict"] for file in files]
    assert Verdict.WAITING not in verdicts, case.name
    for file in files[:MOST_FILES]:
        leaves_as_its_verdict_says(desk, case, file)
    if case.fate in ("refused", "kept out", "infected", "withheld"):
        assert verdicts.count(Verdict.CLEAN) <= case.innocent, case.name


def leaves_as_its_verdict_says(desk: Desk, case: Case, file: Any) -> None:
    alice = Caller(desk.house.alice.user)
    content = alice.get(f"attachments/{file['id']}/content/")
    preview = alice.get(f"attachments/{file['id']}/preview/")
    inline = alice.get(f"attachments/{file['id']}/content/", inline="1")
    if file["verdict"] != Verdict.CLEAN:
        assert file["content_url"] is None and file["reason"], case.name
        answers = {one.status_code for one in (content, preview, inline)}
        assert answers == {403}, f"{case.name}: {answers}"
        return
    assert content.status_code == 200, case.name
    assert_only_saved(content)
    assert preview.status_code in (200, 422), case.name
    original = blobs.read(Attachment.objects.get(pk=file["id"]).blob)
    if preview.status_code == 200:
        assert preview["Content-Type"].startswith("image/"), case.name
        assert preview.content != original, case.name


def assert_only_saved(answer: Any) -> None:
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert "\n" not in answer["Content-Disposition"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"


def the_source_keeps_stopped_files(desk: Desk, case: Case, inbound: InboundEmail) -> None:
    """1.5 f: what was stopped is not in the source that an auditor reads."""
    if inbound.status == InboundEmail.Status.QUARANTINED:
        return
    message = desk.message(inbound)
    answer = Caller(desk.house.auditor).get(f"messages/{message['id']}/raw/")
    assert answer.status_code == 200, case.name
    source = b"".join(answer.content.split())
    for file in message["attachments"]:
        content = blobs.read(Attachment.objects.get(pk=file["id"]).blob)
        if file["verdict"] != Verdict.CLEAN and len(content) > 60:
            assert content not in answer.content, case.name
            assert base64.b64encode(content)[:200] not in source, case.name


# ---- the sample -----------------------------------------------------------------------------


@pytest.mark.contract("1.5.a", "1.5.c", "1.5.e", "1.5.f")
@pytest.mark.parametrize("attack", classes(HOSTILE))
def test_what_a_hostile_mail_lets_out(attack: str, desk: Desk) -> None:
    for case in sample(HOSTILE, attack):
        inbound = desk.give(case.build())
        for check in (settled, no_file_leaves_unjudged, the_source_keeps_stopped_files):
            check(desk, case, inbound)


@pytest.mark.contract("1.5.b")
@pytest.mark.parametrize("kind", classes(HONEST))
def test_an_honest_mail_brings_its_files(kind: str, desk: Desk) -> None:
    for case in sample(HONEST, kind):
        inbound = desk.give(case.build())
        settled(desk, case, inbound)
        no_file_leaves_unjudged(desk, case, inbound)
        files = desk.message(inbound)["attachments"]
        assert {file["verdict"] for file in files} <= {Verdict.CLEAN}, case.name


def test_mail_of_machines_is_known_as_such(desk: Desk) -> None:
    """So that nothing automatic answers it: also lists, bulk mail and the null path."""
    people = {"said to be no"}
    for case in HOSTILE:
        name = case.name.removeprefix("machine: ")
        if name in MACHINES and name != case.name:
            message = Message.objects.get(inbound=desk.give(case.build()))
            assert message.automatic == (name not in people), case.name

"""Canned replies and signatures: words at hand, filled in, cleaned, refused with a reason."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.console.models import CannedReply, Signature
from apps.console.writing.signatures import opening_of
from apps.core.models import Role, SettingsChange
from apps.crm.models import TicketLink
from apps.tickets import placeholders
from apps.tickets.models import Session
from tests.calls import problem
from tests.console.asking import queries
from tests.console.conftest import SignIn
from tests.people import House, crm_connection, make_session, make_user

ADD = "/admin/console/cannedreply/add/"
ALL = "".join(f"[{{{{{name}}}}}]" for name in placeholders.NAMES)


@pytest.fixture
def session(house: House) -> Session:
    return make_session(
        house.support, agent=house.alice, mailbox=house.mailbox, customer_name="Ruiz, Ana & Co"
    )


@pytest.fixture
def alice(house: House, as_user: SignIn) -> Client:
    return as_user(house.alice.user)


@pytest.fixture
def root(house: House, as_user: SignIn) -> Client:
    return as_user(house.admin)


def reply(html: str, **fields: Any) -> CannedReply:
    fields.setdefault("name", "Late")
    return CannedReply.objects.create(html=html, **fields)


def offered(client: Client, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/desk/canned/", query).json()
    return found


# ---- filled in --------------------------------------------------------------------------------


def test_every_place_is_filled_for_the_conversation(
    house: House, alice: Client, session: Session
) -> None:
    TicketLink.objects.create(
        thread_key=session.thread.key, connection=crm_connection(), ticket="7"
    )
    reply(f"<p>{ALL}</p>")
    [told] = offered(alice, session=session.public_id)
    assert told["missing"] == []
    assert told["text"].strip() == (
        "[Ruiz, Ana & Co][Ana][customer@outside.test][Alice][Support]"
        f"[{session.public_id}][Where is my parcel?][7][http://console.test/tickets/7/]"
    )


def test_what_is_not_known_stays_visible_and_is_named(house: House, alice: Client) -> None:
    session = make_session(house.support, agent=house.alice)
    reply("<p>Dear {{ customer.first_name }}, ticket {{ticket.id}}. {{agent.name}}</p>")
    [told] = offered(alice, session=session.public_id)
    assert told["html"] == "<p>Dear {{ customer.first_name }}, ticket {{ticket.id}}. Alice</p>"
    assert told["missing"] == ["customer.first_name", "ticket.id"]


def test_values_are_escaped_and_bring_no_places_of_their_own(house: House, alice: Client) -> None:
    evil = '<img src=x onerror="x()">{{{agent.name}}{{agent.name}}'
    session = make_session(house.support, agent=house.alice, customer_name=evil)
    reply("<p>{{customer.name}}</p>")
    [told] = offered(alice, session=session.public_id)
    assert "<img" not in told["html"]
    assert placeholders.named_in(told["html"]) == []
    assert told["missing"] == []


# ---- found ------------------------------------------------------------------------------------


def test_those_of_the_queue_come_first_and_others_are_not_offered(
    house: House, alice: Client, session: Session
) -> None:
    reply("<p>a</p>", name="A for all")
    reply("<p>b</p>", name="B of support", queue=house.support)
    reply("<p>c</p>", name="C of others", queue=house.other)
    reply("<p>d</p>", name="D is off", enabled=False)
    names = [one["name"] for one in offered(alice, session=session.public_id)]
    assert names == ["B of support", "A for all"]
    assert [one["name"] for one in offered(alice, q="FOR all")] == ["A for all"]
    assert offered(alice, q="others") == []


def test_others_sessions_are_not_there(as_user: SignIn, house: House, session: Session) -> None:
    charlie = as_user(house.charlie.user)
    answer = charlie.get("/desk/canned/", {"session": session.public_id})
    assert problem(answer)[0] == 404


def test_the_question_costs_the_same_however_many_there_are(
    house: House, alice: Client, session: Session
) -> None:
    def asked() -> int:
        return queries(lambda: offered(alice, session=session.public_id))

    reply("<p>a</p>", queue=house.support)
    asked()
    few = asked()
    for number in range(20):
        reply("<p>b</p>", name=f"{number}", queue=house.support)
    assert asked() == few


# ---- in the admin -----------------------------------------------------------------------------


def saved(client: Client, html: str) -> Any:
    told = {"name": "Late", "language": "en", "enabled": "on", "html": html}
    return client.post(ADD, told)


def test_an_unknown_place_is_refused_by_name(root: Client) -> None:
    answer = saved(root, "Dear {{customer.nmae}}, {{agent.name}}")
    [sentence] = answer.context["adminform"].form.errors["html"]
    assert sentence.startswith("There is no {{customer.nmae}}. Use one of these: {{customer.name}}")
    assert not CannedReply.objects.exists()


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (
            "Dear {{customer.name}},\r\n\r\nSorry.\r\nBye",
            "<p>Dear {{customer.name}},</p><p>Sorry.<br>Bye</p>",
        ),
        ("1 < 2 & 3", "<p>1 &lt; 2 &amp; 3</p>"),
        ("<p onclick='x()'>Hi</p><script>x()</script>", "<p>Hi</p>"),
    ],
)
def test_words_are_stored_clean(root: Client, typed: str, stored: str) -> None:
    assert saved(root, typed).status_code == 302
    assert CannedReply.objects.get().html == stored


def test_changes_of_words_have_a_history(root: Client) -> None:
    saved(root, "Hi")
    assert SettingsChange.objects.filter(kind="console.cannedreply").exists()


def test_agents_do_not_come_in(alice: Client) -> None:
    assert alice.get(ADD).status_code in (302, 403)


# ---- signatures -------------------------------------------------------------------------------


def test_people_write_their_own(house: House, alice: Client) -> None:
    put: Callable[[str], Any] = lambda html: alice.put(  # noqa: E731
        "/desk/signature/", {"html": html}, content_type="application/json"
    )
    assert alice.get("/desk/signature/").json() == {"html": ""}
    assert put("<b>Alice</b><script>x()</script>").json() == {"html": "<b>Alice</b>"}
    assert put("Alice\nSupport").json() == {"html": "<p>Alice<br>Support</p>"}
    assert Signature.objects.get().user == house.alice.user
    assert put("<p> </p>").json() == {"html": ""}
    assert not Signature.objects.exists()
    assert problem(put("x" * 20_001)) == (400, "too-long")


def test_a_mail_begins_with_the_persons_and_the_queues(house: House) -> None:
    user = house.alice.user
    assert opening_of(user, house.support) == ""
    Signature.objects.create(queue=house.support, html="<p>Support</p>")
    Signature.objects.create(queue=house.other, html="<p>Other</p>")
    Signature.objects.create(user=user, html="<p>Alice</p>")
    assert opening_of(user, house.support) == (
        "<p><br></p><div><p>Alice</p></div><div><p>Support</p></div>"
    )
    assert opening_of(user, None) == "<p><br></p><div><p>Alice</p></div>"


@pytest.mark.parametrize("both", [True, False])
def test_a_signature_is_of_a_queue_or_a_person(house: House, root: Client, both: bool) -> None:
    chosen = {"queue": house.support.pk, "user": house.admin.pk} if both else {}
    answer = root.post("/admin/console/signature/add/", {"html": "Hi", **chosen})
    assert answer.context["adminform"].form.errors["queue"] == [
        "Choose a queue or a person, one of the two."
    ]


def test_the_queues_own_is_written_in_the_admin(house: House, root: Client) -> None:
    told = {"html": "The support team", "queue": house.support.pk}
    assert root.post("/admin/console/signature/add/", told).status_code == 302
    assert Signature.objects.get().html == "<p>The support team</p>"


def test_auditors_look_at_both(db: None, as_user: SignIn) -> None:
    auditor = as_user(make_user("looker", roles=[Role.AUDITOR]))
    for page in ("cannedreply", "signature"):
        assert auditor.get(f"/admin/console/{page}/").status_code == 200

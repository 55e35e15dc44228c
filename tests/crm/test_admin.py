"""Settings > Email > CRM in the admin: the settings, connections and the outbox."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.cache import cache
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core.models import Role, SettingsChange
from apps.core.secrets import seal, unseal
from apps.crm import registry
from apps.crm.connectors.base import CrmError, Sentence
from apps.crm.models import CrmConnection, CrmSettings, TicketLink, TicketUpdate
from apps.crm.updates import Planned, plan
from tests.people import make_house, make_message, make_session, make_user

pytestmark = pytest.mark.django_db

CONNECTIONS = "/admin/crm/crmconnection/"
OUTBOX = "/admin/crm/ticketupdate/"
FACTS = {"SESSION_ID": "E0000000000A1", "QUEUE": "Support", "CUSTOMER_NAME": "<i>Ana</i>"}
TYPED = {
    "url": "https://rt.example.com",
    "user": "",
    "new_token": "1-14-abc",
    "queue": "General",
    "sender_addresses": "rt@example.com",
    "fields_of_ticket": "Team = {QUEUE}",
    "deleted_ticket": "stop",
    "merged_ticket": "follow",
}


def client_of(name: str, role: str) -> Client:
    client = Client()
    client.force_login(make_user(name, roles=[role]))
    return client


@pytest.fixture
def admin() -> Client:
    CrmSettings.load()
    return client_of("root", Role.ADMINISTRATOR)


@pytest.fixture
def rt() -> CrmConnection:
    values = {"kind": "rt", "url": "https://rt.example.com", "token": seal("old")}
    return CrmConnection.objects.create(**values)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Sets what the CRM says to *Test connection*: a sentence, or an error."""

    def says(said: Any) -> None:
        class Asked:
            def check(self) -> Sentence:
                if isinstance(said, Exception):
                    raise said
                assert not database.in_atomic_block or len(database.savepoint_ids) < 2
                return said

        monkeypatch.setattr(registry, "connector_of", lambda _connection: Asked())

    return says


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def said(client: Client, address: str, form: dict[str, Any]) -> str:
    """The page after it, with what was done."""
    return client.post(address, form, follow=True).content.decode()


def change(row: CrmConnection) -> str:
    return f"{CONNECTIONS}{row.pk}/change/"


# ---- the settings -----------------------------------------------------------------------------


def test_the_language_of_comments_is_a_setting(admin: Client) -> None:
    assert admin.get("/admin/crm/crmsettings/", follow=True).status_code == 200
    admin.post("/admin/crm/crmsettings/1/change/", {"language": "es", "thread_pdf": "off"})
    assert (CrmSettings.load().language, CrmSettings.load().thread_pdf) == ("es", "off")


def test_the_settings_show_the_present_one_and_lead_to_the_others(admin: Client) -> None:
    shown = page(admin, "/admin/crm/crmsettings/1/change/")
    assert "built-in tickets" in shown
    assert CONNECTIONS in shown
    assert 'name="connection"' not in shown


# ---- the list of connections ------------------------------------------------------------------


def test_each_connection_tells_how_it_does(admin: Client, rt: CrmConnection) -> None:
    soon = timezone.now() + timedelta(minutes=5)
    CrmConnection.objects.filter(pk=rt.pk).update(
        paused_until=soon, failures=5, error="It did not answer.", error_code="unreachable"
    )
    TicketLink.objects.create(thread_key="T1", connection=rt, ticket="1")
    plan([Planned("T1", "link", "1", "Parcel", "text")])
    shown = page(admin, CONNECTIONS)
    assert "rests until" in shown
    assert "It did not answer." in shown
    assert "1 since" in shown
    assert "present: new tickets are opened here" in shown
    assert "keeps what it has" in shown


def test_a_refused_user_stands_out(admin: Client, rt: CrmConnection) -> None:
    soon = timezone.now() + timedelta(minutes=5)
    CrmConnection.objects.update(paused_until=soon, error_code="auth")
    assert "user refused" in page(admin, CONNECTIONS)


def test_the_list_costs_the_same_for_many(admin: Client, rt: CrmConnection) -> None:
    def cost() -> int:
        cache.clear()
        with CaptureQueriesContext(database) as asked:
            page(admin, CONNECTIONS)
        return len(asked)

    cost()
    before = cost()
    for n in range(10):
        more = CrmConnection.objects.create(kind="rt", url=f"https://rt{n}.example.com")
        TicketLink.objects.create(thread_key=f"T{n}", connection=more, ticket="1")
        plan([Planned(f"T{n}", "link", "1", "Parcel", "text")])
    assert cost() == before


# ---- adding and changing ----------------------------------------------------------------------


def test_first_the_kind_is_chosen(admin: Client) -> None:
    shown = page(admin, f"{CONNECTIONS}add/")
    assert "?kind=rt" in shown
    assert "?kind=zendesk" in shown
    assert "not verified live" in shown
    assert "?kind=builtin" not in shown  # there is one


def test_what_nobody_speaks_to_is_not_offered(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "kinds", lambda: ["builtin", "rt"])
    assert "?kind=zendesk" not in page(admin, f"{CONNECTIONS}add/")
    assert "Which CRM?" in page(admin, f"{CONNECTIONS}add/?kind=zendesk")


@pytest.mark.parametrize("kind", ["rt", "zendesk", "webhook"])
def test_the_form_says_what_to_enter_and_what_to_switch_off(admin: Client, kind: str) -> None:
    shown = page(admin, f"{CONNECTIONS}add/?kind={kind}")
    assert {"rt": "Auth Tokens", "zendesk": "API token", "webhook": "signs"}[kind] in shown
    assert {"rt": "scrip", "zendesk": "Triggers", "webhook": "program"}[kind] in shown
    assert "{CUSTOMER_EMAIL}" in shown


def test_a_connection_is_added(admin: Client) -> None:
    admin.post(f"{CONNECTIONS}add/?kind=rt", TYPED)
    made = CrmConnection.objects.get(kind="rt")
    assert (made.url, made.queue, made.fields) == (TYPED["url"], "General", {"Team": "{QUEUE}"})
    assert unseal(made.token) == "1-14-abc"
    assert CrmSettings.load().connection != made


def test_the_token_is_never_shown_and_never_in_the_history(
    admin: Client, rt: CrmConnection
) -> None:
    shown = page(admin, change(rt))
    assert "Stored, and never shown" in shown
    assert rt.token not in shown
    admin.post(change(rt), TYPED)
    told = SettingsChange.objects.filter(kind="crm.crmconnection").first()
    assert told is not None
    assert {"field": "token", "secret": "replaced"} in told.changes
    assert "1-14-abc" not in str(told.changes)


def test_saving_leaves_the_rest_of_the_breaker_alone(admin: Client, rt: CrmConnection) -> None:
    CrmConnection.objects.filter(pk=rt.pk).update(failures=3, error="Down.")
    admin.post(change(rt), TYPED)
    rt.refresh_from_db()
    assert (rt.failures, rt.error) == (3, "Down.")


def test_a_connection_with_tickets_moves_nowhere(admin: Client, rt: CrmConnection) -> None:
    TicketLink.objects.create(thread_key="T1", connection=rt, ticket="1")
    shown = said(admin, change(rt), TYPED | {"url": "https://other.example"})
    assert "1 conversation has its ticket at https://rt.example.com" in shown
    rt.refresh_from_db()
    assert rt.url == "https://rt.example.com"


def test_nor_is_it_deleted(admin: Client, rt: CrmConnection) -> None:
    TicketLink.objects.create(thread_key="T1", connection=rt, ticket="1")
    assert "cannot be deleted: 1 conversation" in page(admin, change(rt))
    assert admin.post(f"{CONNECTIONS}{rt.pk}/delete/", {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [rt.pk], "post": "yes"}
    admin.post(CONNECTIONS, chosen)
    assert CrmConnection.objects.filter(pk=rt.pk).exists()


def test_an_unused_one_is_deleted(admin: Client, rt: CrmConnection) -> None:
    admin.post(f"{CONNECTIONS}{rt.pk}/delete/", {"post": "yes"})
    assert not CrmConnection.objects.filter(pk=rt.pk).exists()


# ---- Test connection --------------------------------------------------------------------------


def test_a_good_answer_is_told_and_ends_the_rest(
    admin: Client, rt: CrmConnection, answers: Callable[[Any], None]
) -> None:
    soon = timezone.now() + timedelta(minutes=5)
    CrmConnection.objects.update(paused_until=soon, failures=9, error="Down.")
    answers(Sentence("Signed in to RT %(v)s as carteria.", {"v": "5.0.3"}))
    shown = said(admin, change(rt), TYPED | {"_test": "1"})
    assert "Signed in to RT 5.0.3 as carteria" in shown
    rt.refresh_from_db()
    assert (rt.paused_until, rt.failures, rt.error) == (None, 0, "")


REFUSALS = {
    "expired token": CrmError(
        "%(host)s does not accept the user or the token: enter a new one.", {"host": "rt.x"},
        code="auth",
    ),
    "missing right": CrmError("Our user lacks the right %(right)s.", {"right": "CreateTicket"}),
    "a bug of ours": ValueError("secret"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_is_told_in_plain_words(
    admin: Client, rt: CrmConnection, answers: Callable[[Any], None], case: str
) -> None:
    answers(REFUSALS[case])
    shown = said(admin, change(rt), TYPED | {"_test": "1"})
    words = {
        "expired token": "rt.x does not accept the user or the token: enter a new one.",
        "missing right": "Our user lacks the right CreateTicket.",
        "a bug of ours": "The connector failed: ValueError.",
    }
    assert words[case] in shown
    assert "secret" not in shown.replace("secret that signs", "")


def test_what_is_not_saved_is_not_tested(
    admin: Client, rt: CrmConnection, answers: Callable[[Any], None]
) -> None:
    answers(AssertionError("asked"))
    shown = said(admin, change(rt), TYPED | {"_test": "1", "url": "http://10.0.0.1"})
    assert "CARTERIA_PRIVATE_HOSTS" in shown
    assert "The connector failed" not in shown


# ---- the present one --------------------------------------------------------------------------


def test_making_it_the_present_one_says_what_happens_and_asks(
    admin: Client, rt: CrmConnection
) -> None:
    first = CrmSettings.load().connection
    TicketLink.objects.bulk_create(
        TicketLink(thread_key=f"T{n}", connection=first, ticket=str(n)) for n in range(1204)
    )
    address = f"{CONNECTIONS}{rt.pk}/present/"
    shown = page(admin, address)
    assert "New conversations get their ticket in Request Tracker, rt.example.com." in shown
    assert "1,204 conversations stay with built-in tickets." in shown
    assert CrmSettings.load().connection == first
    admin.post(address)
    assert CrmSettings.load().connection == rt
    assert SettingsChange.objects.filter(kind="crm.crmsettings").exists()


def test_who_only_looks_switches_nothing(admin: Client, rt: CrmConnection) -> None:
    auditor = client_of("audit", Role.AUDITOR)
    assert auditor.post(f"{CONNECTIONS}{rt.pk}/present/").status_code == 403
    assert 'name="_test"' not in page(auditor, change(rt))
    assert client_of("irene", Role.SUPERVISOR).get(CONNECTIONS).status_code == 403
    assert CrmSettings.load().connection != rt


# ---- previews ---------------------------------------------------------------------------------


def preview(client: Client, lines: str, session: str = "") -> str:
    form = {"fields_of_ticket": lines, "session": session}
    return client.post(f"{CONNECTIONS}fields/", form).content.decode()


def test_fields_are_shown_for_a_real_session(admin: Client) -> None:
    plan([Planned("T1", "standard", "first", "Parcel", "text", facts=FACTS)])
    plan([Planned("T2", "standard", "first", "Other", "text", facts={"SESSION_ID": "E2"})])
    shown = preview(admin, "Team = {QUEUE}\nWho = {CUSTOMER_NAME}", "E0000000000A1")
    assert "Support" in shown
    assert "&lt;i&gt;Ana&lt;/i&gt;" in shown
    assert "E2" in preview(admin, "A = {SESSION_ID}")


def test_a_bad_line_is_told_while_it_is_typed(admin: Client) -> None:
    assert "Line 2: {X} is no merge field" in preview(admin, "A = b\nB = {X}")


def test_without_a_session_there_is_an_example_that_says_so(admin: Client) -> None:
    assert "Below stands an example." in preview(admin, "Team = {QUEUE}")
    assert "No CRM was told of this Session ID." in preview(admin, "Team = {QUEUE}", "E9")


COMMENTS = "/admin/email/crm/preview/"


def test_comments_are_shown_as_they_will_stand_in_the_crm(admin: Client) -> None:
    house = make_house()
    session = make_session(house.support)
    make_message(session, text="Where is it?", from_email="ana@example.com", mailbox=house.mailbox)
    before = TicketUpdate.objects.count()
    shown = admin.post(COMMENTS, {"language": "es", "content_copy": "on"}).content.decode()
    assert f"ID de sesión: {session.public_id}" in shown
    assert "Enviado por: ana@example.com" in shown
    assert "Where is it?" in shown
    assert "/e/" in shown
    plain = admin.post(COMMENTS, {"language": "en", "thread_pdf": "each"}).content.decode()
    assert "Where is it?" not in plain
    assert f"email-{session.public_id}-1.pdf" in plain
    assert TicketUpdate.objects.count() == before
    assert CrmSettings.load().language == "en"


def test_the_preview_of_comments_is_a_page_of_its_own_too(admin: Client) -> None:
    assert "There is no session yet" in page(admin, COMMENTS)
    assert "There is no session E9." in page(admin, f"{COMMENTS}?session=E9")
    assert client_of("irene", Role.SUPERVISOR).get(COMMENTS).status_code == 404


# ---- the outbox -------------------------------------------------------------------------------


def outbox(*statuses: str, thread: str = "T1") -> list[TicketUpdate]:
    plan([Planned(thread, "link", str(n), "Parcel", f"text {n}") for n in range(len(statuses))])
    rows = list(TicketUpdate.objects.filter(thread_key=thread).order_by("pk"))
    for row, status in zip(rows, statuses, strict=True):
        error = "Gone." if status == "failed" else ""
        TicketUpdate.objects.filter(pk=row.pk).update(status=status, error=error, tries=40)
    return rows


def shown_rows(client: Client, query: str = "") -> list[int]:
    answer = client.get(f"{OUTBOX}{query}")
    assert answer.status_code == 200
    return [row.pk for row in answer.context["cl"].result_list]


def act(client: Client, action: str, rows: list[TicketUpdate], **more: Any) -> str:
    chosen = {"action": action, "_selected_action": [row.pk for row in rows]}
    return said(client, f"{OUTBOX}?status=all", chosen | more)


def test_what_failed_comes_first_with_its_reason(admin: Client) -> None:
    posted, planned, failed, skipped = outbox("posted", "planned", "failed", "skipped")
    assert shown_rows(admin) == [failed.pk, planned.pk]
    assert shown_rows(admin, "?status=skipped") == [skipped.pk]
    assert set(shown_rows(admin, "?status=all")) == {
        posted.pk,
        planned.pk,
        failed.pk,
        skipped.pk,
    }
    assert "Gone." in page(admin, OUTBOX)


def test_it_is_filtered_by_connection_and_kind(admin: Client, rt: CrmConnection) -> None:
    (here,), (there,) = outbox("planned"), outbox("planned", thread="T2")
    TicketLink.objects.create(thread_key="T2", connection=rt, ticket="7")
    assert shown_rows(admin, f"?connection={rt.pk}") == [there.pk]
    assert shown_rows(admin, f"?connection={CrmSettings.load().connection_id}") == [here.pk]
    assert shown_rows(admin, "?kind=pdf") == []


def test_it_is_searched_by_thread_and_by_any_session_of_it(admin: Client) -> None:
    session = make_session(make_house().support)
    (row,) = outbox("posted", thread=session.thread.key)
    outbox("posted", thread="T9")
    assert shown_rows(admin, f"?q={session.thread.key}") == [row.pk]
    assert shown_rows(admin, f"?q={session.public_id}") == [row.pk]
    assert shown_rows(admin, "?q=E0000000000ZZ") == []


def test_a_failed_update_is_tried_again_by_hand(admin: Client) -> None:
    (row,) = outbox("failed")
    act(admin, "try_again", [row])
    row.refresh_from_db()
    assert (row.status, row.tries) == ("planned", 1)


def test_leaving_out_asks_first_and_is_kept_with_who_and_when(admin: Client) -> None:
    rows = outbox("failed", "planned", "posted")
    asked = act(admin, "leave_out", rows)
    assert "2 entries" in asked
    assert "Gone." in asked
    rows[0].refresh_from_db()
    assert rows[0].status == "failed"
    assert "2 updates are left out." in act(admin, "leave_out", rows, post="yes")
    assert [row.status for row in TicketUpdate.objects.order_by("pk")] == [
        "skipped",
        "skipped",
        "posted",
    ]
    assert LogEntry.objects.filter(user__username="root").count() == 2
    assert "Left out" in page(admin, f"{OUTBOX}{rows[0].pk}/history/")


def test_a_ticket_is_rebuilt_once_for_all_its_entries(admin: Client) -> None:
    rows = outbox("posted", "posted", "skipped")
    told = act(admin, "rebuild_comments", rows[:2])
    assert "2 entries are looked for" in told
    assert [row.status for row in TicketUpdate.objects.order_by("pk")] == [
        "planned",
        "planned",
        "skipped",
    ]


@pytest.mark.parametrize("action", ["try_again", "leave_out", "rebuild_comments"])
def test_who_only_looks_does_nothing(action: str) -> None:
    rows = outbox("failed")
    act(client_of("audit", Role.AUDITOR), action, rows, post="yes")
    rows[0].refresh_from_db()
    assert (rows[0].status, rows[0].tries) == ("failed", 40)


def test_an_entry_shows_its_words_as_text(admin: Client) -> None:
    plan([Planned("T1", "copy", "1", "Parcel", "<script>alert(1)</script>")])
    row = TicketUpdate.objects.get()
    shown = page(admin, f"{OUTBOX}{row.pk}/change/")
    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>alert" not in shown


def test_the_outbox_costs_the_same_for_many(admin: Client, rt: CrmConnection) -> None:
    def cost() -> int:
        cache.clear()
        with CaptureQueriesContext(database) as asked:
            page(admin, OUTBOX)
        return len(asked)

    outbox("failed")
    cost()
    before = cost()
    for n in range(10):
        outbox("failed", "planned", thread=f"U{n}")
        TicketLink.objects.create(thread_key=f"U{n}", connection=rt, ticket="7")
    assert cost() == before

"""The history of settings: every change with before and after, by whom, from where; no secret."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from apps.agents.models import Team
from apps.channels.models import ChannelSettings, EmailAccount
from apps.core.actors import acting
from apps.core.change_words import words_of
from apps.core.changes import followed_fields, followed_parts
from apps.core.models import ApiToken, Role, SettingsChange, User
from apps.core.people import set_roles
from apps.core.secrets import seal
from apps.crm.models import CrmSettings
from apps.queues.models import MailboxRoute, Queue, QueueMembership
from tests.people import (
    make_account,
    make_agent,
    make_mailbox,
    make_queue,
    make_team,
    make_user,
    token_of,
)

pytestmark = pytest.mark.django_db

LIST = "/admin/core/settingschange/"


def told(**narrow: Any) -> list[str]:
    """The history, oldest first, as `name: label before > after`."""
    rows = SettingsChange.objects.filter(**narrow).order_by("pk")
    return [
        f"{row.object_name}: {one.label} {one.before} > {one.after}".replace("  ", " ")
        for row in rows
        for one in words_of(row)
    ]


def forget() -> None:
    """Only a test can: the rows of what it prepared are not what it looks at."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_settingschange")


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(make_user("root", roles=[Role.ADMINISTRATOR]))
    forget()
    return client


# ---- what is followed ---------------------------------------------------------------------------


def test_a_change_has_before_and_after() -> None:
    queue = make_queue("Support", capacity=10)
    forget()
    queue.capacity, queue.routing = 5, "automatic"
    queue.save()
    assert told() == [
        "Support: Routing manual: members take sessions themselves > automatic: to the least"
        " loaded member",
        "Support: Capacity 10 > 5",
    ]


def test_a_save_that_changes_nothing_leaves_no_row() -> None:
    queue = make_queue("Support")
    forget()
    Queue.objects.get(pk=queue.pk).save()
    assert not told()


def test_adding_and_removing_are_told_as_such() -> None:
    make_queue("Support").delete()
    actions = SettingsChange.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["added", "removed"]


def test_members_and_addresses_are_told_at_their_queue() -> None:
    queue, other = make_queue("Support"), make_queue("Other")
    ana, mailbox = make_agent("ana"), make_mailbox("info@x.test")
    forget()
    row = QueueMembership.objects.create(queue=queue, agent=ana)
    route = MailboxRoute.objects.create(queue=queue, mailbox=mailbox)
    route.queue = other
    route.save()
    row.delete()
    assert told() == [
        "Support: Members > + Ana",
        "Support: Mailboxes > + info@x.test",
        "info@x.test: Queue > + Support",
        "Support: Mailboxes > − info@x.test",
        "Other: Mailboxes > + info@x.test",
        "info@x.test: Queue > − Support, + Other",
        "Support: Members > − Ana",
    ]


def test_a_team_tells_its_people_from_either_side() -> None:
    team, ana, bob = make_team("North"), make_agent("ana"), make_agent("bob")
    irene = make_user("irene")
    forget()
    team.members.set([ana, bob])
    ana.teams.remove(team)
    irene.supervised_teams.add(team)
    irene.supervised_teams.clear()
    team.members.clear()
    assert told() == [
        "North: Members > + Ana, + Bob",
        "North: Members > − Ana",
        "North: Supervisors > + Irene",
        "North: Supervisors > − Irene",
        "North: Members > − Bob",
    ]


def test_roles_are_told_at_their_user() -> None:
    ana = make_user("ana", roles=[Role.AGENT])
    forget()
    set_roles(ana, [Role.ADMINISTRATOR])
    assert told() == [
        "Ana: Roles > − Agent",
        "Ana: Roles > + Administrator",
        "Ana: Superuser status no > yes",
        "Ana: Staff status no > yes",
    ]


def test_tokens_are_told_when_made_and_withdrawn() -> None:
    ana = make_user("ana")
    forget()
    token_of(ana, "read")
    ApiToken.objects.all().delete()
    rows = SettingsChange.objects.order_by("pk")
    assert [(row.kind, row.action) for row in rows] == [
        ("core.apitoken", "added"),
        ("core.apitoken", "removed"),
    ]
    assert "read" in told()[1]


def test_every_column_of_a_setting_is_followed_or_left_out_on_purpose() -> None:
    """What is left out is written by the product, or cannot be read."""
    out = {
        f"{label}.{field.name}"
        for label, fields in followed_fields().items()
        for field in fields[0].model._meta.concrete_fields
        if field not in fields and not field.primary_key
    }
    assert out == {
        *(f"email_channels.emailaccount.{name}" for name in RUNTIME),
        *(f"email_channels.mailbox.{name}" for name in OF_THE_REPLY_ADDRESS),
        *(f"email_channels.sendingdomain.{name}" for name in OF_THE_DNS),
        "email_channels.mailbox.move_state",
        "email_channels.oauthprofile.created_at",
        "queues.queue.created_at",
        *(f"crm.crmconnection.{name}" for name in OF_THE_BREAKER),
        "storage.storagetarget.created_at",
        "core.user.last_login",
        "core.user.date_joined",
        *(f"core.apitoken.{name}" for name in ("digest", "created_at", "last_used_at")),
    }


OF_THE_REPLY_ADDRESS = {
    "created_at",
    "reply_token",
    "reply_token_nonce",
    "reply_token_sentence",
    "reply_token_asked_at",
    "reply_token_proved_at",
}
OF_THE_DNS = {"name", "found", "stands", "worse", "asked_at", "looked_at", "created_at"}
OF_THE_BREAKER = {
    "created_at",
    "failures",
    "paused_until",
    "error",
    "error_code",
    "failed_at",
    "answered_at",
}
RUNTIME = {
    "status",
    "status_code",
    "status_sentence",
    "failures",
    "next_fetch_at",
    "last_fetched_at",
    "created_at",
    "moved_until",
    "webhook_key",
    *(f"{side}_certificate_until" for side in ("receive", "send")),
    *(f"quota_{name}" for name in ("used", "limit", "asked_at", "then", "then_at")),
    *(f"canary_{name}" for name in ("token", "asked_at", "sent_at", "proved_at", "sentence")),
}


def test_nobody_writes_settings_past_the_history() -> None:
    """`bulk_create` and `update` send no signals: only columns that are left out may be written."""
    names = [fields[0].model.__name__ for fields in followed_fields().values()]
    names += {part.model.__name__ for part in followed_parts().values()}
    past = re.compile(rf"\b({'|'.join(names)})\.objects[^\n]*\b(bulk_create|bulk_update|update)\(")
    root = Path(__file__).resolve().parent.parent.parent
    files = [*(root / "apps").rglob("*.py"), *(root / "config").rglob("*.py")]
    found = {
        f"{path.relative_to(root)}: {line.strip()}"
        for path in files
        for line in path.read_text().splitlines()
        if past.search(line)
    }
    runtime = ("status", "next_fetch_at", "last_used_at", "**fields")
    assert {one for one in found if not any(word in one for word in runtime)} <= {
        "apps/channels/forecast.py: EmailAccount.objects.filter(pk=account.pk, **asked)"
        ".update(**{field: until})",
        "apps/crm/breaker.py: CrmConnection.objects.filter(pk=connection.pk).update(**values)",
        "apps/channels/junk.py: EmailAccount.objects.filter(pk=account.pk)"
        ".update(junk_found=account.junk_found)",
        "apps/channels/models/accounts.py: EmailAccount.objects.filter(pk=self.pk).update(",
        "apps/channels/providers/inbound.py: EmailAccount.objects.filter(pk=account.pk).update(",
        "apps/tickets/moving/move.py: EmailAccount.objects.filter(pk=account.pk).update(",
        "apps/tickets/moving/move.py: EmailAccount.objects.filter(pk=target.pk)"
        ".update(moved_until=min(moments, default=None))",
        "apps/channels/sending_domains.py: SendingDomain.objects.bulk_create(fresh,"
        " ignore_conflicts=True)",
        "apps/channels/sending_domains.py: SendingDomain.objects.filter(pk=row.pk).update(worse={})",
    }


# ---- what is not ----------------------------------------------------------------------------------


def test_the_product_s_own_columns_cost_no_query_and_leave_no_row() -> None:
    account, user = make_account("main"), make_user("ana")
    forget()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        account.status = EmailAccount.Status.FAILING
        account.save(update_fields=["status"])
        user.last_login = timezone.now()
        user.save(update_fields=["last_login"])
    assert len(asked) == 2
    assert not told()


def test_a_change_costs_two_queries_and_an_idle_save_one() -> None:
    mailbox = make_mailbox()
    with CaptureQueriesContext(connection) as idle:
        mailbox.save()
    mailbox.from_name = "Help"
    with CaptureQueriesContext(connection) as changing:
        mailbox.save()
    assert (len(idle), len(changing)) == (1 + 1, 1 + 2)


def test_reading_a_row_of_settings_is_no_change() -> None:
    ChannelSettings.load()
    assert not told()


def test_a_password_is_told_and_its_hash_is_not() -> None:
    ana = make_user("ana")
    forget()
    ana.set_password("new-password-1")
    ana.save()
    assert told() == ["Ana: Password > replaced by another"]
    assert ana.password not in str(list(SettingsChange.objects.values()))


def test_a_sign_in_that_hashes_anew_is_no_change(settings: Any) -> None:
    old = "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher"
    settings.PASSWORD_HASHERS = [old]
    ana = User.objects.create_user("ana", password="x-password-1")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", old]
    forget()
    before = ana.password
    assert ana.check_password("x-password-1")
    assert ana.password != before
    assert not told()


def test_secrets_of_settings_never_enter() -> None:
    account = make_account("main", receive_password=seal("first"))
    crm = CrmSettings.load().connection
    forget()
    account.receive_password = seal("second")
    account.save()
    crm.user, crm.token = "u", seal("third")
    crm.save()
    assert told() == [
        "main: Incoming mail: password > replaced by another",
        "built-in tickets: User – > u",
        "built-in tickets: Token or password > set",
    ]
    stored = str(list(SettingsChange.objects.values()))
    assert account.receive_password not in stored
    assert crm.token not in stored


# ---- by whom and from where ------------------------------------------------------------------------


def test_a_page_names_its_user(admin: Client) -> None:
    queue = make_queue("Support")
    forget()
    admin.post("/admin/agents/team/add/", {"name": "North"})
    row = SettingsChange.objects.get()
    assert (row.by_name, row.source, row.kind) == ("Root", "admin", "agents.team")
    assert queue.pk


def test_a_settings_file_names_itself(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("version: 1\nqueues: [{name: A, capacity: 3}]\n")
    call_command("configure", str(file), stdout=io.StringIO())
    call_command("configure", str(file), "--check", stdout=io.StringIO())
    assert set(SettingsChange.objects.values_list("source", "by_name")) == {("file", "")}
    assert [row.action for row in SettingsChange.objects.order_by("pk")] == ["added", "changed"]


def test_a_command_is_nobody_and_a_job_may_act_for_somebody() -> None:
    ana = make_user("ana")
    forget()
    make_team("North")
    with acting("console", ana):
        make_team("South")
    rows = SettingsChange.objects.order_by("pk").values_list("by_name", "source")
    assert list(rows) == [("", "command"), ("Ana", "console")]


def test_who_is_gone_keeps_the_name(admin: Client) -> None:
    admin.post("/admin/agents/team/add/", {"name": "North"})
    make_user("second", roles=[Role.ADMINISTRATOR])
    User.objects.get(username="root").delete()
    assert SettingsChange.objects.filter(kind="agents.team").get().by_name == "Root"


# ---- it stays as it is ---------------------------------------------------------------------------------


def test_no_door_changes_or_deletes_a_row(admin: Client) -> None:
    make_team("North")
    row = SettingsChange.objects.get()
    page = f"{LIST}{row.pk}/"
    assert admin.post(page + "change/", {"object_name": "x"}).status_code == 403
    assert admin.post(page + "delete/", {"post": "yes"}).status_code == 403
    assert admin.get(LIST + "add/").status_code == 403
    form = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    admin.post(LIST, form)
    assert SettingsChange.objects.get().object_name == "North"


@pytest.mark.parametrize("verb", ["update", "delete", "save", "delete row"])
def test_code_cannot_either(verb: str) -> None:
    make_team("North")
    row = SettingsChange.objects.get()
    verbs = {
        "update": lambda: SettingsChange.objects.update(by_name="x"),
        "delete": lambda: SettingsChange.objects.all().delete(),
        "save": row.save,
        "delete row": row.delete,
    }
    with pytest.raises(TypeError, match="never"):
        verbs[verb]()


def test_what_is_rolled_back_leaves_no_row(admin: Client) -> None:
    make_queue("Support")
    forget()
    admin.post("/admin/queues/queue/add/", {"name": "Support"})
    assert not told()


# ---- reading it ------------------------------------------------------------------------------------


def test_the_list_is_filtered_by_person_kind_and_day(admin: Client) -> None:
    with acting("console", make_user("ana")):
        make_team("Northern")
    make_queue("Southern")
    today = timezone.localdate()
    day = f"at__year={today.year}&at__month={today.month}&at__day={today.day}"
    for query, seen in (
        ("by=Ana", ("Northern",)),
        ("kind=queues.queue", ("Southern",)),
        (day, ("Northern", "Southern")),
        ("at__year=2001", ()),
    ):
        page = admin.get(f"{LIST}?{query}").content.decode()
        assert [name for name in ("Northern", "Southern") if f">{name}<" in page] == list(seen)


def test_an_object_leads_to_its_own_history(admin: Client) -> None:
    queue, _other = make_queue("Support"), make_queue("Other")
    answer = admin.get(f"/admin/queues/queue/{queue.pk}/history/", follow=True)
    page = answer.content.decode()
    assert "History of Queue Support" in page
    assert ">Other<" not in page


def test_the_history_speaks_the_reader_s_language(admin: Client) -> None:
    queue = make_queue("Support", enabled=True)
    forget()
    queue.enabled = False
    queue.save()
    with translation.override("es"):
        (words,) = words_of(SettingsChange.objects.get())
    assert words.label not in ("In use", "enabled")


def test_what_was_typed_is_text_and_no_markup(admin: Client) -> None:
    Team.objects.create(name="<script>alert(1)</script>")
    page = admin.get(LIST).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_list_costs_the_same_for_any_number_of_rows(admin: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            admin.get(LIST)
        return len(asked)

    make_team("A")
    cost()
    few = cost()
    for number in range(20):
        make_team(f"Team of {number}")
    assert cost() == few


def test_only_administrators_and_auditors_read_it() -> None:
    make_team("North")
    for role, status in ((Role.AUDITOR, 200), (Role.SUPERVISOR, 403)):
        client = Client()
        client.force_login(make_user(role, roles=[role]))
        assert client.get(LIST).status_code == status

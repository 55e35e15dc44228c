"""Settings from a file: the whole example works, a rerun is silent, every mistake names its line."""

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from apps.agents.models import Agent, AgentSettings, Team
from apps.channels.models import ChannelSettings, EmailAccount, Mailbox
from apps.core.models import User
from apps.core.secrets import unseal
from apps.crm.models import CrmConnection, CrmSettings
from apps.queues.models import Queue
from apps.storage.models import StorageSettings
from tests.people import make_account, make_mailbox

pytestmark = pytest.mark.django_db

WHOLE = """\
version: 1
channel: {enabled: true, external_url: "http://127.0.0.1:8000", language: en, time_zone: Europe/Madrid}
users:   [{user: ana, email: ana@x.test, password: env:ANA_PW, name: Ana Ruiz, roles: [agent], language: es},
          {user: sup, email: sup@x.test, roles: [supervisor]}]
teams:   [{name: North, parent: null, members: [ana], supervisors: [sup]}]
accounts:
- name: main
  receive: {kind: imap, host: 127.0.0.1, port: 21143, tls: none, ca_file: null, user: support, password: env:PW, folders: [INBOX], idle: true, every_seconds: 60, after: "move:Done", start: 2026-01-31}
  send:    {kind: smtp, host: 127.0.0.1, port: 21025, tls: none, user: null, password: null, provider: null, per_minute: 30, after_silence: resend, copy_to_sent: true, sent_folder: Sent}
queues:  [{name: Support, path: Support, routing: automatic, members: [ana, "team:North"], capacity: 10, eligible_states: [In-Email], enabled: true, auto_response: null}]
mailboxes: [{address: support@x.test, account: main, queue: Support, from_name: Support, aliases: []}]
crm:     {kind: builtin, url: null, token: env:T, content_copy: true, thread_pdf: off, language: en, options: {user: u, password: env:T, sender_addresses: [crm@x.test]}}
storage: {backend: local, root: null, kinds: {pdf: {on: true, path: "{YEAR}/{MONTH}/{QUEUE}/{SESSION_ID}"}, json: {on: false}, raw: {on: false}, attachments: {on: true}}}
attachments: {max_files: 10, max_inline: 10, max_total_mb: 25, also_block: []}
"""


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    for name in ("ANA_PW", "PW", "T"):
        monkeypatch.setenv(name, f"secret-{name}")
    monkeypatch.setenv("EMPTY", "")


def configured(tmp_path: Path, text: str, *options: str) -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, changes, and what stderr said with the file's name left out."""
    file = tmp_path / "settings.yaml"
    file.write_text(text)
    out, err = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command("configure", str(file), *options, stdout=out, stderr=err, no_color=True)
    except SystemExit as stop:
        code = int(stop.code or 0)
    changes = [json.loads(line) for line in out.getvalue().splitlines()]
    return code, changes, err.getvalue().replace(str(file), "FILE")


def test_the_whole_example_is_applied(tmp_path: Path) -> None:
    code, changes, told = configured(tmp_path, WHOLE)
    assert (code, told) == (0, "")
    assert {"object": "queue", "name": "Support", "change": "created"} in changes
    account = EmailAccount.objects.get(name="main")
    assert unseal(account.receive_password) == "secret-PW"
    sending = (account.sends_per_minute, account.after_silence, account.sent_folder)
    assert (*sending, account.copy_to_sent) == (30, "resend", "Sent", True)
    assert (account.after, account.after_folder, account.start) == ("move", "Done", "date")
    assert str(account.start_date) == "2026-01-31"
    ana = User.objects.get(username="ana")
    assert ana.check_password("secret-ANA_PW")
    assert (ana.first_name, ana.last_name, ana.language) == ("Ana", "Ruiz", "es")
    assert Team.objects.get().members.get() == Agent.objects.get(user=ana)
    assert Mailbox.objects.get().route.queue == Queue.objects.get()
    assert ChannelSettings.load().enabled


def test_a_rerun_is_silent_and_changes_nothing(tmp_path: Path) -> None:
    configured(tmp_path, WHOLE)
    assert configured(tmp_path, WHOLE) == (0, [], "")


def test_what_a_file_leaves_out_is_left_alone(tmp_path: Path) -> None:
    configured(tmp_path, WHOLE)
    code, changes, _told = configured(
        tmp_path, "version: 1\nqueues: [{name: Support, capacity: 3}]\n"
    )
    assert (code, changes) == (0, [{"object": "queue", "name": "Support", "change": "changed"}])
    queue = Queue.objects.get()
    assert (queue.capacity, queue.routing, queue.memberships.count()) == (3, "automatic", 2)


@pytest.mark.parametrize(("seconds", "code", "kept"), [(0, 0, 0), (60, 0, 60), (61, 2, 10)])
def test_the_time_for_undo_is_a_minute_at_most(
    tmp_path: Path, seconds: int, code: int, kept: int
) -> None:
    text = f"version: 1\nchannel: {{undo_seconds: {seconds}}}\n"
    assert configured(tmp_path, text)[0] == code
    assert ChannelSettings.load().undo_seconds == kept


def test_absent_removes_what_is_free_and_refuses_what_is_in_use(tmp_path: Path) -> None:
    configured(tmp_path, WHOLE)
    code, _changes, told = configured(
        tmp_path, "version: 1\naccounts: [{name: main, absent: true}]\n"
    )
    assert code == 2
    assert told.startswith("FILE:2: accounts.absent: It is still in use")
    configured(tmp_path, "version: 1\nmailboxes: [{address: support@x.test, absent: true}]\n")
    assert configured(tmp_path, "version: 1\naccounts: [{name: main, absent: true}]\n")[0] == 0
    assert not EmailAccount.objects.exists()


@pytest.mark.parametrize(
    ("change", "key"), [("roles: [agent]", "roles"), ("absent: true", "absent")]
)
def test_the_last_administrator_stays(tmp_path: Path, change: str, key: str) -> None:
    configured(tmp_path, "version: 1\nusers: [{user: root, roles: [administrator]}]\n")
    text = f"version: 1\nusers: [{{user: root, {change}}}]\n"
    code, _changes, told = configured(tmp_path, text)
    assert (code, told.partition(".")[0]) == (2, "FILE:2: users")
    assert f"users.{key}: root is the last administrator." in told
    assert User.objects.administrators().get().username == "root"


def test_the_state_after_sign_in_is_a_setting_of_the_agents(tmp_path: Path) -> None:
    text = "version: 1\nchannel: {sign_in_state: Break}\n"
    assert configured(tmp_path, text)[1] == [
        {"object": "channel", "name": "channel", "change": "changed"}
    ]
    assert AgentSettings.load().sign_in_state == "Break"
    assert configured(tmp_path, text) == (0, [], "")


def test_what_a_rule_tidies_is_no_change_the_next_time(tmp_path: Path) -> None:
    text = (
        "version: 1\naccounts: [{name: m, send: {host: x}}]\nqueues: [{name: A, path: /B/ C/}]\n"
        "mailboxes: [{address: a@x.test, account: m, aliases: [b@x.test, B@x.test, a@x.test]}]\n"
    )
    assert configured(tmp_path, text)[0] == 0
    assert configured(tmp_path, text) == (0, [], "")
    assert Queue.objects.get().path == "B/C"
    assert Mailbox.objects.get().aliases == ["b@x.test"]


def test_a_mailbox_says_who_the_customer_is(tmp_path: Path) -> None:
    text = (
        "version: 1\naccounts: [{name: m, send: {host: x}}]\nmailboxes: [{address: a@x.test, "
        'account: m, subject_id: true, customer_from: listed, form_senders: [F@x.test, "*@y.test"]}]\n'
    )
    assert configured(tmp_path, text)[0] == 0
    assert configured(tmp_path, text) == (0, [], "")
    mailbox = Mailbox.objects.get()
    assert (mailbox.subject_id, mailbox.customer_from) == (True, "listed")
    assert mailbox.form_senders == ["f@x.test", "*@y.test"]


def test_a_list_of_forms_is_asked_for(tmp_path: Path) -> None:
    text = (
        "version: 1\naccounts: [{name: m, send: {host: x}}]\n"
        "mailboxes: [{address: a@x.test, account: m, customer_from: listed}]\n"
    )
    code, _changes, told = configured(tmp_path, text)
    assert (code, "mailboxes.form_senders: Name the addresses" in told) == (2, True), told
    assert not Mailbox.objects.exists()


def test_another_account_has_to_prove_the_reply_address(tmp_path: Path) -> None:
    mailbox = make_mailbox("a@x.test", reply_token="on")
    make_account("other")
    text = "version: 1\nmailboxes: [{address: a@x.test, account: other}]\n"
    assert configured(tmp_path, text)[0] == 0
    mailbox.refresh_from_db()
    assert (mailbox.account.name, mailbox.reply_token) == ("other", "off")


def test_check_only_looks(tmp_path: Path) -> None:
    assert configured(tmp_path, WHOLE, "--check") == (0, [], "")
    assert not Queue.objects.exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "FILE:1: version: The file is empty"),
        ("channel: {enabled: false}", "FILE:1: version: This key is missing."),
        ("version: 2", "FILE:1: version: Between 1 and 1."),
        (
            "version: 1\nqueus: []",
            "FILE:2: queus: There is no such key; did you mean queues? There are: version,",
        ),
        (
            "version: 1\nqueues:\n- {name: A}\n- {nam: B}",
            "FILE:4: queues.nam: There is no such key",
        ),
        ("version: 1\nqueues: [{path: A}]", "FILE:2: queues.name: This key is missing."),
        ("version: 1\nqueues: {name: A}", "FILE:2: queues: A list is needed here"),
        (
            "version: 1\nqueues: [{name: A, routing: magic}]",
            "FILE:2: queues.routing: One of: automatic",
        ),
        (
            "version: 1\nqueues: [{name: A, capacity: many}]",
            "FILE:2: queues.capacity: A whole number",
        ),
        ("version: 1\nqueues: [{name: A, capacity: 0}]", "FILE:2: queues.capacity: Between 1"),
        (
            "version: 1\nqueues: [{name: A, enabled: maybe}]",
            "FILE:2: queues.enabled: Say true or false.",
        ),
        (
            "version: 1\nqueues: [{name: A, members: [zoe]}]",
            "FILE:2: queues.members: There is no user 'zoe'",
        ),
        (
            "version: 1\nqueues: [{name: A, members: ['team:X']}]",
            "FILE:2: queues.members: There is no team 'X'",
        ),
        (
            "version: 1\nusers: [{user: zoe}]\nqueues: [{name: A, members: [zoe]}]",
            "FILE:3: queues.members: zoe needs the role agent",
        ),
        ("version: 1\nusers: [{user: a, email: nonsense}]", "FILE:2: users.email: Write it like"),
        (
            "version: 1\nusers: [{user: a, roles: [king]}]",
            "FILE:2: users.roles: One of: administrator",
        ),
        (
            "version: 1\nusers: [{user: a, password: env:NOT_THERE}]",
            "FILE:2: users.password: The environment has no NOT_THERE",
        ),
        (
            "version: 1\nchannel: {time_zone: Mars}",
            "FILE:2: channel.time_zone: A name like Europe/Madrid",
        ),
        (
            "version: 1\nchannel: {external_url: console}",
            "FILE:2: channel.external_url: Write it like",
        ),
        ("version: 1\nchannel: {enabled: true}", "FILE:2: channel.enabled: Set external_url"),
        (
            "version: 1\naccounts: [{name: m, receive: {kind: pop3, host: a.b, after: seen}}]",
            "FILE:2: accounts.receive.after: POP3 can neither mark a mail nor move it.",
        ),
        (
            "version: 1\naccounts: [{name: m, receive: {kind: pop3}}]",
            "FILE:2: accounts.receive.host: Name the server",
        ),
        (
            "version: 1\naccounts: [{name: m, send: {kind: anymail}}]",
            "FILE:2: accounts.send.provider: Choose the mail provider.",
        ),
        ("version: 1\ncrm: {kind: salesforce}", "FILE:2: crm.kind: salesforce is not available"),
        ("version: 1\ncrm: {kind: rt, token: t}", "FILE:2: crm.url: Write it like https://"),
        (
            "version: 1\ncrm: {kind: rt, url: 'https://10.0.0.1', token: t}",
            "FILE:2: crm.url: 10.0.0.1 is not an address out in the public network.",
        ),
        (
            "version: 1\ncrm: {kind: webhook, url: 'http://crm.x.test', token: t}",
            "FILE:2: crm.url: Begin with https://",
        ),
        ("version: 1\ncrm: {kind: rt, url: 'https://rt.x.test'}", "FILE:2: crm.token: Type the"),
        (
            "version: 1\ncrm:\n  options:\n    fields:\n      Team: '{QUEU}'",
            "FILE:5: crm.options.fields.Team: {QUEU} is no merge field",
        ),
        (
            "version: 1\ncrm: {options: {fields: {A: x, a: y}}}",
            "FILE:2: crm.options.fields.a: “a” stands here twice; keep one.",
        ),
        ("version: 1\ncrm: {options: {fields: [a]}}", "crm.options.fields: Names with texts"),
        (
            "version: 1\ncrm: {options: {merged_ticket: gone}}",
            "FILE:2: crm.options.merged_ticket: One of: follow, stop, new.",
        ),
        ("version: 1\nstorage: {backend: ftp}", "FILE:2: storage.backend: One of: local, s3"),
        (
            "version: 1\naccounts: [{name: m, receive: {port: 99999}}]",
            "FILE:2: accounts.receive.port: Between 1 and 65535.",
        ),
        (
            "version: 1\naccounts: [{name: m, receive: {after: burn}}]",
            "FILE:2: accounts.receive.after: keep, seen, delete or move:FOLDER.",
        ),
        (
            "version: 1\nmailboxes: [{address: a@x.test, account: none, queue: Q}]",
            "FILE:2: mailboxes.account: There is no account 'none'",
        ),
        (
            "version: 1\nmailboxes: [{address: a@x.test}]",
            "FILE:2: mailboxes.account: A new mailbox needs",
        ),
        (
            "version: 1\nteams: [{name: A, parent: A}]",
            "FILE:2: teams.parent: A team cannot be part of itself.",
        ),
        ("version: 1\nqueus:\n- name: A", "FILE:2: queus: There is no such key"),
        ("version: 1\nchannel:\n  enabled:\n    maybe", "FILE:3: channel.enabled: Say true"),
        ("- version: 1", "FILE:1: yaml: Keys with values are needed here."),
        ("version: 1\nqueues: [{name: A, path: &x B}, {name: *x}]", "FILE:2: yaml: An alias"),
        ("version: !!python/none x", "FILE:1: yaml: This is no YAML"),
        ("version: 1\nqueues: [{name: 'A\x07'}]", "FILE:1: yaml: This cannot be read"),
        ('version: 1\nqueues: [{name: "A\\0B"}]', "FILE:2: queues.name: Line breaks and control"),
        ("[" * 1500 + "]" * 1500, "FILE:1: yaml: This cannot be read"),
        ("version: 1\nqueues: [{name: A}, {name: A}]", "FILE:2: queues.name: A stands twice"),
        (
            "version: 1\naccounts:\n- name: m\n  receive:\n    start: 2026-02-31",
            "FILE:5: accounts.receive.start: now, unseen, all or a day",
        ),
        (
            "version: 1\naccounts:\n- name: m\n  receive: {kind: imap}",
            "FILE:4: accounts.receive.host: Name the server",
        ),
        (
            "version: 1\naccounts: [{name: m, receive: {host: 'imap://x'}}]",
            "FILE:2: accounts.receive.host: The name or address",
        ),
        (
            "version: 1\naccounts: [{name: m, send: {host: x, provider: ses}}]",
            "FILE:2: accounts.send.provider: A provider stands beside `kind: anymail`",
        ),
        (
            "version: 1\nchannel: {external_url: 'http://[x'}",
            "FILE:2: channel.external_url: Write it like",
        ),
        (
            "version: 1\nchannel: {sign_in_state: in-email}",
            "FILE:2: channel.sign_in_state: in-email is never set",
        ),
        (
            "version: 1\nchannel:\n  language: en\n  sign_in_state: Lunch",
            "FILE:4: channel.sign_in_state: Lunch is never set at sign-in. Choose one of: Available,",
        ),
        (
            "version: 1\nchannel:\n  language: en\n  external_url: https://x.test/admin",
            "FILE:4: channel.external_url: Only up to the host: leave out “/admin”.",
        ),
        (
            "version: 1\nqueues: [{name: A, eligible_states: [Lunch]}]",
            "FILE:2: queues.eligible_states: There is no state 'Lunch'; define it first.",
        ),
        (
            "version: 1\nqueues:\n- name: A\n  path: B//C",
            "FILE:4: queues.path: There is a name missing between two slashes",
        ),
        (
            "version: 1\naccounts:\n- name: m\n  receive:\n    host: x.test\n    after: move:INBOX",
            "FILE:6: accounts.receive.after: Mail is fetched from this folder.",
        ),
        (
            "version: 1\naccounts:\n- name: m\n  send:\n    host: 169.254.169.254",
            "FILE:5: accounts.send.host: 169.254.169.254 is no address of a mail server.",
        ),
        (
            "version: 1\nstorage: {kinds: {pdf: {path: '{YEAR}/{Queue}'}}}",
            "FILE:2: storage.kinds.pdf.path: There is no {Queue}",
        ),
        (
            "version: 1\nstorage: {kinds: {pdf: {path: a/../b}}}",
            "storage.kinds.pdf.path: “..” leads out",
        ),
        ("version: 1\nstorage: {kinds: {pfd: {on: true}}}", "kinds.pfd: There is no such key"),
        (
            "version: 1\naccounts: [{name: m}]\nmailboxes:\n- {address: a@x.test, account: m}\n"
            "- {address: b@x.test, account: m, aliases: [A@x.test]}",
            "FILE:5: mailboxes.aliases: a@x.test belongs to another mailbox too.",
        ),
        (
            "version: 1\nteams: [{name: N, absent: true}]\nqueues: [{name: A, members: ['team:N']}]",
            "FILE:3: queues.members: There is no team 'N'",
        ),
        (
            "version: 1\nusers: [{user: zoe, password: ''}]",
            "FILE:2: users.password: A text is needed",
        ),
        ("version: 1\nusers: [{user: zoe, password: env:EMPTY}]", "The environment has no EMPTY"),
        ("version: 1\nversion: 1", "FILE:2: version: This key stands twice; keep one."),
        ("version: 1\nqueues: [", "FILE:2: yaml: This is no YAML"),
    ],
)
def test_a_mistake_names_line_key_and_cure_and_writes_nothing(
    tmp_path: Path, text: str, told: str
) -> None:
    code, changes, said = configured(tmp_path, text)
    assert (code, changes) == (2, [])
    assert told in said
    assert not Queue.objects.exists()
    assert not User.objects.exists()


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    _code, _changes, said = configured(
        tmp_path, "version: 1\nqueues:\n- {name: A, routing: x}\n- {name: B, capacity: y}\n"
    )
    assert [line.split(":")[1] for line in said.splitlines()] == ["3", "4"]


def test_a_secret_is_never_told(tmp_path: Path) -> None:
    text = WHOLE.replace("port: 21143", "port: x")
    assert "secret" not in configured(tmp_path, text)[2]


def test_mistakes_of_every_sort_are_told_together(tmp_path: Path) -> None:
    _code, _changes, said = configured(
        tmp_path,
        "version: 1\n"
        "channel: {enabled: true}\n"
        "users: [{user: zoe, password: env:NOT_THERE}]\n"
        "queues:\n"
        "- {name: A, members: [zoe, yan]}\n"
        "- {name: A, colour: red}\n"
        "mailboxes:\n"
        "- {address: a@x.test, queue: Q}\n",
    )
    assert [int(line.split(":")[1]) for line in said.splitlines()] == [2, 3, 5, 5, 6, 6, 8, 8]


def test_refusals_of_the_database_are_told_together(tmp_path: Path) -> None:
    configured(tmp_path, WHOLE)
    code, _changes, said = configured(
        tmp_path,
        "version: 1\naccounts: [{name: main, absent: true}]\nteams:\n- name: North\n  parent: North\n"
        "queues: [{name: New}, {name: Support, absent: true}]\n",
    )
    assert code == 2
    assert [int(line.split(":")[1]) for line in said.splitlines()] == [2, 5, 6]
    assert not Queue.objects.filter(name="New").exists()


def test_what_hangs_together_is_removed_together(tmp_path: Path) -> None:
    configured(tmp_path, WHOLE)
    code, changes, said = configured(
        tmp_path,
        "version: 1\nusers: [{user: ana, absent: true}]\nteams: [{name: North, absent: true}]\n"
        "accounts: [{name: main, absent: true}]\nqueues: [{name: Support, absent: true}]\n"
        "mailboxes: [{address: SUPPORT@x.test, absent: true}]\n",
    )
    assert (code, said) == (0, "")
    gone = [(one["object"], one["change"]) for one in changes]
    assert gone == [
        ("mailbox", "deleted"),
        ("queue", "deleted"),
        ("account", "deleted"),
        ("team", "deleted"),
        ("user", "switched off"),
    ]


def test_secrets_are_sealed_wherever_they_stand(tmp_path: Path) -> None:
    configured(tmp_path, WHOLE)
    crm = CrmSettings.load()
    connection = crm.connection
    assert "secret-T" not in connection.token
    assert unseal(connection.token) == "secret-T"
    assert (connection.user, connection.sender_addresses) == ("u", ["crm@x.test"])


A_CRM = """\
version: 1
crm:
  kind: rt
  url: https://rt.x.test/rt/
  token: env:T
  attach_files: true
  options:
    queue: General
    sender_addresses: [rt@x.test]
    fields: {Team: "{QUEUE}", "Order no": "A-{SESSION_ID}"}
    deleted_ticket: new
    merged_ticket: stop
"""


def test_a_crm_of_another_kind_is_another_connection(tmp_path: Path) -> None:
    first = CrmSettings.load().connection
    code, changes, told = configured(tmp_path, A_CRM)
    assert (code, told) == (0, "")
    assert {"object": "crm", "name": "rt", "change": "created"} in changes
    made = CrmSettings.load().connection
    assert (made.kind, made.url, made.queue) == ("rt", "https://rt.x.test/rt", "General")
    assert made.fields == {"Team": "{QUEUE}", "Order no": "A-{SESSION_ID}"}
    assert (made.deleted_ticket, made.merged_ticket) == ("new", "stop")
    assert CrmSettings.load().attach_files
    assert CrmConnection.objects.filter(pk=first.pk).exists()
    assert configured(tmp_path, A_CRM) == (0, [], "")


def test_what_a_crm_is_not_told_stays_as_it_is(tmp_path: Path) -> None:
    configured(tmp_path, A_CRM)
    configured(tmp_path, "version: 1\ncrm: {options: {queue: Other}}\n")
    made = CrmSettings.load().connection
    assert (made.kind, made.queue, unseal(made.token)) == ("rt", "Other", "secret-T")


def test_fifty_one_fields_are_too_many(tmp_path: Path) -> None:
    fields = ", ".join(f"F{n}: x" for n in range(51))
    _code, _changes, told = configured(
        tmp_path, f"version: 1\ncrm: {{options: {{fields: {{{fields}}}}}}}\n"
    )
    assert "crm.options.fields: At most 50 fields; there are 51." in told


def test_settings_of_storage_are_merged(tmp_path: Path) -> None:
    configured(tmp_path, WHOLE)
    configured(tmp_path, "version: 1\nstorage: {kinds: {json: {on: true}}}\n")
    row = StorageSettings.load()
    assert (row.json_on, row.pdf_on, row.raw_on) == (True, True, False)


def test_a_secret_of_digits_is_read_as_it_is_written(tmp_path: Path) -> None:
    configured(tmp_path, "version: 1\nusers: [{user: zoe, password: 0123}]\n")
    assert User.objects.get().check_password("0123")


def test_spaces_belong_to_a_password(tmp_path: Path) -> None:
    configured(tmp_path, "version: 1\nusers: [{user: zoe, password: ' a '}]\n")
    assert User.objects.get().check_password(" a ")


def test_a_new_account_has_the_usual_ports_and_nothing_else(tmp_path: Path) -> None:
    configured(tmp_path, "version: 1\naccounts: [{name: m, send: {host: x, tls: implicit}}]\n")
    account = EmailAccount.objects.get()
    assert (account.send_port, account.send_kind, account.receive_kind) == (465, "smtp", "none")


def test_a_mended_account_is_tried_at_once(tmp_path: Path) -> None:
    configured(tmp_path, WHOLE)
    later = timezone.now() + timedelta(hours=1)
    EmailAccount.objects.update(failures=9, status="failing", next_fetch_at=later)
    configured(tmp_path, WHOLE)
    assert EmailAccount.objects.get().failures == 9
    configured(tmp_path, "version: 1\naccounts: [{name: main, receive: {port: 143}}]\n")
    account = EmailAccount.objects.get()
    assert (account.failures, account.status) == (0, "new")
    assert account.next_fetch_at <= timezone.now() + timedelta(seconds=1)


@pytest.mark.parametrize(
    "moved", ["receive: {host: imap.thief.test", "receive: {user: other", "receive: {tls: none"]
)
def test_a_stored_password_does_not_follow_to_another_server(tmp_path: Path, moved: str) -> None:
    configured(tmp_path, WHOLE.replace("tls: none, ca_file: null", "tls: starttls"))
    text = f"version: 1\naccounts: [{{name: main, {moved}}}}}]\n"
    code, _changes, told = configured(tmp_path, text)
    assert code == 2
    assert told.startswith("FILE:2: accounts.receive.password: The server or its user changed")
    assert EmailAccount.objects.get().receive_host == "127.0.0.1"
    given = text.replace("}}]", ", password: env:PW}}]")
    assert configured(tmp_path, given)[0] == 0


def test_a_team_may_stand_above_the_one_it_is_part_of(tmp_path: Path) -> None:
    text = "version: 1\nteams: [{name: A, parent: B}, {name: B}]\n"
    _code, changes, _said = configured(tmp_path, text)
    assert [one["name"] for one in changes] == ["A", "B"]
    assert Team.objects.get(name="A").parent == Team.objects.get(name="B")
    assert configured(tmp_path, text) == (0, [], "")


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    err = io.StringIO()
    with pytest.raises(SystemExit) as stop:
        call_command("configure", str(tmp_path / "none.yaml"), stderr=err, no_color=True)
    assert stop.value.code == 2
    assert "none.yaml:1: file: It cannot be read: No such file" in err.getvalue()


def test_a_double_key_does_not_hide_other_mistakes(tmp_path: Path) -> None:
    said = configured(tmp_path, "version: 1\nqueues: []\nqueues: []\nqueus: []\n")[2]
    assert [line.split(":")[1] for line in said.splitlines()] == ["3", "4"]


def test_a_database_that_is_away_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(root: object) -> None:
        raise OperationalError("no such table: core_user\nand more")

    monkeypatch.setattr("config.management.commands.configure.known_names", away)
    with pytest.raises(CommandError, match=r"not ready \(no such table: core_user\): run"):
        configured(tmp_path, WHOLE)


def test_standard_input_is_a_file_too(monkeypatch: pytest.MonkeyPatch) -> None:
    source = io.TextIOWrapper(io.BytesIO(b"version: 1\nqueues: [{name: A}]\n"))
    monkeypatch.setattr("sys.stdin", source)
    call_command("configure", "-", stdout=io.StringIO())
    assert Queue.objects.get().name == "A"


def test_an_account_sends_over_the_interface_of_a_provider(tmp_path: Path) -> None:
    told = (
        "version: 1\naccounts: [{name: m, send: {kind: anymail, provider: mailgun, key: k-1,"
        " signing_key: s-1, options: {domain: mg.test, region: eu}, per_minute: 60}}]"
    )
    assert configured(tmp_path, told)[0] == 0
    account = EmailAccount.objects.get()
    assert (account.send_kind, account.provider) == ("anymail", "mailgun")
    assert (unseal(account.provider_key), unseal(account.webhook_signing_key)) == ("k-1", "s-1")
    assert account.provider_options == {"domain": "mg.test", "region": "eu"}
    address = account.webhook_key
    assert address and configured(tmp_path, told)[1] == []
    assert EmailAccount.objects.get().webhook_key == address

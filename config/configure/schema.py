"""What a settings file may say (SEAMS, "configure"). Kinds of later releases are named as such."""

from config.configure.kinds import (
    AFTER,
    EMAIL,
    EXTENSION,
    FORM_SENDER,
    HOST,
    Address,
    Choice,
    Day,
    Flag,
    Kind,
    ListOf,
    Member,
    Number,
    Or,
    OurAddress,
    PathTemplate,
    Reference,
    Secret,
    Section,
    SignInState,
    Start,
    Text,
    TicketFields,
    TimeZone,
)
from config.configure.providers import OPTIONS, PROVIDERS

LANGUAGE = Choice(("en", "es"))
PORT = Number(1, 65535)
TLS = Choice(("none", "starttls", "implicit"))
ROLE = Choice(("administrator", "supervisor", "agent", "auditor", "integration"))
NAME = Text(longest=100)

CHANNEL = Section(
    {
        "enabled": Flag(),
        "external_url": Address(),
        "language": LANGUAGE,
        "time_zone": TimeZone(),
        "sign_in_state": SignInState(),
        "undo_seconds": Number(0, 60),
        "auto_responses_per_day": Number(0, 20),
        "alarms_by_mail": Flag(),
    }
)
USER = Section(
    {
        "user": Text(longest=150),
        "email": EMAIL,
        "password": Secret(),
        "name": Text(longest=200),
        "roles": ListOf(ROLE),
        "language": LANGUAGE,
        "time_zone": TimeZone(),
        "absent": Flag(),
    },
    required=("user",),
)
TEAM = Section(
    {
        "name": NAME,
        "parent": Reference("team"),
        "members": ListOf(Reference("user")),
        "supervisors": ListOf(Reference("user")),
        "absent": Flag(),
    },
    required=("name",),
)
# Of the mail provider, in whichever side it is named.
PROVIDED: dict[str, Kind] = {
    "provider": Or(Choice(PROVIDERS)),
    "key": Secret(),
    "signing_key": Secret(),
    "options": Section({name: Text(empty=True, longest=200) for name in OPTIONS}, empty=True),
}
RECEIVE = Section(
    {
        **PROVIDED,
        "kind": Choice(("imap", "pop3", "provider", "none")),
        "host": Or(HOST),
        "port": PORT,
        "tls": TLS,
        "ca_file": Text(empty=True, longest=500),
        "user": Text(empty=True),
        "password": Secret(),
        "folders": ListOf(Text(longest=255)),
        "watch_junk": Flag(),
        "junk_folder": Text(empty=True, longest=255),
        "idle": Flag(),
        "every_seconds": Number(5, 86_400),
        "after": AFTER,
        "start": Start(),
    }
)
SEND = Section(
    {
        "kind": Choice(("smtp", "anymail", "none")),
        "host": Or(HOST),
        "port": PORT,
        "tls": TLS,
        "ca_file": Text(empty=True, longest=500),
        "user": Text(empty=True),
        "password": Secret(),
        **PROVIDED,
        "per_minute": Number(0, 10_000),
        "after_silence": Choice(("wait", "resend")),
        "copy_to_sent": Flag(),
        "sent_folder": Text(empty=True, longest=255),
    }
)
OAUTH = Section(
    {
        "name": NAME,
        "provider": Choice(("google", "microsoft", "other")),
        "flow": Choice(("code", "app")),
        "tenant": Text(empty=True, longest=100),
        "client_id": Text(longest=255),
        "client_secret": Secret(),
        "secret_until": Day(),
        "authorize_url": Text(empty=True, longest=500),
        "token_url": Text(empty=True, longest=500),
        "scopes": Text(empty=True, longest=1000),
        "absent": Flag(),
    },
    required=("name",),
)
ACCOUNT = Section(
    {
        "name": NAME,
        "enabled": Flag(),
        "canary": Flag(),
        "sign_in": Choice(("password", "oauth")),
        "oauth": Reference("OAuth profile"),
        "receive": RECEIVE,
        "send": SEND,
        "absent": Flag(),
    },
    required=("name",),
)
AUTO_RESPONSE = Section(
    {
        "from": Or(OurAddress()),
        "subject": Text(longest=200),
        "text": Text(longest=20_000, lines=True),
        "out_of_hours_text": Text(empty=True, longest=20_000, lines=True),
    },
    required=("subject", "text"),
    empty=True,
)
QUEUE = Section(
    {
        "name": NAME,
        "path": Text(empty=True, longest=255),
        "routing": Choice(("automatic", "manual")),
        "members": ListOf(Member()),
        "capacity": Number(1, 1_000_000),
        "eligible_states": ListOf(Reference("state")),
        "enabled": Flag(),
        "hours": ListOf(Text()),
        "holidays": ListOf(Text()),
        "time_zone": Or(TimeZone()),
        "auto_response": AUTO_RESPONSE,
        "absent": Flag(),
    },
    required=("name",),
)
MAILBOX = Section(
    {
        "address": EMAIL,
        "account": Reference("account"),
        "queue": Reference("queue"),
        "from_name": Text(empty=True, longest=200),
        "aliases": ListOf(EMAIL),
        "subject_id": Flag(),
        "customer_from": Choice(("from", "reply-to", "listed")),
        "form_senders": ListOf(FORM_SENDER),
        "absent": Flag(),
    },
    required=("address",),
)
CRM = Section(
    {
        "kind": Choice(
            ("builtin", "rt", "zendesk", "webhook"),
            later=(
                "salesforce",
                "servicenow",
                "hubspot",
                "dynamics",
                "kustomer",
                "freshdesk",
            ),
        ),
        "url": Address(),
        "token": Secret(),
        "content_copy": Flag(),
        "attach_files": Flag(),
        "automatic_tickets": Flag(),
        "thread_pdf": Choice(("closed", "each", "off")),
        "language": LANGUAGE,
        "options": Section(
            {
                "user": Text(empty=True),
                "password": Secret(),
                "queue": Text(empty=True),
                "sender_addresses": ListOf(EMAIL),
                "fields": TicketFields(),
                "deleted_ticket": Choice(("stop", "new")),
                "merged_ticket": Choice(("follow", "stop", "new")),
            }
        ),
    }
)
STORED = Section({"on": Flag(), "path": PathTemplate()})
STORAGE = Section(
    {
        "backend": Choice(("local", "s3", "google", "azure", "sftp")),
        "root": Text(empty=True, longest=500),
        "kinds": Section({"pdf": STORED, "json": STORED, "raw": STORED, "attachments": STORED}),
        "options": Section(
            {
                "bucket": Text(empty=True),
                "endpoint": Address(),
                "region": Text(empty=True),
                "key": Secret(),
                "secret": Secret(),
                "host": Or(HOST),
                "user": Text(empty=True),
            }
        ),
    }
)
ATTACHMENTS = Section(
    {
        "max_files": Number(0, 1000),
        "max_inline": Number(0, 1000),
        "max_total_mb": Number(1, 500),
        "scan_limit_mb": Number(1, 2000),
        "rescan_days": Number(0, 365),
        "also_block": ListOf(EXTENSION),
    }
)
FILE = Section(
    {
        "version": Number(1, 1),
        "channel": CHANNEL,
        "users": ListOf(USER),
        "teams": ListOf(TEAM),
        "oauth": ListOf(OAUTH),
        "accounts": ListOf(ACCOUNT),
        "queues": ListOf(QUEUE),
        "mailboxes": ListOf(MAILBOX),
        "crm": CRM,
        "storage": STORAGE,
        "attachments": ATTACHMENTS,
    },
    required=("version",),
)

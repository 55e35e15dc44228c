"""Which settings have a history: all that decides how the product works and who may what."""

from django.apps import apps
from django.utils.translation import gettext_lazy as _

from apps.core.changes import Part, follow, follow_part

# Model: what the product itself writes, or what nobody can read anything from.
FOLLOWED: dict[str, tuple[str, ...]] = {
    "email_channels.ChannelSettings": (),
    "email_channels.EmailAccount": (
        "status",
        "status_code",
        "status_sentence",
        "failures",
        "next_fetch_at",
        "last_fetched_at",
        "receive_certificate_until",
        "send_certificate_until",
        "quota_used",
        "quota_limit",
        "quota_asked_at",
        "quota_then",
        "quota_then_at",
        "webhook_key",  # it opens the webhook; that it changed, its password's entry tells
        "canary_token",
        "canary_asked_at",
        "canary_sent_at",
        "canary_proved_at",
        "canary_sentence",
        "moved_until",
        "created_at",
    ),
    "email_channels.Mailbox": (
        "created_at",
        "reply_token",
        "reply_token_nonce",
        "reply_token_sentence",
        "reply_token_asked_at",
        "reply_token_proved_at",
        "move_state",
    ),
    "email_channels.OAuthProfile": ("created_at",),
    "email_channels.SendingDomain": (
        "name",
        "found",
        "stands",
        "worse",
        "asked_at",
        "looked_at",
        "created_at",
    ),
    "queues.Queue": ("created_at",),
    "attachments.AttachmentSettings": (),
    "crm.CrmSettings": (),
    "crm.CrmConnection": (
        "created_at",
        "failures",
        "paused_until",
        "error",
        "error_code",
        "failed_at",
        "answered_at",
    ),
    "storage.StorageSettings": (),
    "storage.StorageTarget": ("created_at",),
    "agents.AgentSettings": (),
    "agents.CustomState": (),
    "console.CannedReply": (),
    "console.Signature": (),
    "agents.Team": (),
    "core.User": ("last_login", "date_joined"),
    "core.ApiToken": ("digest", "created_at", "last_used_at"),
    "core.SignInSettings": (),
}

# Model, the field that leads to the owner, the owner's word for it, the fields that name it.
PARTS = (
    ("core.RoleGrant", "user", _("roles"), ("role",)),
    ("queues.QueueMembership", "queue", _("members"), ("agent", "team")),
    ("queues.MailboxRoute", "queue", _("mailboxes"), ("mailbox",)),
    ("queues.MailboxRoute", "mailbox", _("queue"), ("queue",)),
)


def follow_settings() -> None:
    for label, left_out in FOLLOWED.items():
        follow(apps.get_model(label), left_out=left_out)
    for label, owner, word, words in PARTS:
        follow_part(Part(apps.get_model(label), owner, word, words))

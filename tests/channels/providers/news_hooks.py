"""News of a sent mail as the five providers post it, with words of our own.

The shapes are those of the providers' documentation, read on 2026-11-26.
"""

import json
from dataclasses import dataclass
from typing import Any

from apps.channels.models import EmailAccount
from apps.channels.providers import keys
from apps.core.secrets import seal
from tests.channels.providers.hooks import (
    SIGNING_KEY,
    Hook,
    as_json,
    signed_by_mailgun,
    sns_message,
)
from tests.people import make_account

PROVIDERS = ("ses", "mailgun", "postmark", "sendgrid", "brevo")
GONE = "550 5.1.1 no such user here"


@dataclass(frozen=True)
class Sent:
    """What a provider knows of a mail that it sent for us."""

    mark: str = ""
    message_id: str = ""  # ours
    own: str = "own-id-1"  # the provider's
    to: str = "customer@outside.test"


def make_sender(provider: str) -> EmailAccount:
    account = make_account(
        send_kind="anymail", provider=provider, provider_key=seal("key"), receive_kind="none"
    )
    if provider == "mailgun":
        account.webhook_signing_key = seal(SIGNING_KEY)
    keys.prepare(account)
    account.save()
    return account


def news(provider: str, kind: str, sent: Sent, *, event: str = "e1") -> Hook:
    """KIND: taken, delivered, delayed, soft, hard, refused, complaint, opted-out, or strange."""
    hook: Hook = _MAKERS[provider](kind, sent, event)
    return hook


def _ses(kind: str, sent: Sent, event: str) -> Hook:
    named = {
        "taken": "Send",
        "delivered": "Delivery",
        "delayed": "DeliveryDelay",
        "soft": "Bounce",
        "hard": "Bounce",
        "refused": "Reject",
        "complaint": "Complaint",
        "opted-out": "Subscription",
        "strange": "Moonrise",
    }[kind]
    mail = {
        "messageId": sent.own,
        "destination": [sent.to],
        "tags": {"carteria": [sent.mark]} if sent.mark else {},
        "headers": [{"name": "Subject", "value": "Hi"}],
    }
    more: dict[str, Any] = {
        "Bounce": {
            "bounceType": "Permanent" if kind == "hard" else "Transient",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {
                    "emailAddress": sent.to,
                    "status": "5.1.1" if kind == "hard" else "4.2.2",
                    "diagnosticCode": f"smtp; {GONE}" if kind == "hard" else "smtp; 452 4.2.2 full",
                }
            ],
        },
        "Delivery": {"recipients": [sent.to], "smtpResponse": "250 ok"},
        "DeliveryDelay": {
            "delayType": "MailboxFull",
            "delayedRecipients": [{"emailAddress": sent.to, "diagnosticCode": "452 4.2.2 full"}],
        },
        "Complaint": {"complainedRecipients": [{"emailAddress": sent.to}]},
        "Reject": {"reason": "Bad content"},
    }
    told = {"eventType": named, "mail": mail, named[0].lower() + named[1:]: more.get(named, {})}
    return sns_message(event, json.dumps(told))


def _mailgun(kind: str, sent: Sent, event: str) -> Hook:
    named = {
        "taken": "accepted",
        "delivered": "delivered",
        "delayed": "failed",
        "soft": "failed",
        "hard": "failed",
        "refused": "rejected",
        "complaint": "complained",
        "opted-out": "unsubscribed",
        "strange": "moonrise",
    }[kind]
    data: dict[str, Any] = {
        "event": named,
        "id": event,
        "timestamp": 1795687200.5,
        "recipient": sent.to,
        "message": {"headers": {"message-id": sent.message_id or sent.own, "to": sent.to}},
        "user-variables": {},
    }
    if named == "failed":
        gone = kind == "hard"
        data["severity"] = "permanent" if gone else "temporary"
        data["delivery-status"] = {
            "code": 550 if gone else 452,
            "message": GONE if gone else "full",
        }
    if named == "rejected":
        data["reject"] = {"reason": "Old software"}
    token = f"token-{event}"
    return as_json({"signature": signed_by_mailgun(token), "event-data": data})


def _postmark(kind: str, sent: Sent, event: str) -> Hook:
    record, bounce = {
        "taken": ("Open", ""),
        "delivered": ("Delivery", ""),
        "delayed": ("Bounce", "Transient"),
        "soft": ("Bounce", "SoftBounce"),
        "hard": ("Bounce", "HardBounce"),
        "refused": ("Bounce", "BadEmailAddress"),
        "complaint": ("SpamComplaint", "SpamComplaint"),
        "opted-out": ("SubscriptionChange", ""),
        "strange": ("Moonrise", ""),
    }[kind]
    told: dict[str, Any] = {
        "RecordType": record,
        "MessageID": sent.own,
        "Metadata": {"carteria": sent.mark} if sent.mark else {},
    }
    told["Recipient" if record in ("Delivery", "Open", "SubscriptionChange") else "Email"] = sent.to
    if bounce:
        details = GONE if kind in ("hard", "refused") else "452 4.2.2 full"
        told |= {"ID": event, "Type": bounce, "Details": details, "BouncedAt": _AT}
    elif record == "Delivery":
        told |= {"DeliveredAt": _AT, "Details": f"250 ok {event}"}
    elif record == "SubscriptionChange":
        told |= {
            "ChangedAt": _AT,
            "SuppressSending": True,
            "SuppressionReason": "ManualSuppression",
        }
    return as_json(told)


def _sendgrid(kind: str, sent: Sent, event: str) -> Hook:
    named, more = {
        "taken": ("processed", {}),
        "delivered": ("delivered", {"response": "250 ok"}),
        "delayed": ("deferred", {"response": "452 4.2.2 full"}),
        "soft": ("bounce", {"type": "blocked", "reason": "452 4.2.2 full"}),
        "hard": ("bounce", {"type": "bounce", "reason": GONE, "status": "5.1.1"}),
        "refused": ("dropped", {"reason": "Bounced Address"}),
        "complaint": ("spamreport", {}),
        "opted-out": ("unsubscribe", {}),
        "strange": ("moonrise", {}),
    }[kind]
    told = {
        "event": named,
        "email": sent.to,
        "timestamp": 1795687200,
        "sg_event_id": event,
        "sg_message_id": f"{sent.own}.filter",
        "smtp-id": f"<{sent.own}>",
    }
    mark = {"carteria": sent.mark} if sent.mark else {}
    return Hook(json.dumps([told | mark | more]).encode(), "application/json")  # type: ignore[operator]


def _brevo(kind: str, sent: Sent, event: str) -> Hook:
    named, reason = {
        "taken": ("request", ""),
        "delivered": ("delivered", ""),
        "delayed": ("deferred", "452 4.2.2 full"),
        "soft": ("soft_bounce", "452 4.2.2 full"),
        "hard": ("hard_bounce", GONE),
        "refused": ("blocked", "blacklisted"),
        "complaint": ("spam", ""),
        "opted-out": ("unsubscribe", ""),
        "strange": ("moonrise", ""),
    }[kind]
    told = {
        "event": named,
        "email": sent.to,
        "id": 26224,
        "ts_epoch": 1795687200000 + sum(event.encode()),
        "message-id": f"<{sent.own}>",
        "reason": reason,
    }
    if sent.mark:
        told["X-Mailin-custom"] = json.dumps({"carteria": sent.mark})
    return as_json(told)


_AT = "2026-11-26T09:00:00Z"
_MAKERS: dict[str, Any] = {
    "ses": _ses,
    "mailgun": _mailgun,
    "postmark": _postmark,
    "sendgrid": _sendgrid,
    "brevo": _brevo,
}

"""Accounts, mailboxes and the channel's switch."""

from datetime import date
from typing import Any

from apps.agents.models import AgentSettings
from apps.channels.forecast import forgotten
from apps.channels.models import ChannelSettings, EmailAccount, Mailbox, OAuthProfile
from apps.channels.oauth.consent import forget
from apps.channels.rules import (
    PORTS,
    form_problems,
    leads_elsewhere,
    tidy_aliases,
    tidy_forms,
)
from apps.core.errors import Problem
from apps.queues.models import MailboxRoute, Queue
from apps.tickets.moving.move import move
from config.configure.providers import provided, with_webhook
from config.configure.rows import (
    CannotApply,
    Changes,
    Values,
    delete,
    picked,
    save,
    save_by_rules,
    sealed,
)

USUAL_PORTS = PORTS
# What a rule of the row names: how the file calls it.
FILE_KEYS = {
    "receive_host": "receive.host",
    "send_host": "send.host",
    "folders": "receive.folders",
    "watch_junk": "receive.watch_junk",
    "junk_folder": "receive.junk_folder",
    "after": "receive.after",
    "start": "receive.start",
    "after_folder": "receive.after",
    "start_date": "receive.start",
    "sent_folder": "send.sent_folder",
    "oauth_profile": "oauth",
    "send_user": "send.user",
    "provider": "send.provider",
    "provider_key": "send.key",
}
SIDES = ("receive", "send")
SERVER_KEYS = ("kind", "host", "port", "tls", "ca_file", "user")


def put_account(values: Values, changes: Changes) -> None:
    name = values["name"]
    account = EmailAccount.objects.filter(name=name).first()
    new = account is None
    account = account or _new_account(values)
    fields = picked(values, "enabled") | _signing_in(values)
    for side in ("receive", "send"):
        given = values.get(side) or {}
        fields |= picked(given, *SERVER_KEYS, prefix=f"{side}_")
        fields |= sealed(account, f"{side}_password", given.get("password"))
        _keep_password_here(account, fields, side, given)
    fields |= _fetching(values.get("receive") or {}) | picked(values, "canary")
    fields |= _sending(values.get("send") or {})
    fields |= provided(account, values.get("receive") or {}, values.get("send") or {})
    fields |= forgotten([key for key, value in fields.items() if getattr(account, key) != value])
    elsewhere = not new and any(leads_elsewhere(account, fields, side) for side in SIDES)
    changed = save_by_rules(account, fields, FILE_KEYS)
    if elsewhere:
        forget(account)
    with_webhook(account)
    if changed and not new:
        account.try_at_once()
    changes.put("account", name, new=new, changed=changed)


def _signing_in(values: Values) -> Values:
    fields = picked(values, "sign_in")
    if "oauth" in values:
        profile = OAuthProfile.objects.filter(name=values["oauth"]).first()
        fields["oauth_profile_id"] = profile.pk if profile else None
    return fields


def _keep_password_here(account: EmailAccount, fields: Values, side: str, given: Values) -> None:
    """A stored password stays with its server; another port of the same one is no stranger."""
    kept = "password" not in given and getattr(account, f"{side}_password")
    if kept and leads_elsewhere(account, fields, side, ports=False):
        sentence = "The server or its user changed: give the password here as well."
        raise CannotApply(f"{side}.password", sentence)


def _new_account(values: Values) -> EmailAccount:
    """What the file says nothing of is off; a port left out is the usual one."""
    account = EmailAccount(name=values["name"])
    for side in ("receive", "send"):
        given = values.get(side)
        if not given:
            setattr(account, f"{side}_kind", "none")
        else:
            tls = given.get("tls", getattr(account, f"{side}_tls"))
            way = "pop3" if given.get("kind") == "pop3" else side
            setattr(account, f"{side}_port", USUAL_PORTS[way, tls])
            if way == "pop3":
                account.after = account.After.KEEP
    return account


def _fetching(given: Values) -> Values:
    fields: Values = picked(given, "folders", "watch_junk", "junk_folder", "idle", "every_seconds")
    if "after" in given:
        fields["after"], _colon, fields["after_folder"] = given["after"].partition(":")
    if "start" in given:
        day = given["start"] if isinstance(given["start"], date) else None
        fields |= {"start": "date" if day else given["start"], "start_date": day}
    return fields


def _sending(given: Values) -> Values:
    fields: Values = picked(given, "after_silence", "copy_to_sent", "sent_folder")
    if "per_minute" in given:
        fields["sends_per_minute"] = given["per_minute"]
    return fields


def remove_account(name: str, changes: Changes) -> None:
    cure = "take its mailboxes away or move them first, or set enabled: false"
    delete(EmailAccount.objects.filter(name=name), "account", name, changes, cure)


def put_mailbox(values: Values, changes: Changes) -> None:
    address = values["address"]
    mailbox = Mailbox.objects.filter(address__iexact=address).first()
    new = mailbox is None
    mailbox = mailbox or Mailbox(address=address)
    fields: dict[str, Any] = picked(values, "from_name", "aliases", "subject_id", "customer_from")
    if "aliases" in fields:  # that no other mailbox has them was asked of the whole file
        fields["aliases"] = tidy_aliases(mailbox.address, fields["aliases"])
    if "form_senders" in values:
        fields["form_senders"] = tidy_forms(values["form_senders"])
    _refuse_forms(mailbox, fields)
    target = EmailAccount.objects.get(name=values["account"]) if values.get("account") else None
    if new and target:
        fields["account_id"] = target.pk
    changed = save(mailbox, fields)
    if target and mailbox.account_id != target.pk:
        changed |= _move(mailbox, target)
    if values.get("queue"):
        changed |= _route(mailbox, Queue.objects.get(name=values["queue"]))
    changes.put("mailbox", mailbox.address, new=new, changed=changed)


def _refuse_forms(mailbox: Mailbox, fields: Values) -> None:
    """Of what the file says and of what is stored together."""
    chosen = fields.get("customer_from", mailbox.customer_from)
    forms = fields.get("form_senders", mailbox.form_senders)
    for key, sentence in form_problems(forms, needed=chosen == Mailbox.CustomerFrom.LISTED):
        raise CannotApply(key, sentence)


def _move(mailbox: Mailbox, target: EmailAccount) -> bool:
    """As the page does it, with the same safety: nothing is pointed elsewhere in silence."""
    try:
        move(mailbox, target, by=None)
    except Problem as problem:
        raise CannotApply("account", problem.sentence.removeprefix("account: ")) from None
    return True


def _route(mailbox: Mailbox, queue: Queue) -> bool:
    route, new = MailboxRoute.objects.get_or_create(mailbox=mailbox, defaults={"queue": queue})
    return new or save(route, {"queue_id": queue.pk})


def remove_mailbox(address: str, changes: Changes) -> None:
    rows = Mailbox.objects.filter(address__iexact=address)
    cure = "it has messages, so give it another queue instead"
    delete(rows, "mailbox", address, changes, cure)


def put_channel(values: Values, changes: Changes) -> None:
    """The state after sign-in stands here in the file; it is a setting of the agents."""
    fields = {key: value for key, value in values.items() if key != "sign_in_state"}
    changed = save_by_rules(ChannelSettings.load(), fields)
    if "sign_in_state" in values:
        changed |= save_by_rules(AgentSettings.load(), picked(values, "sign_in_state"))
    changes.put("channel", "channel", new=False, changed=changed)

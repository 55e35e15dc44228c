"""Accounts, mailboxes and the channel's switch."""

from datetime import date
from typing import Any

from django.db.models.functions import Now

from apps.channels.models import ChannelSettings, EmailAccount, Mailbox
from apps.channels.rules import PORTS
from apps.queues.models import MailboxRoute, Queue
from config.configure.rows import Changes, Values, delete, picked, save, sealed

USUAL_PORTS = PORTS
SERVER_KEYS = ("kind", "host", "port", "tls", "ca_file", "user")


def put_account(values: Values, changes: Changes) -> None:
    name = values["name"]
    account = EmailAccount.objects.filter(name=name).first()
    new = account is None
    account = account or _new_account(values)
    fields = picked(values, "enabled")
    for side in ("receive", "send"):
        given = values.get(side) or {}
        fields |= picked(given, *SERVER_KEYS, prefix=f"{side}_")
        fields |= sealed(account, f"{side}_password", given.get("password"))
    changed = save(account, fields | _fetching(values.get("receive") or {}))
    if changed and not new:
        _try_at_once(account)
    changes.put("account", name, new=new, changed=changed)


def _new_account(values: Values) -> EmailAccount:
    """What the file says nothing of is off; a port left out is the usual one."""
    account = EmailAccount(name=values["name"])
    for side in ("receive", "send"):
        given = values.get(side)
        if not given:
            setattr(account, f"{side}_kind", "none")
        else:
            tls = given.get("tls", getattr(account, f"{side}_tls"))
            setattr(account, f"{side}_port", USUAL_PORTS[side, tls])
    return account


def _fetching(given: Values) -> Values:
    fields: Values = picked(given, "folders", "idle", "every_seconds")
    if "after" in given:
        fields["after"], _colon, fields["after_folder"] = given["after"].partition(":")
    if "start" in given:
        day = given["start"] if isinstance(given["start"], date) else None
        fields |= {"start": "date" if day else given["start"], "start_date": day}
    return fields


def _try_at_once(account: EmailAccount) -> None:
    """A mended account does not wait until its last pause is over."""
    EmailAccount.objects.filter(pk=account.pk).update(
        status=EmailAccount.Status.NEW,
        status_code="",
        status_sentence="",
        failures=0,
        next_fetch_at=Now(),
    )


def remove_account(name: str, changes: Changes) -> None:
    cure = "take its mailboxes away or move them first, or set enabled: false"
    delete(EmailAccount.objects.filter(name=name), "account", name, changes, cure)


def put_mailbox(values: Values, changes: Changes) -> None:
    address = values["address"]
    mailbox = Mailbox.objects.filter(address__iexact=address).first()
    new = mailbox is None
    mailbox = mailbox or Mailbox(address=address)
    fields: dict[str, Any] = picked(values, "from_name", "aliases")
    if values.get("account"):
        fields["account_id"] = EmailAccount.objects.get(name=values["account"]).pk
    changed = save(mailbox, fields)
    if values.get("queue"):
        changed |= _route(mailbox, Queue.objects.get(name=values["queue"]))
    changes.put("mailbox", mailbox.address, new=new, changed=changed)


def _route(mailbox: Mailbox, queue: Queue) -> bool:
    route, new = MailboxRoute.objects.get_or_create(mailbox=mailbox, defaults={"queue": queue})
    return new or save(route, {"queue_id": queue.pk})


def remove_mailbox(address: str, changes: Changes) -> None:
    rows = Mailbox.objects.filter(address__iexact=address)
    cure = "it has messages, so give it another queue instead"
    delete(rows, "mailbox", address, changes, cure)


def put_channel(values: Values, changes: Changes) -> None:
    changed = save(ChannelSettings.load(), values)
    changes.put("channel", "channel", new=False, changed=changed)

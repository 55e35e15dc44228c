"""Puts checked settings into the database; whatever the file does not name is left alone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import models
from django.db.models import ProtectedError

from apps.agents.models import Agent, Team
from apps.attachments.models import AttachmentSettings
from apps.channels.models import ChannelSettings, EmailAccount, Mailbox
from apps.core.models import Role, User
from apps.core.people import set_roles
from apps.core.secrets import seal, unseal
from apps.crm.models import CrmSettings
from apps.queues.models import MailboxRoute, Queue, QueueMembership

Values = dict[str, Any]


class CannotApply(Exception):
    """`section` names the part of the file, `name` the object."""

    def __init__(self, section: str, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.section, self.name, self.sentence = section, name, sentence


@dataclass(slots=True)
class Changes:
    """What was done, in order: one JSON line each."""

    lines: list[dict[str, str]] = field(default_factory=list)

    def note(self, kind: str, name: str, change: str) -> None:
        line = {"object": kind, "name": name, "change": change}
        if line not in self.lines:
            self.lines.append(line)


def apply(settings: Values) -> list[dict[str, str]]:
    """Call it inside a transaction; raises CannotApply."""
    changes = Changes()
    for section, put in _SECTIONS:
        for values in _each(settings.get(section)):
            put(values, changes)
    _channel(settings.get("channel"), changes)
    return changes.lines


def _each(value: Any) -> Iterable[Values]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


# ---- one function per kind of object ----------------------------------------------------------


def _user(values: Values, changes: Changes) -> None:
    name = values["user"]
    user = User.objects.filter(username=name).first()
    if values.get("absent"):
        return _switch_off(user, changes)
    new = user is None
    user = user or User(username=name)
    keys = ("email", "language", "time_zone")
    fields: Values = {key: values[key] for key in keys if key in values}
    if "name" in values:
        fields["first_name"], _space, fields["last_name"] = values["name"].partition(" ")
    changed = _set(user, fields | {"is_active": True})
    changed |= _password(user, values.get("password"))
    if new and not values.get("password"):
        user.set_unusable_password()
    if new or changed:
        user.save()
    if "roles" in values:
        changed |= set_roles(user, values["roles"])
        if Role.AGENT in values["roles"]:
            changed |= Agent.objects.get_or_create(user=user)[1]
    _tell(changes, "user", name, new=new, changed=changed)


def _password(user: User, password: str | None) -> bool:
    if not password or user.check_password(password):
        return False
    user.set_password(password)
    return True


def _switch_off(user: User | None, changes: Changes) -> None:
    """Users stay for the history they wrote; they can do nothing any more."""
    if user is not None and user.is_active:
        user.is_active = False
        user.save(update_fields=["is_active"])
        user.tokens.all().delete()
        changes.note("user", user.username, "switched off")


def _team(values: Values, changes: Changes) -> None:
    name = values["name"]
    if values.get("absent"):
        return _delete(Team.objects.filter(name=name), "teams", name, changes)
    team, new = Team.objects.get_or_create(name=name)
    changed = False
    if "parent" in values:
        parent = values["parent"]
        wanted = Team.objects.get_or_create(name=parent)[0] if parent else None
        _refuse_circle(team, wanted)
        changed |= _save(team, {"parent": wanted})
    if "members" in values:
        changed |= _set_many(team.members, _agents(values["members"], "teams", name))
    if "supervisors" in values:
        changed |= _set_many(
            team.supervisors, User.objects.filter(username__in=values["supervisors"])
        )
    _tell(changes, "team", name, new=new, changed=changed)


def _refuse_circle(team: Team, parent: Team | None) -> None:
    above = parent
    while above is not None:
        if above.pk == team.pk:
            raise CannotApply("teams", team.name, "A team cannot be part of itself.")
        above = above.parent


def _account(values: Values, changes: Changes) -> None:
    name = values["name"]
    if values.get("absent"):
        return _delete(EmailAccount.objects.filter(name=name), "accounts", name, changes)
    account = EmailAccount.objects.filter(name=name).first()
    new = account is None
    account = account or EmailAccount(name=name)
    fields = {"enabled": values["enabled"]} if "enabled" in values else {}
    fields |= _receiving(values.get("receive") or {}) | _sending(values.get("send") or {})
    changed = _set(account, fields)
    for side in ("receive", "send"):
        changed |= _sealed(account, f"{side}_password", (values.get(side) or {}).get("password"))
    if new or changed:
        account.save()
    _tell(changes, "account", name, new=new, changed=changed)


def _receiving(values: Values) -> Values:
    fields = {
        f"receive_{key}": values[key]
        for key in ("kind", "host", "port", "tls", "ca_file", "user")
        if key in values
    }
    fields |= {key: values[key] for key in ("folders", "idle", "every_seconds") if key in values}
    if "after" in values:
        fields["after"], _colon, fields["after_folder"] = values["after"].partition(":")
    if "start" in values:
        is_day = values["start"][:1].isdigit()
        fields["start"] = "date" if is_day else values["start"]
        fields["start_date"] = date.fromisoformat(values["start"]) if is_day else None
    return fields


def _sending(values: Values) -> Values:
    keys = ("kind", "host", "port", "tls", "ca_file", "user")
    return {f"send_{key}": values[key] for key in keys if key in values}


def _sealed(row: models.Model, field_name: str, password: str | None) -> bool:
    if password is None or unseal(getattr(row, field_name)) == password:
        return False
    setattr(row, field_name, seal(password))
    return True


def _queue(values: Values, changes: Changes) -> None:
    name = values["name"]
    if values.get("absent"):
        return _delete(Queue.objects.filter(name=name), "queues", name, changes)
    queue, new = Queue.objects.get_or_create(name=name)
    keys = ("path", "routing", "capacity", "eligible_states", "enabled", "auto_response")
    changed = _save(queue, {key: values[key] for key in keys if key in values})
    if "members" in values:
        changed |= _members(queue, values["members"])
    _tell(changes, "queue", name, new=new, changed=changed)


def _members(queue: Queue, names: list[str]) -> bool:
    teams = {name.removeprefix("team:") for name in names if name.startswith("team:")}
    users = [name for name in names if not name.startswith("team:")]
    wanted = {("agent", agent.pk) for agent in _agents(users, "queues", queue.name)}
    wanted |= {("team", team.pk) for team in Team.objects.filter(name__in=teams)}
    rows = list(queue.memberships.all())
    have = {("agent", row.agent_id) if row.agent_id else ("team", row.team_id): row for row in rows}
    for key in have.keys() - wanted:
        have[key].delete()
    QueueMembership.objects.bulk_create(
        QueueMembership(queue=queue, **{f"{side}_id": pk}) for side, pk in wanted - have.keys()
    )
    return have.keys() != wanted


def _mailbox(values: Values, changes: Changes) -> None:
    address = values["address"]
    found = Mailbox.objects.filter(address__iexact=address)
    if values.get("absent"):
        return _delete(found, "mailboxes", address, changes)
    mailbox = found.first()
    new = mailbox is None
    if mailbox is None and "account" not in values:
        raise CannotApply("mailboxes", address, "account: a new mailbox needs its account.")
    mailbox = mailbox or Mailbox(address=address)
    fields: Values = {key: values[key] for key in ("from_name", "aliases") if key in values}
    if "account" in values:
        fields["account"] = EmailAccount.objects.get(name=values["account"])
    changed = _set(mailbox, fields)
    if new or changed:
        mailbox.save()
    if values.get("queue"):
        changed |= _route(mailbox, Queue.objects.get(name=values["queue"]))
    _tell(changes, "mailbox", address, new=new, changed=changed)


def _route(mailbox: Mailbox, queue: Queue) -> bool:
    route, new = MailboxRoute.objects.get_or_create(mailbox=mailbox, defaults={"queue": queue})
    return new or _save(route, {"queue": queue})


def _crm(values: Values, changes: Changes) -> None:
    row = CrmSettings.load()
    keys = ("kind", "url", "content_copy", "thread_pdf", "language", "options")
    changed = _set(row, {key: values[key] for key in keys if key in values})
    changed |= _sealed(row, "token", values.get("token"))
    if changed:
        row.save()
    _tell(changes, "crm", row.kind, new=False, changed=changed)


def _storage(values: Values, changes: Changes) -> None:
    changed = _save(CrmSettings.load(), {"storage": values})
    _tell(changes, "storage", values.get("backend", "local"), new=False, changed=changed)


def _attachments(values: Values, changes: Changes) -> None:
    changed = _save(AttachmentSettings.load(), values)
    _tell(changes, "attachments", "limits", new=False, changed=changed)


def _channel(values: Values | None, changes: Changes) -> None:
    """Last, so that it is switched on with everything else in place."""
    row = ChannelSettings.load()
    wanted = values or {}
    enabled = wanted.get("enabled", row.enabled)
    if enabled and not wanted.get("external_url", row.external_url):
        sentence = "enabled: set external_url (the console's address) first; links need it."
        raise CannotApply("channel", "", sentence)
    _tell(changes, "channel", "channel", new=False, changed=_save(row, wanted))


_SECTIONS: tuple[tuple[str, Callable[[Values, Changes], None]], ...] = (
    ("users", _user),
    ("teams", _team),
    ("accounts", _account),
    ("queues", _queue),
    ("mailboxes", _mailbox),
    ("crm", _crm),
    ("storage", _storage),
    ("attachments", _attachments),
)


# ---- what they share ----------------------------------------------------------------------------


def _agents(names: list[str], section: str, owner: str) -> list[Agent]:
    agents = list(Agent.objects.filter(user__username__in=names).select_related("user"))
    lacking = sorted(set(names) - {agent.user.username for agent in agents})
    if lacking:
        sentence = f"members: {', '.join(lacking)} needs the role agent to be a member."
        raise CannotApply(section, owner, sentence)
    return agents


def _set(row: models.Model, values: Values) -> bool:
    changed = {key: value for key, value in values.items() if getattr(row, key, None) != value}
    for key, value in changed.items():
        setattr(row, key, value)
    return bool(changed)


def _save(row: models.Model, values: Values) -> bool:
    changed = _set(row, values)
    if changed:
        row.save()
    return changed


def _set_many(relation: Any, wanted: Iterable[models.Model]) -> bool:
    wanted = list(wanted)
    before = set(relation.values_list("pk", flat=True))
    relation.set(wanted)
    return before != {row.pk for row in wanted}


def _delete(rows: models.QuerySet[Any], section: str, name: str, changes: Changes) -> None:
    try:
        if rows.delete()[0]:
            changes.note(section.removesuffix("s").replace("mailboxe", "mailbox"), name, "deleted")
    except ProtectedError:
        sentence = "absent: it is still in use; switch it off with enabled: false instead."
        raise CannotApply(section, name, sentence) from None


def _tell(changes: Changes, kind: str, name: str, *, new: bool, changed: bool) -> None:
    if new or changed:
        changes.note(kind, name, "created" if new else "changed")

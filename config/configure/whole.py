"""What only the whole file and the database together can say: doubles, and what new rows need."""

from collections.abc import Iterator
from typing import Any

from apps.agents.models import Agent, CustomState, Team
from apps.agents.vocabulary import SYSTEM_STATES
from apps.channels.models import ChannelSettings, EmailAccount, Mailbox, OAuthProfile
from apps.core.models import Role, User
from apps.queues.models import Queue
from config.configure.kinds import Context
from config.configure.lines import Entry

NEEDS_SERVER = ("imap", "pop3", "smtp")
SECTIONS = {  # section: (what one of it is called, the key that names it)
    "users": ("user", "user"),
    "teams": ("team", "name"),
    "oauth": ("OAuth profile", "name"),
    "accounts": ("account", "name"),
    "queues": ("queue", "name"),
    "mailboxes": ("mailbox", "address"),
}


def known_names(root: Entry) -> dict[str, set[str]]:
    """What exists or is about to be made, without what the file takes away."""
    known = {
        "user": set(User.objects.values_list("username", flat=True)),
        "team": set(Team.objects.values_list("name", flat=True)),
        "OAuth profile": set(OAuthProfile.objects.values_list("name", flat=True)),
        "account": set(EmailAccount.objects.values_list("name", flat=True)),
        "queue": set(Queue.objects.values_list("name", flat=True)),
        "state": {*SYSTEM_STATES, *CustomState.objects.values_list("name", flat=True)},
        "mailbox": {one.lower() for one in Mailbox.objects.values_list("address", flat=True)},
    }
    for section, (what, _key) in SECTIONS.items():
        for name, one in objects(root, section):
            if _value(one, "absent") is True:
                known[what].discard(name)
            else:
                known[what].add(name)
    return known


def objects(root: Entry, section: str) -> Iterator[tuple[str, Entry]]:
    """The objects of a section that have a name; addresses are the same in any case."""
    key = SECTIONS[section][1]
    listed = _value(root, section)
    for one in listed if isinstance(listed, list) else []:
        name = _value(one, key)
        if isinstance(name, str | int | float):
            text = (name if isinstance(name, str) else one.value[key].raw).strip()
            yield (text.lower() if key == "address" else text), one


def check_whole(root: Entry, context: Context) -> None:
    for section in SECTIONS:
        _check_doubles(root, section, context)
    _check_channel(_part(root, "channel"), context)
    _check_members(root, context)
    _check_accounts(root, context)
    _check_mailboxes(root, context)


def _part(entry: Entry, key: str) -> dict[str, Entry]:
    """The keys of a part of ENTRY; empty when it has no such part."""
    inner = entry.value.get(key) if isinstance(entry.value, dict) else None
    return inner.value if inner is not None and isinstance(inner.value, dict) else {}


def _value(entry: Entry, key: str) -> Any:
    inner = entry.value.get(key) if isinstance(entry.value, dict) else None
    return None if inner is None else inner.value


def _present(root: Entry, section: str) -> list[tuple[str, Entry]]:
    return [(name, one) for name, one in objects(root, section) if not _value(one, "absent")]


def _check_doubles(root: Entry, section: str, context: Context) -> None:
    key, seen = SECTIONS[section][1], set()
    for name, one in objects(root, section):
        if name in seen:
            context.bad(one.value[key], f"{section}.{key}", f"{name} stands twice; keep one.")
        seen.add(name)


def _check_channel(channel: dict[str, Entry], context: Context) -> None:
    row = ChannelSettings.load()
    switch, address = channel.get("enabled"), channel.get("external_url")
    enabled = row.enabled if switch is None else switch.value is True
    has_address = bool(row.external_url if address is None else address.value)
    if enabled and not has_address and (switch or address):
        sentence = "Set external_url (the console's address) first: links in tickets need it."
        context.bad(switch or next(iter(channel.values())), "channel.enabled", sentence)


def _check_members(root: Entry, context: Context) -> None:
    """Who works in a team or a queue is an agent, now or by this file."""
    agents = set(Agent.objects.values_list("user__username", flat=True))
    for name, user in objects(root, "users"):
        roles = _value(user, "roles")
        if isinstance(roles, list) and Role.AGENT in [role.value for role in roles]:
            agents.add(name)
    for section in ("teams", "queues"):
        for _name, one in _present(root, section):
            members = _value(one, "members")
            for member in members if isinstance(members, list) else []:
                user_name = str(member.raw)
                if user_name in context.known["user"] - agents:
                    sentence = f"{user_name} needs the role agent to be a member."
                    context.bad(member, f"{section}.members", sentence)


def _check_accounts(root: Entry, context: Context) -> None:
    """Receiving and sending need a server, from the file or from the row."""
    rows = {row.name: row for row in EmailAccount.objects.all()}
    for name, one in _present(root, "accounts"):
        for side in ("receive", "send"):
            keys, row = _part(one, side), rows.get(name) or EmailAccount()
            kind = keys["kind"].value if "kind" in keys else getattr(row, f"{side}_kind")
            host = keys["host"].value if "host" in keys else getattr(row, f"{side}_host")
            if keys and kind in NEEDS_SERVER and not host:
                sentence = "Name the server, or say `kind: none`."
                context.bad(keys.get("host", one.value[side]), f"accounts.{side}.host", sentence)


def _check_mailboxes(root: Entry, context: Context) -> None:
    """A new mailbox needs its account, and no address belongs to two."""
    rows = {row.address.lower(): row.addresses for row in Mailbox.objects.all()}
    for name, one in objects(root, "mailboxes"):
        if _value(one, "absent"):
            rows.pop(name, None)
            continue
        if name not in rows and not _value(one, "account"):
            context.bad(one, "mailboxes.account", "A new mailbox needs its account.")
        aliases = _value(one, "aliases")
        if isinstance(aliases, list):
            rows[name] = {name, *(alias.raw.strip().lower() for alias in aliases)}
        else:
            rows.setdefault(name, {name})
    for name, one in _present(root, "mailboxes"):
        taken = {text for other, addresses in rows.items() if other != name for text in addresses}
        for address in sorted(rows[name] & taken):
            context.bad(one, "mailboxes.aliases", f"{address} belongs to another mailbox too.")

"""Puts checked settings into the database; whatever the file does not name is left alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from config.configure import beside, mail, oauth, people, work
from config.configure.rows import CannotApply, Changes, Values

Put = Callable[[Values, Changes], None]
Remove = Callable[[str, Changes], None]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An object that the database cannot take: `name` in `section`, because of `key`."""

    section: str
    name: str
    key: str
    sentence: str


@dataclass(slots=True)
class Applied:
    changes: Changes = field(default_factory=Changes)
    refusals: list[Refusal] = field(default_factory=list)


# In this order they are put, in the opposite one they are removed.
_LISTS: tuple[tuple[str, str, Put, Remove], ...] = (
    ("users", "user", people.put_user, people.remove_user),
    ("teams", "name", people.put_team, people.remove_team),
    ("oauth", "name", oauth.put_profile, oauth.remove_profile),
    ("accounts", "name", mail.put_account, mail.remove_account),
    ("queues", "name", work.put_queue, work.remove_queue),
    ("mailboxes", "address", mail.put_mailbox, mail.remove_mailbox),
)
# The channel comes last, so that it is switched on with everything else in place.
_SINGLES: tuple[tuple[str, Put], ...] = (
    ("crm", beside.put_crm),
    ("storage", beside.put_storage),
    ("attachments", beside.put_attachments),
    ("channel", mail.put_channel),
)


def apply(settings: Values) -> Applied:
    """Call it inside a transaction, and roll that back when something is refused."""
    applied = Applied()
    people.make_teams(_present(settings, "teams"), applied.changes)
    for section, key, put, _remove in _LISTS:
        for values in _present(settings, section):
            with _refused(applied, section, values[key]):
                put(values, applied.changes)
    for section, key, _put, remove in reversed(_LISTS):
        for values in _absent(settings, section):
            with _refused(applied, section, values[key]):
                remove(values[key], applied.changes)
    for section, put in _SINGLES:
        if section in settings:
            with _refused(applied, section, ""):
                put(settings[section], applied.changes)
    return applied


def _present(settings: Values, section: str) -> list[Values]:
    return [values for values in settings.get(section, ()) if not values.get("absent")]


def _absent(settings: Values, section: str) -> list[Values]:
    return [values for values in settings.get(section, ()) if values.get("absent")]


@contextmanager
def _refused(applied: Applied, section: str, name: str) -> Iterator[None]:
    """One refusal does not hide the next."""
    try:
        yield
    except CannotApply as error:
        applied.refusals.append(Refusal(section, name, error.key, error.sentence))

"""How far the set-up is: read from the rows each time, so that anybody can go on anywhere."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.channels.models import ChannelSettings, EmailAccount, FolderCursor, Mailbox
from apps.queues.models import Queue
from apps.queues.routing import members
from config.models import RoundTrip, SetUp

SIDES = ("receive", "send")
DONE, OPEN, LATER, LOCKED = "done", "open", "later", "locked"
ROUND_TRIP = "round-trip"

WORDS: dict[str, Any] = {
    DONE: _("Done"),
    OPEN: _("Open"),
    LATER: _("Left for later"),
    LOCKED: _("Not yet"),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rows say now."""

    setup: SetUp
    channel: ChannelSettings
    mailbox: Mailbox | None
    queue: Queue | None
    member_count: int
    trip: RoundTrip | None
    was_read: bool  # fetching has begun: what happens to old mail is decided

    @property
    def account(self) -> EmailAccount | None:
        return self.setup.account

    @property
    def address(self) -> str:
        return self.setup.address or (self.mailbox.address if self.mailbox else "")

    def is_used(self, side: str) -> bool:
        return bool(self.account) and getattr(self.account, f"{side}_kind") != "none"

    def test_of(self, side: str) -> dict[str, Any] | None:
        """The last test, unless the settings have changed since."""
        test: dict[str, Any] | None = getattr(self.setup, f"{side}_test")
        if test and self.account and test["of"] == fingerprint(self.account, side):
            return test
        return None

    def passed(self, side: str) -> bool:
        test = self.test_of(side)
        return not self.is_used(side) or bool(test and test["ok"])

    def is_put_off(self, name: str) -> bool:
        return name in self.setup.put_off

    @property
    def proof(self) -> RoundTrip | None:
        """The last round trip, if it was for this address and these settings."""
        trip = self.trip
        if trip and self.account and trip.address.lower() == self.address.lower():
            return trip if trip.of == fingerprint_of_both(self.account) else None
        return None


def load() -> Facts:
    setup = SetUp.load()
    mailbox = _mailbox_of(setup)
    route = getattr(mailbox, "route", None)
    queue: Queue | None = route.queue if route else None
    return Facts(
        setup=setup,
        channel=ChannelSettings.load(),
        mailbox=mailbox,
        queue=queue,
        member_count=members(queue).count() if queue else 0,
        trip=RoundTrip.objects.filter(account=setup.account_id).order_by("-pk").first(),
        was_read=FolderCursor.objects.filter(account=setup.account_id).exists(),
    )


def _mailbox_of(setup: SetUp) -> Mailbox | None:
    """The one with the address that is being set up, else the account's first."""
    if setup.account_id is None:
        return None
    rows = Mailbox.objects.filter(account=setup.account_id).select_related("route__queue")
    mailboxes = list(rows.order_by("pk")[:200])
    wanted = setup.address.lower()
    same = (one for one in mailboxes if one.address.lower() == wanted)
    return next(same, mailboxes[0] if mailboxes else None)


def fingerprint(account: EmailAccount, side: str) -> str:
    """Changes with whatever a test of this side depends on."""
    names = ("kind", "host", "port", "tls", "ca_file", "user", "password")
    told = [str(getattr(account, f"{side}_{name}")) for name in names]
    if account.sign_in == EmailAccount.SignIn.OAUTH:
        told += ["oauth", str(account.oauth_profile_id)]
    if side == "receive":
        told += account.watched_folders
    return hashlib.sha256("\0".join(told).encode()).hexdigest()


def fingerprint_of_both(account: EmailAccount) -> str:
    told = "".join(fingerprint(account, side) for side in SIDES)
    return hashlib.sha256(told.encode()).hexdigest()


# ---- the steps ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the list at the side."""

    key: str
    title: str
    detail: str
    state: str
    number: int
    current: bool = False

    @property
    def url(self) -> str:
        return url_of(self.key)

    @property
    def word(self) -> str:
        return str(WORDS[self.state])


# Title, and the words under it while nothing better is known.
TITLES: dict[str, tuple[Any, Any]] = {
    "account": (_("Connect the account"), _("Server and password")),
    "test": (_("Test the connection"), _("Both servers, one by one")),
    ROUND_TRIP: (_("Prove that it works"), _("A mail goes out and comes back")),
    "mailbox": (_("Name the mailbox"), _("Address and sender name")),
    "queue": (_("Make a queue"), _("Where its mail waits")),
    "members": (_("Choose who answers"), _("Agents and teams")),
    "old-mail": (_("Decide about old mail"), _("What is there already")),
    "switch-on": (_("Switch the channel on"), _("Nothing is fetched before")),
}
KEYS = tuple(TITLES)


def url_of(key: str) -> str:
    return reverse(f"admin:email-setup-{key}")


def steps(facts: Facts, current: str = "") -> list[Step]:
    shown = []
    for number, (key, (title, usual)) in enumerate(TITLES.items(), 1):
        state, detail = _state(facts, key)
        shown.append(Step(key, str(title), detail or str(usual), state, number, key == current))
    return shown


def first_open(shown: Sequence[Step]) -> Step:
    """Where to go on; what was left for later waits until the end."""
    return next((one for one in shown if one.state == OPEN), shown[-1])


def neighbours(shown: Sequence[Step], key: str) -> tuple[Step | None, Step | None]:
    place = KEYS.index(key)
    before = shown[place - 1] if place else None
    return before, shown[place + 1] if place + 1 < len(shown) else None


def _state(facts: Facts, key: str) -> tuple[str, str]:
    """State, and the few words under the title, if there is something to tell."""
    if facts.account is None:
        return (OPEN if key == "account" else LOCKED), ""
    return _STATES[key](facts)


def _account(facts: Facts) -> tuple[str, str]:
    return DONE, facts.address or str(facts.account)


def _test(facts: Facts) -> tuple[str, str]:
    failing = [side for side in SIDES if not facts.passed(side)]
    if not failing:
        return DONE, gettext("Both servers let us in")
    if all(facts.is_put_off(side) for side in failing):
        return LATER, gettext("Does not work yet")
    return OPEN, ""


def _round_trip(facts: Facts) -> tuple[str, str]:
    if not all(facts.is_used(side) for side in SIDES):
        return DONE, gettext("Not needed: one way only")
    proof = facts.proof
    if proof and proof.state == RoundTrip.State.ARRIVED:
        return DONE, gettext("Back after %(seconds)s s") % {"seconds": f"{proof.seconds or 0:.1f}"}
    in_junk = proof and proof.state == RoundTrip.State.IN_JUNK
    words = gettext("It came, but to the junk folder") if in_junk else ""
    return (LATER if facts.is_put_off(ROUND_TRIP) else OPEN), words


def _mailbox(facts: Facts) -> tuple[str, str]:
    if facts.mailbox is None:
        return OPEN, ""
    return DONE, facts.mailbox.from_name or facts.mailbox.address


def _queue(facts: Facts) -> tuple[str, str]:
    if facts.queue is None:
        return (OPEN if facts.mailbox else LOCKED), ""
    if not facts.queue.enabled:
        return OPEN, gettext("%(queue)s is switched off") % {"queue": facts.queue}
    return DONE, facts.queue.name


def _members(facts: Facts) -> tuple[str, str]:
    if facts.queue is None:
        return LOCKED, ""
    if facts.member_count:
        return DONE, gettext("People in it: %(count)s") % {"count": facts.member_count}
    return (LATER if facts.is_put_off("members") else OPEN), gettext("Nobody is in it yet")


def _old_mail(facts: Facts) -> tuple[str, str]:
    assert facts.account is not None
    if facts.setup.old_mail_chosen or facts.was_read:
        return DONE, str(facts.account.get_start_display()).capitalize()
    return OPEN, ""


def _switch_on(facts: Facts) -> tuple[str, str]:
    if facts.channel.enabled and facts.setup.finished_at:
        return DONE, gettext("Mail is fetched")
    ready = facts.mailbox is not None and facts.queue is not None
    return (OPEN if ready else LOCKED), ""


_STATES: dict[str, Callable[[Facts], tuple[str, str]]] = {
    "account": _account,
    "test": _test,
    ROUND_TRIP: _round_trip,
    "mailbox": _mailbox,
    "queue": _queue,
    "members": _members,
    "old-mail": _old_mail,
    "switch-on": _switch_on,
}

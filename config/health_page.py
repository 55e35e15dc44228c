"""/admin/email/health/: how every part is, since when, and what to do, for people.

/readyz says the same to programs, shorter.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import cast

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.attachments.screen import scanner_diagnosis
from apps.channels.condition import accounts, anybody_waits_by_idle
from apps.channels.models import ChannelSettings
from apps.core.models import Role, User
from config import health
from config.condition import (
    backup,
    crm,
    domains,
    forecasts,
    ledger,
    loops,
    machine,
    mail,
    pdfs,
    storage,
)
from config.condition.line import Line, Section, State, measured
from config.condition.mail import ScannerAnswer

AGAIN_AFTER = 20  # seconds, then the page is loaded anew
WORST: tuple[State, ...] = ("down", "degraded")


@dataclass(frozen=True, slots=True)
class Condition:
    sections: list[Section]
    test_signatures: bool

    @property
    def troubles(self) -> list[Line]:
        """What needs somebody, the worst first."""
        lines = [line for section in self.sections for line in section.lines]
        return [line for state in WORST for line in lines if line.state == state]


def health_page(request: HttpRequest) -> HttpResponse:
    user = cast(object, request.user)
    if not (isinstance(user, User) and user.has_role(Role.ADMINISTRATOR, Role.AUDITOR)):
        raise Http404
    context = {
        **admin.site.each_context(request),
        "title": _("Health"),
        "condition": measure(),
        "measured_at": timezone.now(),
        "again_after": 0 if "still" in request.GET else AGAIN_AFTER,
    }
    return TemplateResponse(request, "admin/health/page.html", context)


def measure() -> Condition:
    """Everything; what hangs is waited for once and together, as long as /readyz waits."""
    outside = _ask_outside()
    fetching = _Fetching()
    lines = measured("channel", _("Channel and accounts"), fetching.lines)
    sections = [
        Section("fetching", _("Channel and accounts"), lines),
        Section("work", _("On its way"), _work(channel_on=fetching.channel_on)),
        Section(
            "files",
            _("Files"),
            [
                *measured("scanner", _("Virus scanner"), partial(mail.scanner, outside.scanner)),
                *measured("files", _("Files to be scanned"), mail.files),
                *measured("found-later", _("Files found infected later"), mail.found_later),
            ],
        ),
        Section("processes", _("Processes"), _processes(outside, fetching.idle_wanted)),
        Section("machine", _("Database and machine"), _machine(outside)),
    ]
    return Condition(sections, mail.test_signatures_used(outside.scanner))


class _Fetching:
    """The switch and the accounts, and what other parts have to know of them."""

    channel_on = idle_wanted = False

    def lines(self) -> Iterator[Line]:
        channel = ChannelSettings.load()
        self.channel_on = channel.enabled
        yield from mail.switch(channel)
        found = accounts(channel_on=self.channel_on)
        self.idle_wanted = self.channel_on and anybody_waits_by_idle(found)
        yield from mail.accounts(found)
        yield from forecasts.warnings(found)
        yield from mail.reply_addresses(found)
        yield from domains.got_worse(found)


def _work(*, channel_on: bool) -> list[Line]:
    waiting = partial(mail.waiting, channel_on=channel_on)
    return [
        *measured("waiting", _("Mail on its way"), waiting),
        *measured("restored", _("Restored backup"), backup.restored),
        *measured("updates", _("Updates for the CRM"), crm.crm),
        *measured("pdfs", _("PDFs of conversations"), pdfs.pdfs),
        *measured("storage", _("Files for the storage"), storage.storage),
        *measured("ledger", _("Ledger"), ledger.ledger),
        *measured("quarantine", _("Quarantine"), mail.quarantine),
        *measured("loops", _("Mail in a loop"), loops.loops),
        *measured("contacts", _("Calls and chats without an end"), mail.contacts),
    ]


def _processes(outside: "_Outside", idle_wanted: bool) -> list[Line]:
    living = partial(machine.processes, idle_wanted=idle_wanted)
    return [*measured("processes", _("Processes"), living), *machine.broker(outside.broker)]


def _machine(outside: "_Outside") -> list[Line]:
    return [
        *measured("database", _("Database"), machine.database),
        *measured("migrations", _("Tables"), machine.migrations),
        *machine.disk(outside.disk),
        *measured("secrets", _("Secrets"), machine.secrets),
        *machine.version(),
    ]


# ---- what may hang ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Outside:
    broker: str | None
    disk: tuple[int, int] | None
    scanner: ScannerAnswer


def _ask_outside() -> _Outside:
    deadline = time.monotonic() + health.PATIENCE
    broker, disk, scanner = health.BROKER.ask(), DISK.ask(), SCANNER.ask()
    return _Outside(
        broker=health.answer(broker, deadline),
        disk=health.answer(disk, deadline),
        scanner=ScannerAnswer(health.answer(scanner, deadline), SCANNER.asked_for),
    )


def _free_space() -> tuple[int, int] | None:
    try:
        return machine.free_space()
    except OSError:
        return None


DISK = health.Check(_free_space)
SCANNER = health.Check(scanner_diagnosis)

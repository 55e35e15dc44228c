"""The machine and its processes: database, broker, workers, disk, clock, secrets, version."""

import platform
import shutil
from collections.abc import Iterator
from functools import cache

import django
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.channels import idle
from apps.core.db.facts import DatabaseFacts, database_facts
from apps.core.health import SILENT_AFTER, Sign, signs_of_life
from apps.core.rotation import Found, look_into
from apps.core.secrets import sealed_places
from apps.tickets.condition import messages_up_to
from config.condition.line import Cure, Line, State, grouped, size, span
from config.launch import locks

OUTGROWN = 50_000  # messages in SQLite
CLOCK_APART, CLOCK_WRONG = 2.0, 300.0  # seconds
DISK_LOW, DISK_FULL = 0.10, 0.02
IDLE_SILENT_AFTER = 40  # seconds; its lease is renewed every five
SECRETS_LOOKED_AT = 500  # rows of each table
NAMED = 5
MIGRATE = "python3 manage.py migrate"
STARTED_AT = timezone.now()

PROCFILE = {
    "worker": "python -m celery -A config.celery worker -Q celery --pool threads --concurrency 8",
    "intake": "python -m celery -A config.celery worker -Q intake --pool threads --concurrency 4",
    "beat": "python -m celery -A config.celery beat",
    "idle": "python manage.py idle",
}


def database() -> Iterator[Line]:
    facts = database_facts()
    yield _database(facts)
    yield _clock(facts)


def _database(facts: DatabaseFacts) -> Line:
    fact = f"{facts.kind} {facts.version}, {size(facts.size)}"
    if not facts.for_trial:
        return Line("database", _("Database"), "ok", fact)
    messages = messages_up_to(OUTGROWN + 1)
    if messages > OUTGROWN:
        told = _("%(fact)s, more than %(limit)s messages: SQLite is outgrown.")
        cure = Cure(
            _("Move to PostgreSQL 15 or newer: set its address, then start again."),
            "DATABASE_URL=postgres://USER:PASSWORD@HOST/NAME",
        )
        fact = told % {"fact": fact, "limit": grouped(OUTGROWN)}
        return Line("database", _("Database"), "degraded", fact, cures=(cure,))
    told = _("%(fact)s, %(messages)s of at most %(limit)s messages; SQLite is for trial.")
    counts = {"messages": grouped(messages), "limit": grouped(OUTGROWN)}
    fact = told % {"fact": fact, **counts}
    return Line("database", _("Database"), "ok", fact)


def _clock(facts: DatabaseFacts) -> Line:
    apart = abs(facts.seconds_ahead)
    if apart < CLOCK_APART:
        return Line("clock", _("Clocks"), "ok", _("Database and web process agree."))
    fact = _("The database's clock is %(span)s ahead of this machine's.")
    if facts.seconds_ahead < 0:
        fact = _("The database's clock is %(span)s behind this machine's.")
    cure = Cure(_("Let both machines set their clocks by the network:"), "timedatectl set-ntp true")
    state: State = "down" if apart >= CLOCK_WRONG else "degraded"
    return Line("clock", _("Clocks"), state, fact % {"span": span(apart)}, cures=(cure,))


def migrations() -> Iterator[Line]:
    applied = MigrationRecorder(connection).applied_migrations()
    missing = sorted(_migrations_in_the_code() - set(applied))
    if not missing:
        yield Line("migrations", _("Tables"), "ok", _("All migrations are applied."))
        return
    names = ", ".join(f"{app}.{name}" for app, name in missing[:NAMED])
    fact = ngettext(
        "%(count)d migration is not applied: %(names)s",
        "%(count)d migrations are not applied: %(names)s",
        len(missing),
    ) % {"count": len(missing), "names": names}
    cure = Cure(_("Stop the other processes, back the database up, then:"), MIGRATE)
    yield Line("migrations", _("Tables"), "down", fact, cures=(cure,))


@cache
def _migrations_in_the_code() -> set[tuple[str, str]]:
    """Read once: what lies on the disk of a running process does not count for it."""
    return set(MigrationLoader(None).disk_migrations or ())


# ---- processes ----------------------------------------------------------------------------------


def broker(state: str | None) -> Iterator[Line]:
    """STATE as /readyz found it; None: no answer in time."""
    name = _("Broker")
    if state == "ok":
        yield Line("broker", name, "ok", _("Answers."))
        return
    if not settings.REDIS_URL:
        cure = Cure(
            _("Start with `up`, which brings one, or name yours:"), "REDIS_URL=redis://HOST"
        )
        yield Line("broker", name, "down", _("REDIS_URL is not set."), cures=(cure,))
        return
    fact = _("Does not answer. Mail still comes in and leaves, later: rows are swept.")
    cure = _look_into("broker", _("Start Redis or Valkey again."), "systemctl restart redis")
    yield Line("broker", name, "down", fact, cures=(cure,))


def processes(*, idle_wanted: bool) -> Iterator[Line]:
    yield _web()
    signs = signs_of_life()
    for key, name in (("worker", _("Worker")), ("intake", _("Intake")), ("beat", _("Beat"))):
        yield _process(key, name, signs.get(key))
    yield _idle(wanted=idle_wanted)


def _web() -> Line:
    seconds = (timezone.now() - STARTED_AT).total_seconds()
    fact = _("Answers; it runs for %(span)s.") % {"span": span(seconds)}
    return Line("web", _("Web"), "ok", fact)


def _process(key: str, name: str, last: Sign | None) -> Line:
    """Signs come with tasks that beat sends, one by the worker and one by who takes mail in."""
    if last and last.age < SILENT_AFTER.total_seconds():
        return Line(key, name, "ok", _last_sign(last))
    sentence = {
        "worker": _("No task is worked on. Start the worker; if it runs, beat is what is missing."),
        "intake": _(
            "Mail is fetched and kept, but nobody takes it in. Start it;"
            " if it runs, beat is what is missing."
        ),
        "beat": _("Nothing happens by the clock. Start beat once, not twice."),
    }[key]
    cure = _look_into(_log_of(key), sentence, PROCFILE[key])
    return Line(key, name, "down", _last_sign(last), last.at if last else None, (cure,))


def _log_of(key: str) -> str:
    """Under `up` the worker does all of it, but for intake where that has a process of its own."""
    own = settings.DATA_DIR / "log" / "intake.log"
    return "intake" if key == "intake" and own.exists() else "worker"


def _idle(*, wanted: bool) -> Line:
    """It makes fetching faster and never replaces it, so it is never down."""
    name = _("IDLE")
    if not wanted:
        return Line("idle", name, "off", _("No account asks for it."))
    last = idle.last_sign()
    if last and last.age < IDLE_SILENT_AFTER:
        return Line("idle", name, "ok", _last_sign(last))
    sentence = _("Mail is fetched by the clock alone, which is slower. Start it again.")
    cure = _look_into("worker", sentence, PROCFILE["idle"])
    since = last.at if last else None
    return Line("idle", name, "degraded", _last_sign(last), since, (cure,))


def _last_sign(last: Sign | None) -> str:
    if last is None:
        return _("No sign of life since this start.")
    return _("Last sign of life %(span)s ago.") % {"span": span(last.age)}


def _look_into(log: str, sentence: str, command: str) -> Cure:
    """Under `up` a process that ended is started again by itself: its log says why it ends."""
    if not locks.is_held(settings.DATA_DIR):
        return Cure(sentence, command)
    said = _("%(sentence)s `up` starts it again by itself; if it stays away, its log says why:")
    file = settings.DATA_DIR / "log" / f"{log}.log"
    return Cure(said % {"sentence": sentence}, f"tail -n 30 {file}")


# ---- disk, secrets, version ---------------------------------------------------------------------


def free_space() -> tuple[int, int]:
    """Free and whole bytes of the disk with the data folder; a dead network disk never answers."""
    usage = shutil.disk_usage(settings.DATA_DIR)
    return usage.free, usage.total


def disk(found: tuple[int, int] | None) -> Iterator[Line]:
    name = _("Disk")
    if found is None:
        cure = Cure(_("Is the disk of the data folder still there?"), f"df -h {settings.DATA_DIR}")
        yield Line("disk", name, "down", _("The data folder cannot be read."), cures=(cure,))
        return
    free, whole = found
    share = free / whole if whole else 0
    fact = _("%(free)s free of %(whole)s (%(percent)d %%) where the data folder lies.") % {
        "free": size(free),
        "whole": size(whole),
        "percent": int(share * 100),
    }
    if share >= DISK_LOW:
        yield Line("disk", name, "ok", fact)
        return
    state: State = "degraded" if share >= DISK_FULL else "down"
    sentence = _("Make room or a larger disk. A full disk takes no mail; nothing is lost by it.")
    cure = Cure(sentence, f"du -xh --max-depth=2 {settings.DATA_DIR} | sort -h | tail")
    yield Line("disk", name, state, fact, cures=(cure,))


def secrets() -> Iterator[Line]:
    """Every stored password can be opened, and which key that takes."""
    name = _("Secrets")
    try:
        found = look_into(sealed_places(), limit=SECRETS_LOOKED_AT)
    except ValueError:
        cure = Cure(_("Put back the key that was there; it is in your backup of the data folder."))
        fact = _("CARTERIA_KEY is no key: nothing can be sealed or opened.")
        yield Line("secrets", name, "down", fact, cures=(cure,))
        return
    broken = [_named(one, identity) for one in found for identity in one.broken]
    if broken:
        yield _broken_secrets(name, broken)
        return
    stored, older = sum(one.secrets for one in found), sum(one.older for one in found)
    fact = ngettext("%(n)d stored, it opens.", "%(n)d stored, all open.", stored) % {"n": stored}
    if not older:
        yield Line("secrets", name, "ok", fact)
        return
    fact += " " + _("%(n)d with an older key.") % {"n": older}
    cure = Cure(_("To let the older key go:"), "python3 manage.py rotate_keys")
    yield Line("secrets", name, "ok", fact, cures=(cure,))


def _broken_secrets(name: str, broken: list[str]) -> Line:
    fact = _("%(n)d cannot be opened: %(names)s") % {
        "n": len(broken),
        "names": ", ".join(broken[:NAMED]),
    }
    cures = (
        Cure(_("Put the key that sealed them back, behind a comma:"), "CARTERIA_KEY=NEW,OLD"),
        Cure(_("Or type these passwords again in their settings.")),
    )
    return Line("secrets", name, "down", fact, cures=cures)


def _named(found: Found, identity: str) -> str:
    return f"{found.place.model} {identity} ({found.place.field})"


def version() -> Iterator[Line]:
    parts = {"python": platform.python_version(), "django": django.get_version()}
    fact = _("Carteria %(version)s, Python %(python)s, Django %(django)s") % {
        "version": settings.VERSION,
        **parts,
    }
    yield Line("version", _("Version"), "ok", fact)

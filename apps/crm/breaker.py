"""The circuit breaker of a connection: a CRM that is down is asked again by one thread at a time.

Open after OPEN_AFTER failures in a row that would have met any thread, at once when the CRM asks
us to wait or does not accept our user. When the pause is over, whoever takes `may_ask` first
tries; the others wait for what comes of it.
"""

from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone, translation
from django.utils.translation import gettext

from apps.channels.models import ChannelSettings
from apps.core.leases import in_seconds
from apps.crm.connectors.base import CrmError
from apps.crm.models import CrmConnection

OPEN_AFTER = 5
SHORTEST_PAUSE, LONGEST_PAUSE = 30.0, 900.0  # seconds
OF_ONE_TRY = 60  # seconds: so long the others wait for it
NOTED_EVERY = 60  # seconds between two notes that all is well


def paused() -> list[int]:
    """Connections that are not to be asked now."""
    rows = CrmConnection.objects.filter(paused_until__gt=Now())
    return list(rows.values_list("pk", flat=True))


def may_ask(connection: CrmConnection) -> bool:
    """One winner after each pause; everybody while there is none."""
    if connection.paused_until is None:
        return True
    over = CrmConnection.objects.filter(pk=connection.pk, paused_until__lte=Now())
    return bool(over.update(paused_until=in_seconds(OF_ONE_TRY)))


def note(connection: CrmConnection, error: CrmError | None) -> None:
    """What came of asking; CONNECTION says afterwards whether it is paused."""
    if error is None or not error.is_of_connection:
        _note_answer(connection)
    else:
        _note_failure(connection, error)


def close(connection: CrmConnection) -> None:
    """By hand, after a test that went well: everything that waits is tried again."""
    _save(connection, failures=0, paused_until=None, error="", error_code="", answered_at=Now())


def words_of(error: CrmError) -> str:
    """In the language of the installation: the sentence is stored, and read by many."""
    with translation.override(ChannelSettings.load().language):
        said = gettext(error.words)
    return said % error.facts if error.facts else said


def _note_answer(connection: CrmConnection) -> None:
    if connection.failures or connection.paused_until:
        close(connection)
    elif _is_old(connection):
        _save(connection, answered_at=Now())


def _is_old(connection: CrmConnection) -> bool:
    last = connection.answered_at
    return last is None or (timezone.now() - last).total_seconds() > NOTED_EVERY


def _note_failure(connection: CrmConnection, error: CrmError) -> None:
    pause = _pause(connection.failures + 1, error)
    _save(
        connection,
        failures=F("failures") + 1,
        paused_until=in_seconds(pause) if pause else None,
        error=words_of(error),
        error_code=error.code,
        failed_at=Now(),
    )


def _pause(failures: int, error: CrmError) -> float:
    """Seconds; 0 while it is too early to call the CRM down."""
    if error.retry_after:
        return error.retry_after
    if error.code in ("busy", "auth"):
        failures += OPEN_AFTER - 1
    if failures < OPEN_AFTER:
        return 0
    return float(min(SHORTEST_PAUSE * 2 ** min(failures - OPEN_AFTER, 10), LONGEST_PAUSE))


def _save(connection: CrmConnection, **values: object) -> None:
    CrmConnection.objects.filter(pk=connection.pk).update(**values)
    connection.refresh_from_db(fields=list(values))

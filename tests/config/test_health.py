"""/healthz and /readyz: who is down, who only degrades, and never a slow answer."""

import threading
import time
from collections.abc import Callable

import pytest
from django.test import Client

from apps.core.health import beat
from config import health

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets what the checks of other servers say."""

    def set_answers(*, broker: str = "ok", scanner: str = "ok") -> None:
        monkeypatch.setattr(health, "BROKER", health.Check(_saying(broker)))
        monkeypatch.setattr(health, "SCANNER", health.Check(_saying(scanner)))

    return set_answers


def _saying(state: str) -> Callable[[], str]:
    def check() -> str:
        return state

    return check


@pytest.fixture(autouse=True)
def stored_in_this_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """An SQLite in memory is not shared well between threads."""
    state = health._stored

    class Here:
        def ask(self) -> object:
            asked: health.Future[object] = health.Future()
            asked.set_result(state())
            return asked

    monkeypatch.setattr(health, "STORED", Here())


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    assert health.PATIENCE < 1
    monkeypatch.setattr(health, "PATIENCE", 3)  # beside which a slow machine's own time is little


def alive(*names: str) -> None:
    for name in names:
        beat(name)


def test_healthz_only_says_that_the_process_lives(client: Client) -> None:
    assert client.get("/healthz").json() == {"ok": True}


def test_everybody_well_is_ok(client: Client, answered: Callable[..., None]) -> None:
    answered()
    alive("worker", "intake", "beat")
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ok": True,
        "components": dict.fromkeys(
            ("database", "broker", "worker", "beat", "scanner", "accounts"), "ok"
        ),
    }


def test_a_silent_worker_is_not_ready(client: Client, answered: Callable[..., None]) -> None:
    answered()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["components"]["worker"] == "down"


def test_mail_that_nobody_takes_in_is_not_ready(
    client: Client, answered: Callable[..., None]
) -> None:
    answered()
    alive("worker", "beat")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["components"]["worker"]) == (503, "down")


def test_a_lost_broker_is_not_ready(client: Client, answered: Callable[..., None]) -> None:
    answered(broker="down")
    alive("worker", "intake")
    assert client.get("/readyz").status_code == 503


def test_scanner_and_beat_down_stay_ready(client: Client, answered: Callable[..., None]) -> None:
    answered(scanner="down")
    alive("worker", "intake")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ok"]) == (200, True)
    assert answer.json()["components"]["beat"] == "down"


def test_who_hangs_is_down_within_a_second(
    client: Client, answered: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    answered()
    alive("worker", "intake")
    released = threading.Event()
    hanging = health.Check(lambda: "ok" if released.wait(30) else "down")
    monkeypatch.setattr(health, "SCANNER", hanging)
    begun = time.monotonic()
    components = client.get("/readyz").json()["components"]
    assert time.monotonic() - begun < 2 * health.PATIENCE
    assert components["scanner"] == "down"
    assert hanging.ask() is hanging.asked  # asked once, however often somebody looks
    released.set()

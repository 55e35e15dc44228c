"""The environment and the commands of our own processes."""

import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from config.launch.children import Child
from config.launch.places import given

WORKER_THREADS = 4
# All of them (config/celery.py); the Procfile has a worker for each.
QUEUES, INTAKE = ("celery", "pdf", "intake"), "intake"
LARGEST_FRAME = 16 * 1024  # bytes; a browser says a few words, and nobody gets to fill the memory


def environment(data: Path, *, host: str) -> dict[str, str]:
    """What every child is told."""
    told = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "CARTERIA_DATA": str(data),
        "CARTERIA_NO_BOOTSTRAP": "1",
        "ALLOWED_HOSTS": ",".join(_allowed_hosts(host)),
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",  # threads share memory pools: half the size, same speed
        "MALLOC_MMAP_THRESHOLD_": str(2**20),  # what large mails took goes back to the system
    }
    for name in ("CARTERIA_DATA_FILE", "ALLOWED_HOSTS_FILE"):
        told.pop(name, None)  # a FILE would win over what is said here
    return told


def _allowed_hosts(host: str) -> list[str]:
    """The launcher asks /readyz by 127.0.0.1; a wide address is reached by the machine's name."""
    named = [word.strip() for word in given("ALLOWED_HOSTS").split(",") if word.strip()]
    if named:
        return [*named, "127.0.0.1"]
    hosts = ["127.0.0.1", "localhost", "[::1]"]
    external = given("EXTERNAL_URL").partition("://")[2].partition("/")[0]
    name = external.rsplit(":", 1)[0] if not external.endswith("]") else external
    own = [socket.gethostname()] if host in {"0.0.0.0", "::", ""} else [host]
    return list(dict.fromkeys(word for word in [*hosts, name, *own] if word))


def web(told: dict[str, str], listener: socket.socket) -> Child:
    options = ["--lifespan", "off", "--no-access-log", "--log-level", "warning"]
    options += ["--ws-max-size", str(LARGEST_FRAME)]
    # Whose word on addresses counts, TRUSTED_PROXIES says (apps/core/client.py).
    ends = ["--timeout-graceful-shutdown", "5", "--no-server-header", "--no-proxy-headers"]
    application = ["config.asgi:application", "--fd", str(listener.fileno())]
    return Child(
        name="web",
        command=[sys.executable, "-m", "uvicorn", *application, *options, *ends],
        environment=dict(told),
        rank=2,
        pass_fds=(listener.fileno(),),
    )


def workers(told: dict[str, str]) -> list[Child]:
    """SQLite has one writer anyway."""
    on_postgres = given("DATABASE_URL").startswith("postgres")
    return worker_and_intake(told) if on_postgres else [worker(told)]


def worker_and_intake(told: dict[str, str]) -> list[Child]:
    """Mail is taken in by a process of its own, so that a second core works."""
    rest = [queue for queue in QUEUES if queue != INTAKE]
    return [worker(told, rest), _tasks("intake", told, [INTAKE])]


def worker(told: dict[str, str], queues: Sequence[str] = QUEUES) -> Child:
    """One process for tasks, beat and IDLE: three less to start and to keep in memory."""
    inside = {"CARTERIA_BEAT_IN_WORKER": "1", "CARTERIA_IDLE_IN_WORKER": "1"}
    return _tasks("worker", {**told, **inside}, queues)


def _tasks(name: str, told: dict[str, str], queues: Sequence[str]) -> Child:
    threads = ["--pool", "threads", "--concurrency", str(WORKER_THREADS)]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    options = ["-Q", ",".join(queues), "-n", f"{name}@%h", *threads, *quiet]
    checks = {"CELERY_SKIP_CHECKS": "1"}  # they would import every page of the web process
    return Child(
        name=name,
        command=[sys.executable, "-m", "celery", "-A", "config.celery", "worker", *options],
        environment={**told, **checks},
        rank=2,
    )


def prepare(
    told: dict[str, str], *, url: str, configurations: list[str], demo: str | None, output: Path
) -> Child:
    """DEMO names the people who get tokens; None: this is no demo."""
    wanted = [f"--configure={file}" for file in configurations]
    wanted += [f"--demo={demo}"] if demo is not None else []
    return Child(
        name="prepare",
        command=[sys.executable, "-m", "django", "prepare", f"--url={url}", *wanted],
        environment={k: v for k, v in told.items() if k != "CARTERIA_CRASH_AT"},
        rank=2,
        once=True,
        output=output,
    )

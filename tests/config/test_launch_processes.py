"""The commands of our processes, of `up` and of the Procfile alike."""

import shlex
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from apps.core.live_socket import LONGEST
from config.celery import app
from config.launch import processes
from config.launch.children import Child

FRAME = "--ws-max-size"


def test_nobody_fills_the_memory_with_one_frame() -> None:
    with socket.socket() as listener:
        command = [str(word) for word in processes.web({}, listener).command]
    by_hand = shlex.split(Path("Procfile").read_text().splitlines()[0], posix=False)
    largest = {int(words[words.index(FRAME) + 1]) for words in (command, by_hand)}
    assert largest == {processes.LARGEST_FRAME}
    assert 4 * LONGEST <= processes.LARGEST_FRAME <= 64 * 1024  # what we refuse ourselves fits in


def test_every_queue_of_tasks_has_a_worker_in_both_ways_of_running() -> None:
    queues = {"celery", *(route["queue"] for route in app.conf.task_routes.values())}
    assert served_by([processes.worker({})]) == sorted(queues)
    assert served_by(processes.workers({})) == sorted(queues)
    lines = [shlex.split(line) for line in Path("Procfile").read_text().splitlines()]
    workers = [words for words in lines if "worker" in words]
    assert sorted(name for words in workers for name in queues_in(words)) == sorted(queues)


@pytest.mark.parametrize(
    ("database", "names"),
    [("", ["worker"]), ("sqlite:////x", ["worker"]), ("postgres://x/y", ["worker", "intake"])],
)
def test_mail_is_taken_in_by_a_process_of_its_own_beside_postgresql(
    monkeypatch: pytest.MonkeyPatch, database: str, names: list[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    workers = processes.workers({})
    assert [child.name for child in workers] == names
    assert served_by(workers) == sorted(processes.QUEUES)
    alone = [child for child in workers if "intake" in queues_in(child.command)]
    assert [child.name for child in alone] == names[-1:]


def served_by(children: Sequence[Child]) -> list[str]:
    return sorted(name for child in children for name in queues_in(child.command))


def queues_in(command: Sequence[object]) -> list[str]:
    words = list(map(str, command))
    return words[words.index("-Q") + 1].split(",")

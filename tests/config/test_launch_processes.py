"""The commands of our processes, of `up` and of the Procfile alike."""

import shlex
import socket
from pathlib import Path

from apps.core.live_socket import LONGEST
from config.celery import app
from config.launch import processes

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
    command = [str(word) for word in processes.worker({}).command]
    assert set(command[command.index("-Q") + 1].split(",")) == queues
    lines = [shlex.split(line) for line in Path("Procfile").read_text().splitlines()]
    workers = [words for words in lines if "worker" in words]
    served = [words[words.index("-Q") + 1].split(",") for words in workers]
    assert sorted(name for names in served for name in names) == sorted(queues)

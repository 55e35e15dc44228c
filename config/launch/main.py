"""Which command it is: ours, or one of Django's."""

import importlib
import os
import sys

from config.launch import bootstrap
from config.launch.progress import Failure

OURS = ("up", "test", "lint", "bench")
WITH_DEV = frozenset({"test", "lint", "bench"})

_NOT_OURS = (
    "the data folder {} belongs to another user; give the command as that user,"
    " or name another folder with CARTERIA_DATA"
)


def run(argv: list[str]) -> int:
    """Makes the environment, then hands over; answers the exit code."""
    command = argv[1] if len(argv) > 1 else "help"
    try:
        bootstrap.enter_environment(argv, dev=command in WITH_DEV)
        if command in OURS:
            return _ours(command, argv[2:])
        return _django(argv)
    except Failure as failure:
        print(f"carteria: {failure.sentence}", file=sys.stderr)
        return failure.code
    except KeyboardInterrupt:
        return 130


def _ours(command: str, arguments: list[str]) -> int:
    names = {"up": "up", "test": "testing", "lint": "lint", "bench": "bench"}
    module = importlib.import_module(f"config.launch.{names[command]}")
    return int(module.main(arguments))


def _django(argv: list[str]) -> int:
    from config.launch.keys import lend_passing_keys
    from config.launch.places import data_folder
    from config.launch.running import join_running
    from config.launch.scanner import lend_system_clamd

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        join_running()
    except PermissionError:
        raise Failure(_NOT_OURS.format(data_folder())) from None
    if argv[1:2] == ["mailcheck"]:
        lend_passing_keys(data_folder())
        lend_system_clamd()
    from django.core.management import execute_from_command_line

    execute_from_command_line(argv)
    return 0

"""The kernel's filter, read step by step as the kernel reads it, for both machines."""

import os

import pytest

from apps.core import child_walls as walls

MACHINES = list(walls._MACHINES.values())
ALLOWED, KILLED = walls._ALLOW, walls._KILL
REFUSED, ABSENT = walls._ERROR | walls._EPERM, walls._ERROR | walls._ENOSYS
READ = (0, 63)
THREAD = 0x3D0F00  # as libc makes one


def verdict(machine: int, architecture: int, number: int | None, *arguments: int) -> int:
    """What becomes of one call."""
    steps = walls._filter(machine, walls._MACHINES["aarch64" if machine else "x86_64"][1])
    words = {0: number or 0, 4: architecture}
    words |= {16 + 8 * place: value for place, value in enumerate(arguments)}
    place = loaded = 0
    while True:
        code, if_true, if_false, value = steps[place]
        place += 1
        if code == walls._LOAD:
            loaded = words.get(value, 0)
        elif code == walls._ANSWER:
            return value
        else:
            true = {
                walls._EQUAL: loaded == value,
                walls._AT_LEAST: loaded >= value,
                walls._ANY_BIT: bool(loaded & value),
            }[code]
            place += if_true if true else if_false


@pytest.mark.parametrize(("machine", "architecture"), MACHINES)
def test_every_call_of_the_list_is_refused(machine: int, architecture: int) -> None:
    for name, numbers in walls._CALLS.items():
        if numbers[machine] is not None:
            assert verdict(machine, architecture, numbers[machine]) == REFUSED, name
    for numbers in walls._ABSENT.values():
        assert verdict(machine, architecture, numbers[machine]) == ABSENT


@pytest.mark.parametrize(("machine", "architecture"), MACHINES)
def test_reading_goes_on(machine: int, architecture: int) -> None:
    assert verdict(machine, architecture, READ[machine]) == ALLOWED
    assert verdict(machine, architecture, walls._OPENAT[machine], 0, 0, os.O_RDONLY) == ALLOWED


@pytest.mark.parametrize(("machine", "architecture"), MACHINES)
@pytest.mark.parametrize("flags", [os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC | os.O_RDONLY])
def test_nothing_is_opened_to_be_written(machine: int, architecture: int, flags: int) -> None:
    assert verdict(machine, architecture, walls._OPENAT[machine], 0, 0, flags) == REFUSED
    if (number := walls._OPEN[machine]) is not None:
        assert verdict(machine, architecture, number, 0, flags) == REFUSED


@pytest.mark.parametrize(("machine", "architecture"), MACHINES)
def test_threads_are_allowed_and_processes_are_not(machine: int, architecture: int) -> None:
    assert verdict(machine, architecture, walls._CLONE[machine], THREAD) == ALLOWED
    assert verdict(machine, architecture, walls._CLONE[machine], 17) == REFUSED


@pytest.mark.parametrize(
    ("path", "readable"),
    [
        (walls.__file__, True),
        (os.__file__.encode(), True),
        (pytest.__file__, True),
        (0, True),
        ("/etc/passwd", False),
        (b"/etc/passwd", False),
        (f"{walls.APPS}/../config/settings.py", False),
        (f"{walls.APPS}x/secret", False),
        ("/proc/self/environ", False),
        (None, False),
    ],
)
def test_the_interpreter_reads_programs_alone(path: object, readable: bool) -> None:
    """Where the kernel has no Landlock, this wall stands alone."""
    assert walls._may_read(path) == readable


def test_calls_under_other_numbers_end_the_child() -> None:
    """The 32-bit ways into a 64-bit kernel."""
    machine, architecture = walls._MACHINES["x86_64"]
    assert verdict(machine, 0x40000003, 3) == KILLED
    assert verdict(machine, architecture, walls._X32 + 41) == KILLED


def test_steps_reach_where_they_jump() -> None:
    """A jump is one byte long."""
    for machine, architecture in MACHINES:
        steps = walls._filter(machine, architecture)
        assert max(max(step[1], step[2]) for step in steps) < 256
        assert len(steps) < 4096

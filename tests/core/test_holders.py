"""Names of holders: the dead are told from the living, and strangers are let alone."""

import os
import subprocess
import sys

from apps.core.holders import is_dead, new_holder

SAY = "from apps.core.holders import new_holder; print(new_holder(), flush=True); input()"


def test_names_differ_and_fit_the_column() -> None:
    names = {new_holder() for _name in range(100)}
    assert len(names) == 100 and {len(one) for one in names} == {32}


def test_we_are_alive() -> None:
    assert not is_dead(new_holder())


def test_a_process_is_dead_once_it_is_killed_buried_or_not() -> None:
    pipe = subprocess.PIPE
    other = subprocess.Popen([sys.executable, "-c", SAY], stdin=pipe, stdout=pipe, text=True)
    assert other.stdout
    holder = other.stdout.readline().strip()
    assert not is_dead(holder)
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    assert is_dead(holder)
    other.wait(10)
    assert is_dead(holder)


def test_the_number_of_a_dead_one_may_be_somebody_elses_now() -> None:
    mine = new_holder()
    assert is_dead(mine[:16] + "00000001" + mine[24:])


def test_of_another_machine_nothing_is_known() -> None:
    mine = new_holder()
    assert not is_dead("0" * 8 + mine[8:])
    assert not is_dead("") and not is_dead("1f" * 16)

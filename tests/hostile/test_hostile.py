"""Both corpora through the dry run: what must be held is held, what must pass passes.

The machine's own clock is asked for one thing only, the bound that the contract itself names.
"""

from collections.abc import Iterator

import pytest

from tests.hostile.cases import WORDS, Case
from tests.hostile.judge import faults, is_slow
from tests.hostile.mails import HONEST, HOSTILE
from tests.hostile.run import Run, run
from tests.servers.clamd import Clamd

pytestmark = pytest.mark.servers("clamd")

MEGABYTES = 300


def classes(cases: list[Case]) -> list[str]:
    return list(dict.fromkeys(case.attack for case in cases))


@pytest.fixture(scope="module")
def ran(clamd_server: Clamd) -> Run:
    """Once for all tests: one process reads every mail, as an operator would have it."""
    if clamd_server.process is None:
        clamd_server.start()
    return run([*HOSTILE, *HONEST], clamd_server.address)


def assert_as_promised(cases: list[Case], attack: str, ran: Run) -> None:
    bad = list(_not_as_promised([case for case in cases if case.attack == attack], ran))
    if bad:
        pytest.fail("\n".join(bad), pytrace=False)


def _not_as_promised(cases: list[Case], ran: Run) -> Iterator[str]:
    for case in cases:
        if found := faults(case, ran.line_of(case), scanned=True):
            yield f"{case.name}: {'; '.join(found)[:200]}"


@pytest.mark.contract("1.5.a", "1.5.b", "1.5.c", "1.5.e")
@pytest.mark.parametrize("attack", classes(HOSTILE))
def test_every_hostile_mail_is_held(attack: str, ran: Run) -> None:
    assert_as_promised(HOSTILE, attack, ran)


@pytest.mark.contract("1.5.b")
@pytest.mark.parametrize("kind", classes(HONEST))
def test_every_honest_mail_passes_and_can_be_read(kind: str, ran: Run) -> None:
    assert_as_promised(HONEST, kind, ran)


def test_no_mail_takes_longer_than_five_seconds(ran: Run) -> None:
    assert not [name for name, line in ran.lines.items() if is_slow(line)]


def test_no_mail_takes_more_than_300_megabytes(ran: Run) -> None:
    assert ran.peak_mb <= MEGABYTES


def test_no_word_of_a_mail_is_logged(ran: Run) -> None:
    words = (WORDS, "customer.test", "evil.test", "carteria.test", "report.pdf", "alert(1)")
    assert not [word for word in words if word in ran.errors]


def test_every_name_in_the_corpora_is_there_once() -> None:
    names = [case.name for case in (*HOSTILE, *HONEST)]
    assert len(names) == len(set(names))

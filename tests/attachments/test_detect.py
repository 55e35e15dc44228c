"""libmagic: the wheel's where there is one, the system's else, never a mixture."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from ctypes.util import find_library
from pathlib import Path

import pytest

from apps.attachments.detect import detected_type
from tests.attachments import samples as s

ROOT = Path(__file__).resolve().parents[2]
ASK = (
    "from apps.attachments.detect import detected_type as kind\n"
    "from tests.attachments import samples as s\n"
    "print(kind(s.PNG), kind(s.PDF), kind(s.FLAC))\n"
)
ANSWER = "image/png application/pdf audio/flac\n"
WITHOUT_SYSTEM = "import ctypes.util\nctypes.util.find_library = lambda name: None\n"
WITHOUT_WHEEL = (
    "import importlib.util as u\nreal = u.find_spec\n"
    "u.find_spec = lambda name, *a: None if name == 'pylibmagic' else real(name, *a)\n"
)
needs_system = pytest.mark.skipif(not find_library("magic"), reason="no libmagic1 here")


@pytest.mark.parametrize(
    "before",
    [
        "",
        WITHOUT_SYSTEM,
        pytest.param("import magic\n", marks=needs_system),
        pytest.param(WITHOUT_WHEEL, marks=needs_system),
    ],
    ids=["as it is", "no system library", "magic was imported first", "no wheel"],
)
def test_types_are_told_on_every_machine(before: str) -> None:
    command = [sys.executable, "-c", before + ASK]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == (ANSWER, "")


def test_many_threads_may_ask_at_once() -> None:
    samples = [s.PNG, s.PDF, s.FLAC, s.JPEG] * 200
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(detected_type, samples)) == [detected_type(x) for x in samples]

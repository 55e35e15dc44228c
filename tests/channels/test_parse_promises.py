"""What holds for every mail, and what fuzzing found (`python -m tests.fuzz`)."""

import pytest

from apps.channels.parse import parse
from tests.channels.odd_mails import NAMES, raw
from tests.fuzz.promises import keep
from tests.mutants import mutants

FOUND = {
    "a control character in the return path": b"Return-Path: <a@x.test\0>\r\nFrom: a@x.test\r\n\r\nx",
    "a yEnc file without a name": b"From: a@x.test\r\n\r\nSee\r\n=ybegin line=128 size=3\r\nabc\r\n=yend\r\n",
}


@pytest.mark.parametrize("name", NAMES)
def test_every_promise_is_kept_for_the_samples(name: str) -> None:
    keep(raw(name))


def test_every_promise_is_kept_for_mutants() -> None:
    for mail in mutants(1000, seed=11):
        keep(mail)


@pytest.mark.parametrize("case", FOUND)
def test_every_promise_is_kept_for_what_fuzzing_found(case: str) -> None:
    keep(FOUND[case])


def test_a_packed_file_without_a_name_is_called_by_its_number() -> None:
    (file,) = parse(FOUND["a yEnc file without a name"]).files
    assert file.name == "attachment-1.dat"

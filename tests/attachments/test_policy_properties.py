"""What no disguise changes: names with invisible letters, contents with junk around them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.attachments.families import DENIED
from apps.attachments.policy import judge
from tests.attachments import mails as m
from tests.attachments import samples as s

INVISIBLE = st.text("\u200b\u200d\u2060\ufeff\u00ad\u202e\u2066\u034f\u3164\ufe0f\U000e0061\0\x07")
TAIL = st.text(" .\u00a0\u3000\u200b\uff0e", max_size=20)
JUNK = st.binary(max_size=64)

# A reader finds these wherever they begin. Not here: RAR 1, LE and LX programs and archives
# without an end record, which no reader opens with something before them.
FOUND_ANYWHERE = {
    "PE": s.program(),
    "NE": s.new_program(),
    "ZIP": s.ZIP,
    "ZIP64": s.big_zip(),
    "JAR": s.JAR,
    "RAR 5": s.RAR,
    "RAR 4": s.RAR4,
}
REFUSED_WITH_A_TAIL = FOUND_ANYWHERE | {
    "LX": s.program(b"LX"),
    "RAR 1": b"RE\x7e\x5e\7\0" + bytes(40),
    "HEIC": s.HEIC,
    "SVG": s.SVG,
    "FLAC": s.FLAC,
    "mail": m.mail(m.part(b"x", "a.exe")),
    "winmail.dat": m.tnef(m.tnef_file(b"x", "a.exe")),
    "msg": m.outlook_message("a.exe", b"x"),
}


@pytest.mark.contract("1.5.c")
@given(st.sampled_from(sorted(DENIED)), st.data(), TAIL)
def test_no_disguise_makes_a_denied_name_allowed(
    ending: str, data: st.DataObject, tail: str
) -> None:
    letters = (data.draw(st.sampled_from([one, one.upper()])) for one in f".{ending}")
    name = "invoice" + "".join(one + data.draw(INVISIBLE) for one in letters) + tail
    assert judge([name], b"x").reason == "type-denied"


@pytest.mark.contract("1.5.c")
@settings(max_examples=300)
@given(st.sampled_from(sorted(FOUND_ANYWHERE)), JUNK, JUNK)
def test_junk_around_a_program_or_archive_hides_nothing(
    kind: str, front: bytes, back: bytes
) -> None:
    assert not judge(["a.pdf"], front + FOUND_ANYWHERE[kind] + back).allowed


@pytest.mark.contract("1.5.c")
@given(st.sampled_from(sorted(REFUSED_WITH_A_TAIL)), JUNK)
def test_junk_behind_a_refused_file_hides_nothing(kind: str, back: bytes) -> None:
    assert not judge(["a.pdf"], REFUSED_WITH_A_TAIL[kind] + back).allowed


@given(st.lists(st.text(max_size=60), max_size=4), st.binary(max_size=400))
def test_no_name_and_no_bytes_break_the_judge(names: list[str], content: bytes) -> None:
    judge(names, content)


@settings(max_examples=200)
@given(
    st.sampled_from([m.tnef(m.tnef_file(s.PDF, "a.pdf")), m.outlook_message("a.pdf", s.PDF)]),
    st.lists(st.tuples(st.integers(0, 8000), st.integers(0, 255)), max_size=12),
    st.integers(1, 10_000),
)
def test_no_broken_container_breaks_the_judge(
    whole: bytes, hits: list[tuple[int, int]], length: int
) -> None:
    broken = bytearray(whole)
    for place, byte in hits:
        broken[place % len(broken)] = byte
    judge(["a.dat"], bytes(broken[:length]))

"""winmail.dat: its files with every name, in any state of repair."""

from hypothesis import given
from hypothesis import strategies as st

from apps.core.mime.tnef import MOST_FILES, is_whole_tnef, read_tnef, tnef_files
from tests.attachments import mails as m

FILE = b"%PDF-1.4 bytes of a file"


def test_a_file_comes_with_both_its_names() -> None:
    [file] = tnef_files(m.tnef(m.tnef_file(FILE, "MINUTE~1.PDF", long_name="Minutes añ.pdf")))
    assert file.names == ("Minutes añ.pdf", "MINUTE~1.PDF")
    assert file.content == FILE


def test_bytes_in_the_old_attribute_are_found_too() -> None:
    [file] = tnef_files(m.tnef(m.tnef_file(FILE, "a.pdf", data=0)))
    assert (file.names, file.content) == (("a.pdf",), FILE)


def test_a_message_within_is_tnef_again_and_its_title_no_name() -> None:
    [outer] = tnef_files(m.tnef(m.tnef_file(m.tnef(m.tnef_file(FILE, "a.pdf")), "Re: x", data=13)))
    assert outer.names == ()
    assert tnef_files(outer.content)[0].content == FILE


def test_what_is_cut_off_gives_what_is_there() -> None:
    whole = m.tnef(m.tnef_file(FILE, "a.pdf", data=0))
    [file] = tnef_files(whole[: whole.index(FILE) + 9])
    assert file.content == FILE[:9]


def test_it_is_whole_only_when_nothing_stands_behind_it() -> None:
    whole = m.tnef(m.tnef_file(FILE, "a.pdf"))
    assert is_whole_tnef(whole) and is_whole_tnef(whole + b"\0\0")
    assert not is_whole_tnef(whole + b"PK") and not is_whole_tnef(whole[:-30])


def test_too_many_files_are_said() -> None:
    found = read_tnef(m.tnef(*[m.tnef_file(b"x")] * (MOST_FILES + 1)))
    assert not found.complete and len(found.files) == MOST_FILES


def test_a_false_number_of_values_does_not_keep_it_busy() -> None:
    endless = b"\1\0\0\0" + b"\x1f\x10\x07\x37" + b"\xff\xff\xff\xff" + bytes(40_000)
    packed = m.TNEF + b"\1\0" + m.attribute(2, 0x9002, b"") + m.attribute(2, 0x9005, endless)
    assert not read_tnef(packed).complete


@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(content: bytes) -> None:
    read_tnef(m.TNEF + content)
    read_tnef(m.tnef() + b"\2\5\x90\6\0\xff\0\0\0" + content)

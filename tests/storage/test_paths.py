"""Paths of stored files: what a template may say, and what becomes of the values in it."""

import pytest

from apps.storage import paths
from apps.storage.paths import DEFAULT, clean_name, clean_value, filled, numbered, problem_of

VALUES = {
    "DATE": "2026-11-26",
    "YEAR": "2026",
    "MONTH": "11",
    "QUEUE": "Support",
    "SESSION_ID": "E5K8Q2M7R1TVX",
    "THREAD_ID": "T3M9Z0W4B6CDH",
    "DIRECTION": "in",
    "TICKET_ID": "1042",
}
FINE = (
    "",
    DEFAULT,
    "/{YEAR}/{QUEUE}/",
    "mail/{DATE}/{DIRECTION}-{SESSION_ID}",
    "{TICKET_ID}/{THREAD_ID}",
    "Übersicht {YEAR}/a.b",
)
REFUSED = {
    "{YEAR}/{Queue}": "write {QUEUE}: case matters",
    "{YEAR}/{CUSTOMER}": "There is no {CUSTOMER}; there are: {DATE}",
    "{}": "There is no {}",
    "a/../b": "“..” leads out",
    "../a": "“..” leads out",
    "a/./b": "“.” leads out",
    "a/.../b": "“...” leads out",
    "a/ .. /b": "leads out",
    "a//b": "Two slashes in a row",
    "a/ /b": "Two slashes in a row",
    "a\\b": "Write / between folders",
    "C:/mail": "leave out the drive",
    "~/mail": "leave out the drive",
    "a/\x00b": "Control characters",
    "a/b\n": "",
    "a\u202eb": "Control characters",
    "a\u200bb": "Control characters",
    "{YEAR": "A { without its }",
    "YEAR}": "A { without its }",
    "{{YEAR}}": "A { without its }",
    "a/b./c": "end with a dot",
    "a/b /c": "begin or end with a space",
    "a/b*c": "* cannot stand",
    "a/con/b": "“con” is a reserved name",
    "a/LPT1.txt/b": "is a reserved name",
    "{QUEUE}{SESSION_ID}{THREAD_ID}": "put a / between",
    "/".join(["{QUEUE}"] * 9): "too long",
    "x" * 300: "too long",
}


@pytest.mark.contract("1.4.a")
@pytest.mark.parametrize("template", FINE)
def test_a_good_template_is_taken(template: str) -> None:
    assert problem_of(template) == ""


@pytest.mark.contract("1.4.a")
@pytest.mark.parametrize("template", [one for one in REFUSED if REFUSED[one]])
def test_a_bad_template_is_refused_with_the_reason(template: str) -> None:
    assert REFUSED[template] in problem_of(template)


def test_outer_slashes_and_spaces_do_not_matter() -> None:
    assert paths.tidied(" //{YEAR}/{QUEUE}// ") == "{YEAR}/{QUEUE}"
    assert filled("/{YEAR}/", VALUES, "a.pdf") == filled("{YEAR}", VALUES, "a.pdf") == "2026/a.pdf"


@pytest.mark.contract("1.4.a")
def test_the_default_path() -> None:
    path = filled("", VALUES, "email-E5K8Q2M7R1TVX-1.pdf")
    assert path == "2026/11/Support/E5K8Q2M7R1TVX/email-E5K8Q2M7R1TVX-1.pdf"


def test_every_variable_is_filled() -> None:
    for name, value in VALUES.items():
        assert filled(f"{{{name}}}", VALUES, "a") == f"{value}/a"


SAME = ("Support", "A_B", "Soporte técnico", "Größe & Co. (EU) #1", "客服", "a~b", "1", "-")


@pytest.mark.parametrize("value", SAME)
def test_a_harmless_value_stays_as_it_is(value: str) -> None:
    assert clean_value(value) == value


CLEANED = {
    "A/B": "A_B~",
    "../../etc": "_.._etc~",
    "..": "_~",
    ".": "_~",
    "...": "_~",
    "/": "_~",
    "\\\\server\\share": "__server_share~",
    "a\x00b": "ab~",
    "a\u202ecod.exe": "acod.exe~",
    " Support ": "Support~",
    "Support.": "Support~",
    ".htaccess": "htaccess~",
    "CON": "CON~",
    "nul.txt": "nul.txt~",
    "x" * 500: "x" * 80 + "~",
    "é" * 100: "é" * 40 + "~",
    "_": "_~",
    "A_B~12345678": "A_B~12345678~",
    "e\u0301": "é~",  # composed, another value than é
    "\udce9": "_~",
}


@pytest.mark.parametrize("value", CLEANED)
def test_a_value_becomes_one_name_that_says_it_was_changed(value: str) -> None:
    name = clean_value(value)
    assert name.startswith(CLEANED[value])
    assert len(name.encode()) <= paths.VARIABLES["QUEUE"]
    assert clean_value(value) == name  # and always the same


@pytest.mark.contract("1.4.a")
def test_two_values_never_become_the_same_name() -> None:
    values = [*SAME, *CLEANED, "A:B", "A*B", "A?B", "A B", "A  B", "", "y" * 81, "y" * 82, "é"]
    assert len({clean_value(one) for one in values}) == len(values)


@pytest.mark.parametrize("value", [*CLEANED, "", "a/b/../../../../c"])
def test_no_value_climbs_out(value: str) -> None:
    path = filled("{QUEUE}/{SESSION_ID}", VALUES | {"QUEUE": value}, value)
    segments = path.split("/")
    assert len(segments) == 3
    assert all(one.strip(". ") and "\\" not in one and one.isprintable() for one in segments)


def test_the_name_of_a_file_keeps_its_extension_and_fits() -> None:
    assert clean_name("../../../etc/passwd") == "_.._._etc_passwd"
    assert clean_name("Rechnung\u202efdp.exe") == "Rechnungfdp.exe"
    assert clean_name("x" * 400 + ".pdf") == "x" * 176 + ".pdf"
    assert clean_name("…" * 100 + ".docx").endswith(".docx")
    assert clean_name("aux.txt") == "_aux.txt"
    assert clean_name("") == clean_name("...") == "file"
    assert all(len(clean_name("ü" * n + ".é").encode()) <= 180 for n in (80, 90, 100, 300))


def test_files_of_one_name_are_numbered() -> None:
    assert numbered("a/b.pdf", 1) == "a/b.pdf"
    assert numbered("a/b.pdf", 2) == "a/b-2.pdf"
    assert numbered("a.b/README", 3) == "a.b/README-3"


def test_a_path_fits_whatever_the_values_are() -> None:
    longest = "/".join(["{QUEUE}"] * 7)
    assert problem_of(longest) == ""
    path = filled(longest, dict.fromkeys(VALUES, "ü/" * 300), "n" * 300)
    assert len(numbered(path, 9999).encode()) <= 1000
    assert max(len(one.encode()) for one in path.split("/")) <= 255


@pytest.mark.contract("1.5.c")
def test_a_name_that_is_cut_gets_no_other_extension() -> None:
    """The policy has judged the whole one."""
    for room in range(160, 181):
        name = clean_name("x" * (room - 4) + ".bat" + "y" * 40)
        assert not name.endswith(".bat") and len(name.encode()) <= paths.LONGEST_NAME

"""Every hostile mail, by name."""

from tests.hostile import contents, markup, names, people, structure
from tests.hostile.cases import Case

CASES: list[Case] = [
    *names.CASES,
    *contents.CASES,
    *structure.CASES,
    *markup.CASES,
    *people.CASES,
]

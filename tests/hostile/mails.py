"""Both corpora: what must be held, and what must pass."""

from tests.hostile import (
    bombs,
    contents,
    honest_files,
    honest_mails,
    inner_mails,
    markup,
    names,
    scanned,
    senders,
    small_fields,
    structure,
    too_much,
)
from tests.hostile.cases import Case

HOSTILE: list[Case] = [
    case
    for family in (
        *(names, contents, inner_mails, scanned, bombs, structure, too_much),
        *(markup, senders, small_fields),
    )
    for case in family.CASES
]
HONEST: list[Case] = [*honest_files.CASES, *honest_mails.CASES]

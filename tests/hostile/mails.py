"""Both corpora: what must be held, and what must pass."""

from tests.hostile import (
    bombs,
    contents,
    feared,
    honest_clumsy,
    honest_files,
    honest_mails,
    honest_rare,
    inner_mails,
    markup,
    mutations,
    names,
    promises,
    scanned,
    senders,
    small_fields,
    structure,
    too_much,
    wire,
    zips,
)
from tests.hostile.cases import Case

HOSTILE: list[Case] = [
    *names.CASES,
    *contents.CASES,
    *zips.CASES,
    *inner_mails.CASES,
    *feared.CASES,
    *scanned.CASES,
    *bombs.CASES,
    *structure.CASES,
    *too_much.CASES,
    *wire.CASES,
    *markup.CASES,
    *mutations.CASES,
    *senders.CASES,
    *promises.CASES,
    *small_fields.CASES,
]
HONEST: list[Case] = [
    *honest_files.CASES,
    *honest_rare.CASES,
    *honest_mails.CASES,
    *honest_clumsy.CASES,
]

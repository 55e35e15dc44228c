"""Where two other readers agree about a mail, ours agrees with them, but for what is named here."""

import pytest

from tests.channels.odd_mails import NAMES, raw
from tests.channels.other_readers import in_rust, ours, standard_library

# By sample the fields that both of them miss; what we read there is proved by golden.json and by
# the tests of files. A sample that stands here and no longer differs fails as well.
WE_READ_MORE = {
    "apple-text-between-files": "text",
    "body-boundary-other-than-said": "text html",
    "body-coding-with-semicolon": "text",
    "body-enriched": "text",
    "body-flowed-delsp": "text",
    "body-list-footer-below-html": "html",
    "body-multipart-without-boundary": "text",
    "body-named-inline-text-is-file": "files",
    "body-named-text-before-words": "text files",
    "body-related-start": "html files",
    "body-richtext": "text",
    "body-several-texts": "text",
    "body-two-alternatives-in-a-row": "text html",
    "body-uuencoded-between-words": "text files",
    "body-yenc": "text files",
    "boundary-mismatch": "text",
    "boundary-missing-parameter": "text files",
    "charset-cut-in-a-character": "text",
    "charset-html-declared-fails-meta-helps": "html",
    "charset-iso-2022-jp-but-shift-jis": "text",
    "charset-iso-2022-jp-but-utf8": "text",
    "charset-iso-2022-jp-undeclared": "text",
    "charset-iso-8859-15-with-windows-quotes": "text",
    "charset-iso-8859-2-but-utf8": "text",
    "charset-iso-8859-2-with-windows-quotes": "text",
    "charset-koi8-r-but-utf8": "text",
    "charset-latin1-but-utf8": "text",
    "charset-name-empty-cp1252": "text",
    "charset-name-in-single-quotes": "text",
    "charset-name-without-semicolon": "text",
    "charset-nul-and-controls": "text",
    "charset-us-ascii-but-iso-2022-jp": "text",
    "charset-utf16-said-of-utf8": "text",
    "charset-utf8-but-cp1252": "text",
    "charset-utf8-but-iso-2022-jp": "text",
    "charset-utf8-but-latin1": "text",
    "charset-utf8-one-bad-byte": "text",
    "charset-utf8-with-surrogate-pairs": "text",
    "charset-windows-1251-but-utf8": "text",
    "forwarded-digest-with-blank-headers": "text",
    "header-blank-before-colon": "subject from",
    "header-blank-lines-before": "subject from text",
    "header-byte-order-mark": "from",
    "header-fold-backslash-t": "subject",
    "header-raw-iso-2022-jp": "subject",
    "header-subject-twice": "subject",
    "header-word-backslash-t-fold": "subject text",
    "header-word-cut-in-kanji": "subject",
    "header-word-first-of-two-never-closed": "subject",
    "header-word-never-closed-base64": "subject",
    "header-word-never-closed": "subject",
    "inline-duplicate-cids": "html",
    "junk-line-in-headers": "text",
    "multipart-empty": "text",
    "nul-bytes": "subject text",
    "smime-signed-in-one-piece": "text files",
    "tnef-appointment-is-kept": "files",
    "tnef-beside-a-text": "files",
    "tnef-html-in-rtf-and-files": "html files",
    "tnef-html-property": "html files",
    "tnef-message-inside": "files",
    "tnef-plain-words": "text files",
    "words-with-injected-line": "subject",
}
FIELDS = ("subject", "from", "text", "html", "files")
NOBODY = object()  # agrees with nobody


@pytest.mark.parametrize("name", NAMES)
def test_two_against_one(name: str) -> None:
    one, other, mail = (read(raw(name)) for read in (standard_library, in_rust, ours))
    agreed = [field for field in FIELDS if one.get(field, NOBODY) == other.get(field)]
    differs = " ".join(field for field in agreed if mail.get(field) != one[field])
    assert differs == WE_READ_MORE.get(name, "")


def test_they_agree_often_enough_for_this_to_mean_something() -> None:
    agreed = 0
    for name in NAMES:
        one, other = standard_library(raw(name)), in_rust(raw(name))
        agreed += sum(one.get(field, NOBODY) == other.get(field) for field in FIELDS)
    assert agreed > len(NAMES) * 4

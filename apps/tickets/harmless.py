"""Text of strangers, written where others read it: it forges no line and turns none round."""

import re

# Whatever a reader's program takes for the end of a line.
_LINE_ENDS = re.compile("\r\n|[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Controls but tab and line feed, overrides and isolates of the writing direction, lone surrogates.
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def one_line(text: str) -> str:
    return _HARMFUL.sub("", " ".join(text.split()))


def many_lines(text: str) -> str:
    """Its lines stay; blank ones before and after go."""
    return _HARMFUL.sub("", _LINE_ENDS.sub("\n", text)).strip("\n")

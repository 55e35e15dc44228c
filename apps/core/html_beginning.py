"""The beginning of a clean mail that is too long to be laid out at once, itself well-formed.

Only for what the cleaner wrote: every element is closed, and no attribute holds < or >.
"""

import re

from apps.core.html_tree import TAG, VOID

_CUT_ENTITY = re.compile(r"&[#\w]{0,32}$", re.ASCII)


def beginning(clean: str, most: int) -> str:
    """At most MOST characters, then what closes the elements that are open there."""
    if len(clean) <= most:
        return clean
    open_ones: list[str] = []
    end = most
    for tag in TAG.finditer(clean):
        if tag.end() > most:
            end = min(tag.start(), most)
            break
        _follow(tag, open_ones)
    words = _CUT_ENTITY.sub("", clean[:end])
    return words + "".join(f"</{name}>" for name in reversed(open_ones))


def _follow(tag: re.Match[str], open_ones: list[str]) -> None:
    closes, name, _attributes = tag.groups()
    if closes and open_ones and open_ones[-1] == name:
        open_ones.pop()
    elif not closes and name not in VOID:
        open_ones.append(name)

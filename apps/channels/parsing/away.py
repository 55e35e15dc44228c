"""Notes of absence, known by how their subject begins."""

import re

from apps.channels.parsing.loop_signs import AWAY

_BEFORE = re.compile(r"\s*(?:\[[^\[\]]{1,60}\]\s*)?(?:re:\s*)?")


def is_away(subject: str) -> bool:
    """In one of many languages. People begin subjects this way, too."""
    low = subject.lower()
    start = _BEFORE.match(low)
    return low[start.end() if start else 0 :].startswith(AWAY)

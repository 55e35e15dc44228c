"""Signed mail in one piece (S/MIME, RFC 8551 3.5.2): what a mail reader opens in a smime.p7m.

Only the way to the content is walked (RFC 5652, 5.1 and 5.2), in BER as in DER; no signature is
looked at. Bounded, and never raises.
"""

import re
from collections.abc import Iterator

_INTEGER, _OCTETS, _OBJECT, _PIECES = 0x02, 0x04, 0x06, 0x24
_SEQUENCE, _SET, _WITHIN = 0x30, 0x31, 0xA0
_CONSTRUCTED = 0x20
_MOST_ELEMENTS = 100_000
_END = b"\0\0"  # of an element that does not say its length

_SIGNED = re.compile(
    rb"(?s)\x30(?:[\0-\x80]|\x81.|\x82..|\x83...|\x84....)\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
)
_LENGTH = rb"(?:[\0-\x80]|\x81.|\x82..|\x83...|\x84....)"
# Enveloped data (RFC 5652, 6.1), and with a seal of its own (RFC 5083).
_ENVELOPED = re.compile(
    rb"(?s)\x30" + _LENGTH + rb"\x06(?:\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"
    rb"|\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17)"
)


class _Odd(Exception):
    """Not what it says it is."""


def is_signed(content: bytes) -> bool:
    return bool(_SIGNED.match(content))


def is_enveloped(content: bytes) -> bool:
    """Encrypted for somebody who is not us."""
    return bool(_ENVELOPED.match(content))


def signed_content(content: bytes) -> bytes | None:
    """Empty where the signature stands beside what is signed; None: it cannot be made out."""
    try:
        return _content(_Walk(content))
    except _Odd:
        return None


def _content(walk: "_Walk") -> bytes:
    walk.enter(_SEQUENCE)
    walk.skip(_OBJECT)
    walk.enter(_WITHIN)
    walk.enter(_SEQUENCE)
    walk.skip(_INTEGER)
    walk.skip(_SET)
    walk.enter(_SEQUENCE)
    walk.skip(_OBJECT)
    if walk.is_over():
        return b""
    walk.enter(_WITHIN)
    return b"".join(walk.octets())


class _Walk:
    """Element after element (X.690, 8.1), into some of them and past the others."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at, self._end = content, 0, len(content)

    def is_over(self) -> bool:
        return self._at >= self._end or self._content.startswith(_END, self._at)

    def enter(self, tag: int) -> None:
        found, start, stop = self._header()
        if found != tag:
            raise _Odd
        self._at, self._end = start, self._end if stop is None else stop

    def skip(self, tag: int) -> None:
        found, start, stop = self._header()
        if found != tag:
            raise _Odd
        self._at = self._past(start) if stop is None else stop

    def octets(self) -> Iterator[bytes]:
        """Of one string, or of one in pieces, whose own pieces follow one another as well."""
        open_ones = 0
        for _element in range(_MOST_ELEMENTS):
            if self._at >= self._end:
                return
            tag, start, stop = self._header()
            if tag == _PIECES:
                open_ones, self._at = open_ones + (stop is None), start
            elif tag == _OCTETS and stop is not None:
                yield self._content[start:stop]
                self._at = stop
            elif tag == 0 and open_ones > 1:
                open_ones, self._at = open_ones - 1, start
            elif tag == 0:
                return
            else:
                raise _Odd
        raise _Odd

    def _past(self, at: int) -> int:
        """Where an element ends that does not say its length, and whatever is in it."""
        self._at, open_ones = at, 1
        for _element in range(_MOST_ELEMENTS):
            tag, start, stop = self._header()
            open_ones += -1 if tag == 0 else stop is None
            self._at = start if stop is None else stop
            if not open_ones:
                return self._at
        raise _Odd

    def _header(self) -> tuple[int, int, int | None]:
        """Tag, start and stop of the next element; of one that does not say it: no stop."""
        head = self._content[self._at : min(self._at + 6, self._end)]
        if len(head) < 2:
            raise _Odd
        tag, length, start = head[0], head[1], self._at + 2
        if length == 0x80 and tag & _CONSTRUCTED:
            return tag, start, None
        if length & 0x80:
            count = length & 0x7F
            if not 0 < count <= len(head) - 2:
                raise _Odd
            length, start = int.from_bytes(head[2 : 2 + count], "big"), start + count
        return tag, start, min(start + length, self._end)

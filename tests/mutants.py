"""Mails that were good once: cut, glued, flipped and stuffed, the same ones for the same seed."""

import random
from collections.abc import Callable, Iterator

from tests.channels.odd_mails import NAMES, raw

MOST_WOUNDS = 6

STUFF = (
    *(b"\0", b"\r", b"\n", b"\r\n\r\n", b"\t", b"\x1b$B", b"\xff\xfe", b"\xed\xa0\x80", b"\xc3"),
    *(b"=?utf-8?b?", b"=?utf-16?q?=00=D8?=", b"=?unknown?q?=FF?=", b"?=", b'"', b"(", b"<", b"\\"),
    *(b"Content-Type: text/plain; charset=utf-7\r\n", b"Content-Transfer-Encoding: base64\r\n"),
    *(b"Content-Type: multipart/mixed; boundary=b\r\n", b"--b\r\n", b"--b--\r\n", b"begin 644 x\n"),
    *(b"From: ", b"Date: Tue, 99 Foo 99999 99:99 +9999\r\n", b"Message-ID: <", b"References: <a@b"),
    *(b"+AGEAYg-", b"\xf0\x9f\x92\xa9", "\u202e\u0000\ufffe".encode(), b"=ED=A0=80", b"=00"),
)


def mutants(count: int, *, seed: int = 7) -> Iterator[bytes]:
    """One to six wounds each, in turn for every sample."""
    dice = random.Random(seed)
    samples = [raw(name) for name in NAMES]
    for number in range(count):
        mail = samples[number % len(samples)]
        for _wound in range(dice.randint(1, MOST_WOUNDS)):
            mail = dice.choice(WOUNDS)(mail, dice, samples)
        yield mail


def _flip(mail: bytes, dice: random.Random, _samples: list[bytes]) -> bytes:
    changed = bytearray(mail)
    for _byte in range(dice.randint(1, 20)):
        if changed:
            changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed)


def _cut(mail: bytes, dice: random.Random, _samples: list[bytes]) -> bytes:
    start, stop = sorted(dice.randrange(len(mail) + 1) for _end in range(2))
    return mail[:start] + mail[stop:]


def _stuff(mail: bytes, dice: random.Random, _samples: list[bytes]) -> bytes:
    at = dice.randrange(len(mail) + 1)
    return mail[:at] + dice.choice(STUFF) * dice.choice((1, 1, 1, 50)) + mail[at:]


def _glue(mail: bytes, dice: random.Random, samples: list[bytes]) -> bytes:
    other = dice.choice(samples)
    return mail[: dice.randrange(len(mail) + 1)] + other[dice.randrange(len(other) + 1) :]


def _repeat(mail: bytes, dice: random.Random, _samples: list[bytes]) -> bytes:
    lines = mail.split(b"\n")
    at = dice.randrange(len(lines))
    return b"\n".join([*lines[:at], *[lines[at]] * dice.choice((2, 3, 200)), *lines[at:]])


def _recode(mail: bytes, dice: random.Random, _samples: list[bytes]) -> bytes:
    """Another charset than the bytes have."""
    charset = dice.choice((b"utf-7", b"utf-16", b"iso-2022-jp", b"big5", b"x-none", b'"', b"hz"))
    return mail.replace(b"utf-8", charset).replace(b"us-ascii", charset)


WOUNDS: tuple[Callable[[bytes, random.Random, list[bytes]], bytes], ...] = (
    _flip,
    _cut,
    _stuff,
    _glue,
    _repeat,
    _recode,
)

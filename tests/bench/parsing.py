"""What reading one mail costs, by kind, beside the standard library and a reader in Rust.

Each reads headers, bodies and files; the standard library decodes as little as it is asked for.
"""

import argparse
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from fast_mail_parser import ParseError, parse_email

from apps.channels.parse import parse
from apps.channels.parsed import Unreadable
from tests.bench.mails import mixed_mails
from tests.channels.odd_mails import NAMES, raw

ROUNDS = 5
Reader = Callable[[bytes], object]


def run(arguments: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="manage.py bench parse", description=__doc__)
    parser.add_argument("--json", action="store_true", help="nothing but the last line")
    options = parser.parse_args(arguments)
    result = {kind: _figures(mails) for kind, mails in _kinds().items()}
    if not options.json:
        _print(result)
    return result


def _kinds() -> dict[str, list[bytes]]:
    mixed = list(mixed_mails(200, "support@x.test"))
    return {
        "plain": [mail for mail in mixed if len(mail) < 5_000],
        "html_30kB": [mail for mail in mixed if 5_000 < len(mail) < 100_000],
        "file_200kB": [mail for mail in mixed if 100_000 < len(mail) < 1_000_000],
        "file_5MB": [mail for mail in mixed if len(mail) > 1_000_000],
        "odd_samples": [raw(name) for name in NAMES],
    }


def _figures(mails: list[bytes]) -> dict[str, float]:
    return {
        "mails": len(mails),
        "ours_ms": _milliseconds(_ours, mails),
        "stdlib_ms": _milliseconds(_standard_library, mails),
        "rust_ms": _milliseconds(_in_rust, mails),
        "ours_peak_mb": _peak_megabytes(_ours, mails),
    }


def _milliseconds(reader: Reader, mails: list[bytes]) -> float:
    """For one mail: the median of some rounds over all of them."""
    rounds = []
    for _round in range(ROUNDS):
        started = time.perf_counter()
        for mail in mails:
            reader(mail)
        rounds.append((time.perf_counter() - started) / len(mails))
    return round(statistics.median(rounds) * 1000, 3)


def _peak_megabytes(reader: Reader, mails: list[bytes]) -> float:
    tracemalloc.start()
    for mail in mails:
        reader(mail)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return round(peak / 2**20, 2)


def _ours(mail: bytes) -> object:
    try:
        return parse(mail)
    except Unreadable:
        return None


def _standard_library(mail: bytes) -> object:
    try:
        message = message_from_bytes(mail, policy=policy.default)
        heads = [str(message[name]) for name in ("subject", "from", "to", "cc", "date")]
        return heads, [_content(part) for part in message.walk() if not part.is_multipart()]
    except Exception:  # the rim: what it raises costs time as well
        return None


def _content(part: EmailMessage) -> object:
    return part.get_content()


def _in_rust(mail: bytes) -> object:
    try:
        message = parse_email(mail)
    except ParseError:
        return None
    return message.subject, message.text_plain, [file.content for file in message.attachments]


def _print(result: dict[str, dict[str, float]]) -> None:
    print(
        "kind          mails   ours ms   standard library ms   Rust ms   peak MB", file=sys.stderr
    )
    for kind, row in result.items():
        print(
            f"{kind:12} {row['mails']:6} {row['ours_ms']:9} {row['stdlib_ms']:21} "
            f"{row['rust_ms']:9} {row['ours_peak_mb']:9}",
            file=sys.stderr,
        )

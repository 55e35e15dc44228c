"""What one file, one HTML body and one preview cost: the scanner, the policy, the limited child."""

import argparse
import io
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from PIL import Image

from apps.attachments.policy import judge
from apps.attachments.scan import scan
from apps.channels.parse import read_or_say_why
from apps.core.child import run_limited
from apps.core.html import safe_html
from apps.core.pictures import page, redraw
from tests.attachments.samples import opc
from tests.servers.clamd import running_clamd

SIGNATURES = Path("/var/lib/clamav")
THREADS = 4  # as many as screening uses
ROUNDS = 20
LIMIT = 50 * 2**20
SCANS = {
    "1kB": (1_000, 1500),
    "10kB": (10_000, 400),
    "100kB": (100_000, 300),
    "200kB": (200_000, 200),
    "1MB": (1_000_000, 80),
    "5MB": (5_000_000, 24),
    "10MB": (10_000_000, 12),
}
PARAGRAPH = "<p style='color:#333'>Hello <b>there</b>, <a href='https://x.test/'>look</a></p>\n"
BODIES = {
    "normal_10kB": PARAGRAPH * (10_000 // len(PARAGRAPH)),
    "normal_200kB": PARAGRAPH * (200_000 // len(PARAGRAPH)),
    "hostile_nest": "<div>" * 100_000,
}


def run(arguments: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="manage.py bench screening", description=__doc__)
    parser.add_argument("--json", action="store_true", help="nothing but the last line")
    options = parser.parse_args(arguments)
    result: dict[str, Any] = {
        "clean_html_ms": {kind: _times(safe, body) for kind, body in BODIES.items()},
        "judge_ms": {kind: _median(_judged, file) for kind, file in _files().items()},
        "preview_ms": {kind: _median(draw) for kind, draw in _previews().items()},
        "child_start_ms": _median(_child),
        "child_peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
        **_scanned(),
    }
    if not options.json:
        _print(result)
    return result


def safe(html: str) -> str:
    return safe_html(html, cid_url=lambda _one: None)


def _judged(file: tuple[str, bytes]) -> object:
    return judge([file[0]], file[1])


def _files() -> dict[str, tuple[str, bytes]]:
    pdf = b"%PDF-1.4\n"
    return {
        "text_10kB": ("a.txt", b"words and words\n" * 625),
        "pdf_200kB": ("a.pdf", pdf + os.urandom(200_000)),
        "pdf_5MB": ("a.pdf", pdf + os.urandom(5_000_000)),
        "png_200kB": ("a.png", _picture("PNG", 256)),
        "docx_200kB": ("a.docx", opc(more=os.urandom(200_000))),
        "zip_200kB": ("a.zip", b"PK\x03\x04" + os.urandom(200_000)),
    }


def _previews() -> dict[str, Callable[[], object]]:
    png, jpeg, pdf = _picture("PNG", 1600), _picture("JPEG", 3000), _picture("PDF", 1000)
    return {
        "png": lambda: redraw(png, longest=800),
        "jpeg": lambda: redraw(jpeg, longest=800),
        "pdf": lambda: page(pdf, 1, longest=800),
    }


def _picture(kind: str, side: int) -> bytes:
    """Of noise: nothing that a coder could make small."""
    noise = Image.frombytes("RGB", (side, side), os.urandom(side * side * 3))
    with io.BytesIO() as file:
        noise.save(file, kind)
        return file.getvalue()


def _child() -> object:
    return run_limited(read_or_say_why, b"Subject: x\n\nx", seconds=5, megabytes=300)


def _scanned() -> dict[str, Any]:
    """Contents are new each time: repeated ones come from clamd's memory."""
    known = any(SIGNATURES.glob("*.c[vl]d"))
    options = {"DatabaseDirectory": str(SIGNATURES)} if known else {}
    with running_clamd(**options) as clamd:
        rates = {name: _rate(clamd.address, *what) for name, what in SCANS.items()}
    return {"signatures": "all" if known else "test", "scans_per_s": rates}


def _rate(address: str, size: int, count: int) -> float:
    contents = [b"%PDF-1.4\n" + os.urandom(size - 9) for _number in range(count)]
    with ThreadPoolExecutor(THREADS) as pool:
        began = time.monotonic()
        found = list(pool.map(lambda one: scan(address, one, limit=LIMIT).outcome, contents))
        seconds = time.monotonic() - began
    assert set(found) == {"clean"}, set(found)
    return round(count / seconds, 1)


def _took(call: Callable[..., object], *given: object) -> float:
    began = time.monotonic()
    call(*given)
    return (time.monotonic() - began) * 1000


def _median(call: Callable[..., object], *given: object) -> float:
    call(*given)  # the first time loads what it needs
    return round(statistics.median(_took(call, *given) for _round in range(ROUNDS // 2)), 2)


def _times(call: Callable[..., object], *given: object) -> dict[str, float]:
    first = _took(call, *given)
    took = [_took(call, *given) for _round in range(ROUNDS if first < 1000 else 4)]
    cuts = statistics.quantiles(took, n=100, method="inclusive")
    return {"p50": round(cuts[49], 2), "p95": round(cuts[94], 2)}


def _print(result: dict[str, Any], before: str = "") -> None:
    for key, value in result.items():
        if isinstance(value, dict):
            _print(value, f"{before}{key}  ")
        else:
            print(f"{before + key:<44}{value:>10}", file=sys.stderr)

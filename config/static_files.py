"""Our static files under an address that changes with them: browsers may keep them for good.

The modules of the console name each other by relative paths: a version in each name would need a
build, one in front of all of them does not, and a page never mixes two versions.
"""

import hashlib
from pathlib import Path

import django

FOR_GOOD = 365 * 24 * 3600  # seconds


def address_of(folder: Path) -> str:
    """`/static/VERSION/`; the admin's own files come with Django, so its version counts, too."""
    digest = hashlib.sha256(django.__version__.encode())
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return f"/static/{digest.hexdigest()[:12]}/"

"""The odd mails of tests/emails, by name."""

from pathlib import Path

from apps.channels.parse import parse
from apps.channels.parsed import ParsedEmail

FOLDER = Path(__file__).parents[1] / "emails"
NAMES = [path.stem for path in sorted(FOLDER.glob("*.eml"))]


def raw(name: str) -> bytes:
    return (FOLDER / f"{name}.eml").read_bytes()


def read(name: str) -> ParsedEmail:
    return parse(raw(name))

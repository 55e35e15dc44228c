"""An own judge of what a browser gets, and of the line that tells of a mail."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from tests.hostile.cases import Case

Line = dict[str, Any]

SECONDS = 5.0
KEYS = set("id ok seconds error disposition reason decisions got".split())
GOT = set(
    "from_email from_name subject to to_names cc reply_to date body_text body_html safe_html"
    " attachments message_id in_reply_to references is_auto_reply is_bounce bounce feedback_type"
    " visible_reply tnef_files".split()
)
FILE = set("name size content_type sha256 sha256_lf content_id inline verdict reason".split())
PASSES = {"clean", "waiting"}
VERDICTS = PASSES | {"refused", "infected", "withheld"}
REASONS = set(
    "type-not-allowed type-denied content-denied polyglot encrypted too-big scanner-down".split()
)

_ACTIVE = set(
    "script style link meta base iframe frame frameset object embed applet form input button select"
    " option textarea svg math template noscript noembed noframes xmp plaintext title head html"
    " body audio video source track canvas dialog map area isindex keygen bgsound layer portal"
    " slot marquee details summary picture param image".split()
)
_ATTRIBUTES = set(
    "align alt bgcolor border cellpadding cellspacing color colspan dir face height href hspace"
    " lang nowrap rel reversed rowspan size span src start style target title type valign value"
    " vspace width cite datetime".split()
)
_LINK = re.compile(r"(?:https?://[^/]|mailto:|tel:)", re.I)
_BAD_STYLE = re.compile(
    r"url|\\|@|/\*|expression|behavior|binding|image-set|cross-fade|element\(|paint\(|src\(|var\("
    r"|attr\(|position|z-index|animation|transition|transform|content:|cursor|filter|mask|<|>|&",
    re.I,
)
_NOWHERE = re.compile("[\0\ud800-\udfff]")
_TURNED = re.compile("[\u202d\u202e\0]")
_LINE_ENDS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202d\u202e\ud800-\udfff]")


class _Reader(HTMLParser):
    def __init__(self, pictures: str) -> None:
        super().__init__(convert_charrefs=True)
        self.pictures = pictures
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ACTIVE or not tag.isalnum():
            self.faults.append(f"<{tag}>")
        for name, value in attrs:
            self._attribute(tag, name, value or "")
        if tag == "a" and not {"noopener", "noreferrer"} <= set(
            (dict(attrs).get("rel") or "").split()
        ):
            self.faults.append("link without rel")

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name not in _ATTRIBUTES:
            self.faults.append(f"{tag} {name}")
        elif name == "href" and not _LINK.match(value):
            self.faults.append(f"href {value[:40]!r}")
        elif name == "src" and not value.startswith(self.pictures):
            self.faults.append(f"src {value[:40]!r}")
        elif name == "cite" and not _LINK.match(value):
            self.faults.append(f"cite {value[:40]!r}")
        elif name == "style" and _BAD_STYLE.search(value):
            self.faults.append(f"style {value[:60]!r}")

    def handle_comment(self, data: str) -> None:
        self.faults.append("comment")

    handle_decl = handle_pi = unknown_decl = handle_comment  # type: ignore[assignment]


def html_faults(html: str, pictures: str = "cid:") -> list[str]:
    """PICTURES is how the address of every picture must begin."""
    reader = _Reader(pictures)
    reader.feed(html)
    reader.close()
    if _TURNED.search(html):
        reader.faults.append("turned or NUL")
    return list(dict.fromkeys(reader.faults))[:5]


def is_slow(line: Line) -> bool:
    return bool(line["seconds"] > SECONDS)


def faults(case: Case, line: Line, *, scanned: bool) -> list[str]:
    return [
        *_of_line(line),
        *_of_fate(case, line, scanned),
        *_of_words(case, line),
        *_of_meaning(case, line),
    ]


def _of_line(line: Line) -> Iterator[str]:
    if set(line) != KEYS or line["disposition"] not in ("stored", "quarantined", "rejected"):
        yield "the line has not its keys"
    if line["disposition"] != "stored" and not line["reason"]:
        yield "held without a reason"
    got = line["got"]
    if got is None:
        if line["disposition"] == "stored" or line["ok"]:
            yield "stored without a word"
        return
    if set(got) != GOT or any(set(file) != FILE for file in got["attachments"]):
        yield "the meaning has not its keys"
    if _unstorable(got):
        yield "NUL or half a letter"
    yield from _of_small_fields(got)
    if got["safe_html"] is not None:
        yield from html_faults(got["safe_html"])
    for file in got["attachments"]:
        yield from _of_file(file)


def _of_file(file: Line) -> Iterator[str]:
    verdict, reason = file["verdict"], file["reason"]
    if verdict not in VERDICTS:
        yield f"verdict {verdict}"
    if (verdict == "clean") != (reason is None):
        yield f"{verdict} with reason {reason}"
    if reason and reason not in REASONS and not reason.startswith("infected:"):
        yield f"reason {reason} is not in SEAMS"
    if (
        not file["name"]
        or "/" in file["name"]
        or "\\" in file["name"]
        or len(file["name"].encode()) > 255
    ):
        yield f"file name {file['name'][:40]!r}"


def _of_small_fields(got: Line) -> Iterator[str]:
    small = {
        name: got[name]
        for name in ("from_email", "from_name", "subject", "message_id", "in_reply_to")
    }
    small |= {f"file {n}": file["name"] for n, file in enumerate(got["attachments"])}
    small |= {f"file type {n}": file["content_type"] for n, file in enumerate(got["attachments"])}
    small |= {
        f"content id {n}": file["content_id"] or "" for n, file in enumerate(got["attachments"])
    }
    for name in ("to", "to_names", "cc", "reply_to", "references"):
        small |= {f"{name} {n}": one for n, one in enumerate(got[name])}
    for name, value in small.items():
        if found := _LINE_ENDS.search(value or ""):
            yield f"{name} has {found[0]!a}"
        if len(value or "") > 10_000:
            yield f"{name} has {len(value)} letters"


def _of_fate(case: Case, line: Line, scanned: bool) -> Iterator[str]:
    files = (line["got"] or {}).get("attachments", [])
    passing = [file for file in files if file["verdict"] in PASSES]
    if case.fate == "passes":
        yield from _of_legitimate(case, line, files, scanned)
        return
    if line["disposition"] != "stored" or case.fate == "any":
        if case.files is not None and len(files) != case.files:
            yield f"{len(files)} files"
        return
    if case.fate in ("infected", "withheld"):
        yield from _of_scanned(case, files, scanned)
        return
    if len(passing) > case.innocent:
        yield f"passes: {[(f['name'][:40], f['size']) for f in passing][:3]}"
    if case.fate == "refused" and not any(map(_is_stopped, files)):
        yield f"nothing refused of {len(files)}"


def _is_stopped(file: Line) -> bool:
    """Refused, or too much to look through."""
    return bool(file["verdict"] == "refused" or file["reason"] == "too-big")


def _of_scanned(case: Case, files: list[Line], scanned: bool) -> Iterator[str]:
    wanted = case.fate if scanned else "waiting"
    clean = [file for file in files if file["verdict"] == "clean"]
    if len(clean) > case.innocent:
        yield f"clean: {[f['name'][:40] for f in clean][:3]}"
    if scanned and not any(file["verdict"] in (wanted, "refused") for file in files):
        yield f"{[(f['name'][:30], f['verdict'], f['reason']) for f in files][:3]}"


def _of_legitimate(case: Case, line: Line, files: list[Line], scanned: bool) -> Iterator[str]:
    if line["disposition"] != "stored" or not line["ok"]:
        yield f"held: {line['reason']}"
    wanted = "clean" if scanned else "waiting"
    for file in files:
        if file["verdict"] != wanted:
            yield f"{file['name'][:40]!r} is {file['verdict']}: {file['reason']}"
    if case.files is not None and len(files) != case.files:
        yield f"{len(files)} files: {[file['name'][:30] for file in files][:4]}"


def _of_words(case: Case, line: Line) -> Iterator[str]:
    got = line["got"]
    if not case.words or got is None:
        if case.words and line["disposition"] == "stored":
            yield "no words"
        return
    shown = (got["body_text"] or "") + (got["safe_html"] or "") + (got["visible_reply"] or "")
    if case.words not in shown:
        yield f"the words are gone: {shown[:60]!r}"


def _of_meaning(case: Case, line: Line) -> Iterator[str]:
    got = line["got"] or {}
    for name, wanted in case.says:
        said = got.get(name.partition(".")[0])
        if isinstance(said, dict):
            said = said.get(name.partition(".")[2])
        if said != wanted:
            yield f"{name} is {said!r:.80}, not {wanted!r}"


def _unstorable(value: object) -> bool:
    """What PostgreSQL refuses or no file can hold."""
    if isinstance(value, dict):
        return any(map(_unstorable, value.values()))
    if isinstance(value, list):
        return any(map(_unstorable, value))
    return isinstance(value, str) and bool(_NOWHERE.search(value))


def read_lines(text: str) -> dict[str, Line]:
    return {line["id"]: line for line in map(json.loads, text.splitlines())}

"""Documents that are ZIP files by construction, told from other ZIPs by their own manifest."""

import re
from xml.parsers import expat

from apps.attachments.containers import MANIFEST_BYTES, NAME_TAIL, Zip
from apps.attachments.names import last_extensions

_MAIN_PART = re.compile(
    r"application/vnd\.(?:openxmlformats-officedocument\.(?:wordprocessingml|spreadsheetml"
    r"|presentationml)|ms-(?:word|excel|powerpoint|visio))\.[\w.-]*main(?:\+xml)?"
    r"|application/vnd\.openxmlformats-officedocument\.themeManager\+xml"
)
_XPS_PART = re.compile(r"application/vnd\.ms-package\.xps-fixeddocumentsequence\+xml")
_ODF = re.compile(r"application/vnd\.(?:oasis\.opendocument|sun\.xml)\.[\w.-]+")
_CONTENT_TYPES, _MIMETYPE, _MANIFEST = "[Content_Types].xml", "mimetype", "META-INF/manifest.xml"
_MANIFESTS = frozenset(one.lower() for one in (_CONTENT_TYPES, _MIMETYPE, _MANIFEST))
_PLAIN_NAME = re.compile(r"[\w/\[\] .(){}+,&'#@!~$=-]*", re.ASCII)
# The latter holds everything when the document is locked as a whole.
_ODF_CONTENT = frozenset({"content.xml", "encrypted-package"})
# Members that turn a document into a program's archive as well.
_FOREIGN_NAMES = frozenset({"meta-inf/manifest.mf", "androidmanifest.xml"})
_FOREIGN_ENDINGS = frozenset({"exe", "dll", "bat", "scr", "zip", "rar", "class", "dex", "jar"})


def document_type(archive: Zip) -> str | None:
    """The document's type, or None when the manifest does not make it one, or is there twice."""
    if not _MANIFESTS.isdisjoint(map(str.lower, archive.doubled)):
        return None
    return _opc(archive) or _odf_or_epub(archive) or _iwork(archive)


def carries_more(archive: Zip, document: str) -> bool:
    """A second face: a Java or Android archive, or members of a denied type."""
    names = {name.lower().rstrip("/") for name in (*archive.members, *archive.hidden)}
    if document == "application/vnd.apple.iwork":
        names.discard("index.zip")
    return not names.isdisjoint(_FOREIGN_NAMES) or any(map(_is_foreign, names))


def _is_foreign(name: str) -> bool:
    if _PLAIN_NAME.fullmatch(name):
        return "." in name and name.rstrip(" .").rpartition(".")[2] in _FOREIGN_ENDINGS
    return not _FOREIGN_ENDINGS.isdisjoint(last_extensions(name[-NAME_TAIL:]))


def _opc(archive: Zip) -> str | None:
    """OOXML and XPS: `[Content_Types].xml` names a main part that is there."""
    names = {name.lower() for name in archive.members}
    if "_rels/.rels" not in names:
        return None
    names |= {f"*.{name.rpartition('.')[2]}" for name in names}
    for kind, part in _content_types(archive.read(_CONTENT_TYPES)):
        if part.lower() not in names:
            continue
        if _MAIN_PART.fullmatch(kind):
            return re.sub(r"(\.main)?\+xml$|\.main$", "", kind)
        if _XPS_PART.fullmatch(kind):
            return "application/vnd.ms-xpsdocument"
    return None


def _content_types(manifest: bytes) -> list[tuple[str, str]]:
    """(content type, part name or `*.ending`) of each line."""
    lines = []
    for tag, values in _elements(manifest):
        part = values.get("PartName", "").lstrip("/")
        ending = values.get("Extension", "")
        if tag in ("Override", "Default"):
            kind = values.get("ContentType", "")
            lines.append((kind, part if tag == "Override" else f"*.{ending}"))
    return lines


def _elements(manifest: bytes) -> list[tuple[str, dict[str, str]]]:
    """As an XML reader sees them: what a comment or an entity says does not count."""
    found: list[tuple[str, dict[str, str]]] = []

    def take(tag: str, values: dict[str, str]) -> None:
        plain = {name.rpartition(":")[2]: value for name, value in values.items()}
        found.append((tag.rpartition(":")[2], plain))

    reader = expat.ParserCreate()
    reader.StartElementHandler = take
    reader.EntityDeclHandler = _refuse
    try:
        reader.Parse(manifest, True)
    except (expat.ExpatError, ValueError):
        return found if len(manifest) >= MANIFEST_BYTES else []  # cut by us, not by its writer
    return found


def _refuse(*_told: object) -> None:
    raise ValueError("no manifest declares entities")


def _odf_or_epub(archive: Zip) -> str | None:
    stated = archive.read(_MIMETYPE)[:200].decode("ascii", errors="replace").strip()
    if stated == "application/epub+zip" and "META-INF/container.xml" in archive.members:
        return stated
    if _ODF_CONTENT.isdisjoint(archive.members):
        return None
    kinds = [values.get("media-type", "") for _tag, values in _elements(archive.read(_MANIFEST))]
    if _ODF.fullmatch(stated):
        return stated if stated in kinds else None
    return next(filter(_ODF.fullmatch, kinds), None)


def _iwork(archive: Zip) -> str | None:
    names = set(archive.members)
    modern = bool(names & {"Index/Document.iwa", "Index.zip"}) and any(
        name.startswith("Metadata/") for name in names
    )
    elder = bool(names & {"index.xml", "index.apxl"}) and "buildVersionHistory.plist" in names
    return "application/vnd.apple.iwork" if modern or elder else None

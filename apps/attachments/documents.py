"""Documents that are ZIP files by construction, told from other ZIPs by their own manifest."""

import re

from apps.attachments.containers import Zip

_MAIN_PART = re.compile(
    r"application/vnd\.(?:openxmlformats-officedocument\.(?:wordprocessingml|spreadsheetml"
    r"|presentationml)|ms-(?:word|excel|powerpoint|visio))\.[\w.-]*main(?:\+xml)?"
    r"|application/vnd\.openxmlformats-officedocument\.themeManager\+xml"
)
_XPS_PART = re.compile(r"application/vnd\.ms-package\.xps-fixeddocumentsequence\+xml")
_TAG = re.compile(r"<(?:\w+:)?(Override|Default)\b([^<>]*)>")
_ATTRIBUTE = re.compile(r"""(PartName|Extension|ContentType)\s*=\s*["']([^"']*)["']""")
_ODF = re.compile(r"application/vnd\.(?:oasis\.opendocument|sun\.xml)\.[\w.-]+")
_ODF_ROOT = re.compile(
    r"""media-type\s*=\s*["'](application/vnd\.(?:oasis\.opendocument|sun\.xml)\.[\w.-]+)["']"""
)
# Members that turn a document into a program's archive as well.
_FOREIGN_NAMES = frozenset({"meta-inf/manifest.mf", "androidmanifest.xml"})
_FOREIGN_ENDINGS = frozenset({"exe", "dll", "bat", "scr", "zip", "rar", "class", "dex", "jar"})


def document_type(archive: Zip) -> str | None:
    """The document's type, or None when the manifest does not make it one."""
    return _opc(archive) or _odf_or_epub(archive) or _iwork(archive)


def carries_more(archive: Zip, document: str) -> bool:
    """A second face: a Java or Android archive, or members of a denied type."""
    names = {name.lower().rstrip("/") for name in archive.members}
    if document == "application/vnd.apple.iwork":
        names.discard("index.zip")
    return not names.isdisjoint(_FOREIGN_NAMES) or any(
        name.rpartition(".")[2].rstrip(" .") in _FOREIGN_ENDINGS for name in names if "." in name
    )


def _opc(archive: Zip) -> str | None:
    """OOXML and XPS: `[Content_Types].xml` names a main part that is there."""
    names = {name.lower() for name in archive.members}
    if "_rels/.rels" not in names:
        return None
    names |= {f"*.{name.rpartition('.')[2]}" for name in names}
    for kind, part in _content_types(_text(archive.read("[Content_Types].xml"))):
        if part.lower() not in names:
            continue
        if _MAIN_PART.fullmatch(kind):
            return re.sub(r"(\.main)?\+xml$|\.main$", "", kind)
        if _XPS_PART.fullmatch(kind):
            return "application/vnd.ms-xpsdocument"
    return None


def _content_types(manifest: str) -> list[tuple[str, str]]:
    """(content type, part name or `*.ending`) of each line."""
    lines = []
    for tag, attributes in _TAG.findall(manifest):
        values = dict(_ATTRIBUTE.findall(attributes))
        part = values.get("PartName", "").lstrip("/")
        ending = values.get("Extension", "")
        lines.append((values.get("ContentType", ""), part if tag == "Override" else f"*.{ending}"))
    return lines


def _odf_or_epub(archive: Zip) -> str | None:
    stated = archive.read("mimetype")[:200].decode("ascii", errors="replace").strip()
    if stated == "application/epub+zip" and "META-INF/container.xml" in archive.members:
        return stated
    manifest = _text(archive.read("META-INF/manifest.xml"))
    if _ODF.fullmatch(stated) and stated in manifest:
        return stated
    root = _ODF_ROOT.search(manifest) if "content.xml" in archive.members else None
    return root[1] if root else None


def _iwork(archive: Zip) -> str | None:
    names = set(archive.members)
    modern = bool(names & {"Index/Document.iwa", "Index.zip"}) and any(
        name.startswith("Metadata/") for name in names
    )
    elder = bool(names & {"index.xml", "index.apxl"}) and "buildVersionHistory.plist" in names
    return "application/vnd.apple.iwork" if modern or elder else None


def _text(content: bytes) -> str:
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    return content.decode("utf-16" if utf16 else "utf-8-sig", errors="replace")

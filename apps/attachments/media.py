"""Pictures, films and sounds by their own bytes, where libmagic knows them not or only half."""

import re
import zlib
from collections.abc import Callable

from apps.attachments.markup import root_element

HEAD = 128 * 1024
SVG = "image/svg+xml"
ASF_HEADER = 2**20
UNPACKED = 64 * 1024

# (offset, bytes, type): what libmagic of some releases does not know.
_SIGNATURES = (
    (0, b"OggS", "application/ogg"),
    (0, b"8BPS\0\1", "image/vnd.adobe.photoshop"),
    (0, b"8BPS\0\2", "image/vnd.adobe.photoshop"),
    (40, b" EMF", "image/emf"),
    (0, b"\xd7\xcd\xc6\x9a\0\0", "image/wmf"),
    (0, b"IIU\0", "image/x-panasonic-rw2"),
    (0, b"\0MRM", "image/x-minolta-mrw"),
    (0, b"IIIITwaR", "image/x-dcraw"),
    (0, b"IIIIRawT", "image/x-dcraw"),
    (0, b"MMMMRawT", "image/x-dcraw"),
    (0, b"FOVb", "image/x-x3f"),
    (0, b"\xff\x4f\xff\x51\0", "image/x-jp2-codestream"),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "image/x-jxl"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "image/x-jpeg-2000"),
    (0, b"II\xbc\x01", "image/jxr"),
    (0, b"DDS \x7c\0\0\0", "image/x-dds"),
    (0, b"#?RADIANCE\n", "image/vnd.radiance"),
    (0, b"#?RGBE\n", "image/vnd.radiance"),
    (0, b"\x59\xa6\x6a\x95", "image/x-cmu-raster"),
    (0, b"FLIF", "image/x-flif"),
    (0, b"farbfeld\0", "image/x-farbfeld"),
    (0, b"qoif", "image/x-qoi"),
    (0, b"BPG\xfb", "image/x-bpg"),
    (0, b"\xabKTX ", "image/ktx"),
    (0, b"\x80\x2a\x5f\xd7", "image/x-cineon"),
    (522, b"\0\x11\2\xff\x0c\0", "image/x-pict"),
    (8, b"ILBM", "image/x-ilbm"),
    (8, b"ACON", "image/x-ani"),
    (8, b"8SVX", "audio/x-8svx"),
    (0, b".snd\0\0", "audio/basic"),
    (0, b"dns.", "audio/basic"),
    (0, b"caff\0", "audio/x-caf"),
    (0, b"wvpk", "audio/x-wavpack"),
    (0, b"TTA1", "audio/x-tta"),
    (0, b"TTA2", "audio/x-tta"),
    (0, b"DSD \x1c", "audio/x-dsf"),
    (0, b"FRM8", "audio/x-dff"),
    (0, b"ajkg", "audio/x-shorten"),
    (0, b"ADIF", "audio/aac"),
    (0, b"fLaC", "audio/flac"),
    (0, b"Extended Module:", "audio/x-xm"),
    (0, b"IMPM", "audio/x-it"),
    (44, b"SCRM", "audio/x-s3m"),
    (1080, b"M.K.", "audio/x-protracker"),
    (0, b"RF64\xff\xff\xff\xffWAVE", "audio/x-wav"),
    (0, b"DKIF\0\0", "video/x-ivf"),
    (0, b"YUV4MPEG2 ", "video/x-y4m"),
    (0, b"NSVf", "video/x-nsv"),
    (0, b"\x1f\x07\x00\x3f", "video/x-dv"),
    (0, b"\x1f\x07\x00\xbf", "video/x-dv"),
    (0, bytes.fromhex("b7d800203749da11a64e0007e95ead8d"), "video/x-wtv"),
)
_AFTER_TAG = (b"fLaC", b"OggS", b"MAC ", b"wvpk", b"TTA1", b"MPCK", b"MP+")

# Brands of ISO media files; every other is a film.
_BRANDS = {
    "crx ": "image/x-canon-cr3",
    "qt  ": "video/quicktime",
    "M4A ": "audio/mp4",
    "M4B ": "audio/mp4",
    "M4P ": "audio/mp4",
    "F4A ": "audio/mp4",
    "F4B ": "audio/mp4",
    "f4v ": "video/x-f4v",
    "F4V ": "video/x-f4v",
    "avif": "image/avif",
    "avis": "image/avif",
    "miaf": "image/avif",
    "MA1A": "image/avif",
    "MA1B": "image/avif",
    "jp2 ": "image/jp2",
    "jpx ": "image/jpx",
    "jpm ": "image/jpm",
    "mjp2": "video/mj2",
}
_AC3_KBIT = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
_HEIF = frozenset("heic heix hevc hevx heim heis hevm hevs mif1 mif2 msf1 avci avcs".split())

_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_VIDEO = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
_ASF_AUDIO = bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b")

_SGI = re.compile(rb"\x01\xda[\0\x01][\x01\x02]\0[\x01-\x03]")
_PCX = re.compile(rb"(?s)\x0a[\0\x02-\x05]\x01[\x01\x02\x04\x08].{60}\0[\x01-\x04]")
_FLIC = re.compile(rb"(?s).{4}[\x11\x12\x44]\xaf.{6}\x08\0")
_TGA_END = b"TRUEVISION-XFILE.\0"
_NETPBM = re.compile(
    rb"P([1-6])\s+(?:#[^\n]{0,200}\n\s*){0,5}(\d{1,5})\s+(\d{1,5})\s+(?:(\d{1,5})\s)?"
)
_FLOATS = re.compile(rb"P[Ff]\s\d{1,5}\s\d{1,5}\s-?\d{1,4}(?:\.\d{1,9})?\s")
_XPM = re.compile(rb"\s{0,20}(?:/\* XPM \*/|! XPM2)")
_XBM = re.compile(
    rb"(?:/\*[^/]{0,500}\*/)?\s{0,99}#define \w{1,100}_?width\s+\d+\s+#define \w{1,100}_?height"
)


def media_type(content: bytes) -> str:
    """Empty when this is none of them, or when libmagic is to say it."""
    return (
        _by_signature(content)
        or _iso_media(content)
        or _asf(content)
        or _by_structure(content)
        or _packed(content)
        or _behind_tag(content)
    )


def _by_signature(content: bytes) -> str:
    for offset, signature, kind in _SIGNATURES:
        if content.startswith(signature, offset):
            return kind
    return ""


def _iso_media(content: bytes) -> str:
    """By the main brand; one that also calls itself HEIF is opened as that."""
    if content[4:8] != b"ftyp":
        return ""
    size = min(max(int.from_bytes(content[:4], "big"), 16), 512)
    brand = content[8:12].decode("latin-1")
    others = {content[at : at + 4].decode("latin-1") for at in range(16, size, 4)}
    if brand in _BRANDS:
        return _BRANDS[brand]
    if brand in _HEIF or others & {"mif1", "heic", "heix"}:
        return "image/heic"
    if "avif" in others:
        return "image/avif"
    return "video/3gpp" if brand.startswith(("3gp", "3g2", "3ge", "3gs")) else "video/mp4"


def _asf(content: bytes) -> str:
    if not content.startswith(_ASF):
        return ""
    head = content[:ASF_HEADER]
    is_sound = _ASF_AUDIO in head and _ASF_VIDEO not in head
    return "audio/x-ms-wma" if is_sound else "video/x-ms-asf"


def _by_structure(content: bytes) -> str:
    """Too little at the start to tell by: more of the file must agree."""
    if _SGI.match(content):
        return "image/x-rgb"
    if _PCX.match(content) and not content[74:128].strip(b"\0"):
        return "image/x-pcx-file"
    if _FLIC.match(content) and int.from_bytes(content[:4], "little") == len(content):
        return "video/x-flic"
    if _is_targa(content):
        return "image/x-targa"
    if _is_netpbm(content) or _FLOATS.match(content):
        return "image/x-portable-anymap"
    if _XPM.match(content) or (_XBM.match(content) and b"_bits" in content[:2048]):
        return "image/x-xbitmap"
    if _is_icon(content):
        return "image/vnd.microsoft.icon"
    if _frames(content, _adts_length) or _frames(content, _loas_length):
        return "audio/aac"
    if _frames(content, _ac3_length):
        return "audio/ac3"
    return "video/x-mpeg-ts" if _is_transport_stream(content) else ""


def _is_targa(content: bytes) -> bool:
    if content[-18:] == _TGA_END:
        return True
    if len(content) < 18 or content[1:3] not in {b"\0\2", b"\0\3"} or content[3:8] != bytes(5):
        return False
    width, height = (int.from_bytes(content[at : at + 2], "little") for at in (12, 14))
    pixels = width * height * (content[16] // 8)
    return 0 < pixels == len(content) - 18 - content[0]


def _is_netpbm(content: bytes) -> bool:
    header = _NETPBM.match(content)
    if header is None:
        return False
    number, width, height = (int(header[group]) for group in (1, 2, 3))
    if number <= 3:
        rest = content[header.end() : header.end() + 400]
        return bool(rest) and not rest.strip(b" \t\r\n0123456789")
    row = (width + 7) // 8 if number == 4 else width * (3 if number == 6 else 1)
    body = len(content) - (header.start(4) if number == 4 and header[4] else header.end())
    return 0 < row * height <= body <= row * height * 2 + 16


def _is_icon(content: bytes) -> bool:
    """ICO and CUR: a list of pictures, the first of which lies within the file."""
    if content[:4] not in {b"\0\0\1\0", b"\0\0\2\0"} or len(content) < 22:
        return False
    count = int.from_bytes(content[4:6], "little")
    size, place = (int.from_bytes(content[at : at + 4], "little") for at in (14, 18))
    return content[9] == 0 and 0 < count < 256 and size > 0 and place >= 6 + 16 * count


def _adts_length(head: bytes) -> int:
    if head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return 0
    return (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5


def _loas_length(head: bytes) -> int:
    if head[0] != 0x56 or head[1] & 0xE0 != 0xE0:
        return 0
    return ((head[1] & 0x1F) << 8 | head[2]) + 3


def _ac3_length(head: bytes) -> int:
    if head[:2] != b"\x0b\x77":
        return 0
    if head[5] >> 3 > 10:
        return (((head[2] & 7) << 8 | head[3]) + 1) * 2
    rate, number = head[4] >> 6, head[4] & 63
    if rate == 3 or number >= 2 * len(_AC3_KBIT):
        return 0
    kbit = _AC3_KBIT[number // 2]
    return 2 * ((2 * kbit, kbit * 96_000 // 44_100 + number % 2, 3 * kbit)[rate])


def _frames(content: bytes, length_of: Callable[[bytes], int]) -> bool:
    """Four of them in a row, or as many as a short file has."""
    at = 0
    for number in range(4):
        head = content[at : at + 7]
        if len(head) < 7 or (length := length_of(head)) < 7:
            return number > 1 and not head
        at += length
    return True


def _is_transport_stream(content: bytes) -> bool:
    """A byte G before each of five packets, with four more before it on discs."""
    return any(
        len(content) > first + 4 * step
        and all(content[first + step * number] == 0x47 for number in range(5))
        for first, step in ((0, 188), (4, 192), (0, 204))
    )


def _packed(content: bytes) -> str:
    """SVGZ, EMZ and WMZ are their relatives within gzip."""
    if not content.startswith(b"\x1f\x8b\x08"):
        return ""
    try:
        head = zlib.decompressobj(31).decompress(content[:HEAD], UNPACKED)
    except zlib.error:
        return ""
    kind = _by_signature(head)
    if kind in {"image/emf", "image/wmf"}:
        return kind
    return SVG if root_element(head) == "svg" else ""


def _behind_tag(content: bytes) -> str:
    """Players skip an MP3's tag; what follows may be something else."""
    if not content.startswith(b"ID3") or len(content) < 10:
        return ""
    size = 0
    for byte in content[6:10]:
        size = size << 7 | byte & 0x7F
    rest = content[10 + size : 10 + size + 2**16]
    if rest.startswith(_AFTER_TAG):
        return "audio/x-tagged"
    return "audio/aac" if _frames(rest, _adts_length) else ""

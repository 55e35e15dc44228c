"""Documents locked with a password, and one that only looks so; built here from bytes."""

import hashlib
import io
import struct
import zipfile
import zlib

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_EVERYTHING = 0xFFFFFFFC


def pdf(*, user: bytes = b"", owner: bytes = b"owner", text: bytes = b"Hello") -> bytes:
    """AES-256 (PDF 2.0, revision 6). Without USER it opens for everybody."""
    key = hashlib.sha256(b"file key").digest()
    stream = zlib.compress(b"BT /F1 12 Tf 72 700 Td (" + text + b") Tj ET")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/Resources<<>>>>",
        _stream(_aes(key, bytes(16), _padded(stream)), iv=bytes(16)),
        _protection(key, user, owner),
    ]
    return _assembled(objects)


def _stream(encrypted: bytes, *, iv: bytes) -> bytes:
    content = iv + encrypted
    head = b"<</Length %d/Filter/FlateDecode>>stream\n" % len(content)
    return head + content + b"\nendstream"


def _assembled(objects: list[bytes]) -> bytes:
    content, places = b"%PDF-2.0\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n" % number + one + b"\nendobj\n"
    start = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    content += b"".join(b"%010d 00000 n \n" % place for place in places)
    ids = b"/ID[<%s><%s>]" % (b"00" * 16, b"00" * 16)
    trailer = b"<</Size %d/Root 1 0 R/Encrypt 5 0 R%s>>" % (len(objects) + 1, ids)
    return content + b"trailer" + trailer + b"\nstartxref\n%d\n%%%%EOF\n" % start


def _protection(key: bytes, user: bytes, owner: bytes) -> bytes:
    salts = [bytes([n]) * 8 for n in range(4)]
    u = _hash(user, salts[0]) + salts[0] + salts[1]
    ue = _aes(_hash(user, salts[1]), bytes(16), key)
    o = _hash(owner, salts[2], u) + salts[2] + salts[3]
    oe = _aes(_hash(owner, salts[3], u), bytes(16), key)
    block = struct.pack("<L", _EVERYTHING) + b"\xff" * 4 + b"Tadb" + b"1234"
    ecb = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    perms = ecb.update(block) + ecb.finalize()
    values = b"".join(
        b"/%s<%s>" % (name, value.hex().encode())
        for name, value in ((b"U", u), (b"UE", ue), (b"O", o), (b"OE", oe), (b"Perms", perms))
    )
    filters = b"/CF<</StdCF<</AuthEvent/DocOpen/CFM/AESV3/Length 32>>>>/StmF/StdCF/StrF/StdCF"
    return b"<</Filter/Standard/V 5/R 6/Length 256/P -4" + values + filters + b">>"


def _hash(password: bytes, salt: bytes, more: bytes = b"") -> bytes:
    """ISO 32000-2, algorithm 2.B."""
    key = hashlib.sha256(password + salt + more).digest()
    turn = 0
    while True:
        mixed = _aes(key[:16], key[16:32], (password + key + more) * 64)
        kind = (hashlib.sha256, hashlib.sha384, hashlib.sha512)[sum(mixed[:16]) % 3]
        key = kind(mixed).digest()
        turn += 1
        if turn >= 64 and mixed[-1] <= turn - 32:
            return key[:32]


def _padded(content: bytes) -> bytes:
    pad = padding.PKCS7(128).padder()
    return pad.update(content) + pad.finalize()


def _aes(key: bytes, iv: bytes, content: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(content) + encryptor.finalize()


def compound(streams: dict[str, bytes]) -> bytes:
    """An OLE2 file: header, one sector of FAT, the directory, then each stream in a row."""
    names = list(streams)
    directory_sectors = (len(names) + 1 + 3) // 4
    fat = [0xFFFFFFFD, *range(2, directory_sectors + 1), 0xFFFFFFFE]
    entries = [_entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1)]
    body = b""
    for number, name in enumerate(names, 1):
        content = streams[name].ljust(4096, b"\0")
        content = content.ljust(-(-len(content) // 512) * 512, b"\0")
        first = len(fat)
        count = len(content) // 512
        fat += [*range(first + 1, first + count), 0xFFFFFFFE]
        sibling = number + 1 if number < len(names) else 0xFFFFFFFF
        entries.append(_entry(name, 2, first, len(content), right=sibling))
        body += content
    table = b"".join(struct.pack("<L", one) for one in fat).ljust(512, b"\xff")
    directory = b"".join(entries).ljust(directory_sectors * 512, b"\0")
    return _compound_header() + table + directory + body


def _compound_header() -> bytes:
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<LLLLLLLLL", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    return (head + struct.pack("<L", 0)).ljust(512, b"\xff")


def _entry(
    name: str,
    kind: int,
    first: int,
    size: int,
    *,
    child: int = 0xFFFFFFFF,
    right: int = 0xFFFFFFFF,
) -> bytes:
    letters = (name + "\0").encode("utf-16-le")
    head = letters.ljust(64, b"\0") + struct.pack("<HBB", len(letters), kind, 1)
    links = struct.pack("<LLL", 0xFFFFFFFF, right, child)
    return (head + links + bytes(36) + struct.pack("<LQ", first, size)).ljust(128, b"\0")


def office(*, locked: bool = True) -> bytes:
    if locked:
        return compound({"EncryptionInfo": b"\4\0\4\0", "EncryptedPackage": bytes(range(256)) * 20})
    said = "This text speaks of EncryptedPackage and means no harm.".encode("utf-16-le")
    return compound({"WordDocument": word_start(locked=False) + said, "1Table": b"table"})


def word_start(*, locked: bool) -> bytes:
    return b"\xec\xa5\xc1\0" + bytes(6) + (b"\0\x01" if locked else b"\0\0") + bytes(20)


def excel_start(*, locked: bool) -> bytes:
    begin = struct.pack("<HH", 0x0809, 16) + bytes(16)
    return begin + (struct.pack("<HH", 0x2F, 4) + bytes(4) if locked else b"") + bytes(8)


def odt(*, locked: bool) -> bytes:
    kind = "application/vnd.oasis.opendocument.text"
    secret = "<manifest:encryption-data/>" if locked else ""
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:m">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        f'<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml">'
        f"{secret}</manifest:file-entry></manifest:manifest>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), kind)
        archive.writestr(zipfile.ZipInfo("content.xml"), "<office/>")
        archive.writestr(zipfile.ZipInfo("META-INF/manifest.xml"), manifest)
    return buffer.getvalue()

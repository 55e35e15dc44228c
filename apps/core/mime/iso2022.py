"""Texts that switch their alphabets by escape sequences (ISO 2022), as Windows writes them.

Python's codecs know the standards only. Mailers on Windows also use the special characters of NEC
(row 13: circled numbers) and the kanji of IBM, shift out to half-width kana, forget to say which
alphabet they shift to, and break lines in the middle of a double-byte text.
"""

import re

MOST_SWITCHES = 50_000
_SWITCH = re.compile(rb"\x1b(\$[()*+]?[A-Z@]|[(.)][A-Z@]|N)|([\x0e\x0f])")
_PAIRS = re.compile(rb"([\x21-\x7e]{2,})|([\xa1-\xdf]+)|[^\x21-\x7e\xa1-\xdf]+|.", re.DOTALL)
_EUC = re.compile(
    rb"(?:[\xa1-\xfe]{2})+|(?:\x8e[\xa1-\xdf])+|(?:\x8f[\xa1-\xfe]{2})+|[\0-\x7f]+|.", re.DOTALL
)
_UP = bytes(range(128, 256)) * 2
_DOWN = bytes(range(128)) * 2
_KANA_UP = bytes(one | 128 if 0x21 <= one <= 0x5F else one for one in range(256))
_ROMAN = str.maketrans("\\~", "¥‾")
_KANA = b"(I"
_TWO_BYTES = {  # the codec of the same characters with the high bits set, and what goes before
    b"$A": ("gb18030", b""),
    b"$(A": ("gb18030", b""),
    b"$)A": ("gb18030", b""),
    b"$(C": ("cp949", b""),
    b"$)C": ("cp949", b""),
    b"$(D": ("euc_jp", b"\x8f"),
    b"$(O": ("euc_jis_2004", b""),
    b"$(Q": ("euc_jis_2004", b""),
    b"$(P": ("euc_jis_2004", b"\x8f"),
}


def read_escaped(raw: bytes, shifted: bytes = _KANA) -> str:
    """With U+FFFD where nothing fits. SHIFTED: the alphabet that a mail shifts to unannounced."""
    if sum(map(raw.count, (b"\x1b", b"\x0e", b"\x0f"))) > MOST_SWITCHES:
        return raw.decode("iso2022_jp_ext", "replace")
    pieces: list[str] = []
    main, other, out, at = b"(B", shifted, False, 0
    for switch in _SWITCH.finditer(raw):
        pieces.append(_read(raw[at : switch.start()], other if out else main))
        at = switch.end()
        if switch[2]:
            out = switch[2] == b"\x0e"
        elif switch[1][:2] in (b"$)", b"$*") or switch[1][:1] == b")":
            other = switch[1].replace(b")I", _KANA)
        else:
            main = switch[1]
    pieces.append(_read(raw[at:], other if out else main))
    return "".join(pieces)


def _read(text: bytes, alphabet: bytes) -> str:
    if not text or alphabet in (b"(B", b"(H"):
        return text.decode("cp932", "replace")
    if alphabet == b"(J":
        return text.decode("cp932", "replace").translate(_ROMAN)
    if alphabet == _KANA:
        return text.translate(_KANA_UP).decode("cp932", "replace")
    return "".join(_read_pairs(one, alphabet) for one in _PAIRS.finditer(text))


def _read_pairs(found: re.Match[bytes], alphabet: bytes) -> str:
    if not found[1]:
        return found[0].decode("cp932", "replace")
    even, odd = found[1][: len(found[1]) & ~1], len(found[1]) & 1
    codec, before = _TWO_BYTES.get(alphabet, ("", b""))
    if not codec:
        text = to_shift_jis(even).decode("cp932", "replace")
    else:
        high = even.translate(_UP)
        pairs = (before + high[at : at + 2] for at in range(0, len(high), 2)) if before else [high]
        text = b"".join(pairs).decode(codec, "replace")
    return text + "\ufffd" * odd


def to_shift_jis(pairs: bytes) -> bytes:
    """JIS X 0208 in seven bits, row and cell, as Shift JIS."""
    shifted = bytearray()
    for row, cell in zip(pairs[::2], pairs[1::2], strict=True):
        lead = (row - 0x21) // 2 + 0x81
        shifted.append(lead if lead < 0xA0 else lead + 0x40)
        if row % 2:
            shifted.append(cell + 0x1F + (cell >= 0x60))
        else:
            shifted.append(cell + 0x7E)
    return bytes(shifted)


def read_euc_jp(raw: bytes) -> str:
    """EUC-JP with the additions of Windows, which Python's codec does not know."""
    return "".join(_read_euc(found[0]) for found in _EUC.finditer(raw))


def _read_euc(run: bytes) -> str:
    if run[0] >= 0xA1 and len(run) > 1:
        return to_shift_jis(run.translate(_DOWN)).decode("cp932", "replace")
    return run.decode("euc_jp", "replace")

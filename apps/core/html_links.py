"""A link whose words show one address and that leads to another says where it leads."""

import html as entities
import re

# Clean HTML only: no attribute holds < or >, and links do not nest.
_LINK = re.compile(r'<a(?= )[^<>]*? href="([^"]*)"[^<>]*>(.*?)</a>', re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")
_ALT = re.compile(r' alt="([^"]*)"')
_SHOWN = re.compile(
    r"(?:https?:[/\\]+)?(?:[^\s/@]{1,100}@)?((?:[\w-]{1,63}\.){1,10}\w{2,24})(?:[:/?#]\S*)?", re.I
)
_HOST = re.compile(r"https?://([^/\\?#:]+)", re.I)
_NOTE = '<small dir="ltr" style="color:#a32c18;background-color:#fff"> ({host})</small>'


def with_true_hosts(clean: str) -> str:
    return _LINK.sub(lambda link: link[0] + _note(link[1], link[2]), clean)


def _note(escaped: str, content: str) -> str:
    leads_to = _HOST.match(entities.unescape(escaped))
    if leads_to is None:
        return ""
    host = _plain(leads_to[1])
    words = entities.unescape(_TAG.sub(_words_of_picture, content)).strip()
    shown = _SHOWN.fullmatch(words[:2000])
    if not shown or (host.isascii() and "xn--" not in host and _same(_plain(shown[1]), host)):
        return ""
    return _NOTE.format(host=entities.escape(_ascii(host)))


def _words_of_picture(tag: re.Match[str]) -> str:
    """What is read in a picture's place."""
    words = _ALT.search(tag[0]) if tag[0].startswith("<img") else None
    return words[1] if words else ""


def _same(shown: str, host: str) -> bool:
    """shop.example and www.shop.example are one."""
    return host == shown or host.endswith(f".{shown}") or shown.endswith(f".{host}")


def _plain(host: str) -> str:
    return host.lower().rstrip(".").removeprefix("www.")


def _ascii(host: str) -> str:
    """As the network spells it: letters of another script that look like ours are seen."""
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host.encode("ascii", "backslashreplace").decode()

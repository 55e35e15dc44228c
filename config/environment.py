"""Reads the environment: NAME, or the file that NAME_FILE points to."""

import os
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path


def text(name: str, default: str = "") -> str:
    """A present but empty variable counts as its default; NAME_FILE wins over NAME."""
    file = os.environ.get(f"{name}_FILE")
    if file:
        return Path(file).read_text(encoding="utf-8").strip()
    return os.environ.get(name, "").strip() or default


def flag(name: str) -> bool:
    """Empty, 0, no, off and false are off; anything else is on."""
    return text(name).lower() not in {"", "0", "no", "off", "false"}


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def number(name: str, default: int = 0) -> int:
    value = text(name, str(default))
    if not value.isascii() or not value.isdigit():
        raise ValueError(f"{name} is {value!r}; a whole number is needed.")
    return int(value)


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    try:
        return [ip_network(word, strict=False) for word in words(name)]
    except ValueError as error:
        raise ValueError(f"{name}: {error}; write ranges like 10.0.0.0/8.") from error


def name_servers(name: str) -> list[str]:
    """Numbers such as 192.0.2.1, with a port as 192.0.2.1@5353; empty: those of this machine."""
    for word in words(name):
        host, _at, port = word.partition("@")
        try:
            ip_address(host)
            int(port or 53)
        except ValueError:
            raise ValueError(f"{name} is {word!r}; write 192.0.2.1 or 192.0.2.1@5353.") from None
    return words(name)

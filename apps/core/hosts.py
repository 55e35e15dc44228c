"""Hosts that nothing may name: what only this machine, its network or its cloud should answer.

Mail servers may be private, on this machine too; link-local addresses and the metadata services of
clouds never hold mail. CRMs, webhooks and remote pictures have to be out in the public network
(`apps.core.outside` asks at each connection). CARTERIA_PRIVATE_HOSTS permits ranges all the same.
"""

import re
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.utils.translation import gettext as _

Address = IPv4Address | IPv6Address
# One of them is public by its number, and answered by the cloud's own machines all the same.
METADATA = frozenset({"169.254.169.254", "100.100.100.200", "fd00:ec2::254", "168.63.129.16"})
METADATA_NAMES = ("metadata.google.internal", "metadata.goog", "instance-data")
NAT64 = IPv6Network("64:ff9b::/96")  # a gateway hands the packets on to the last 32 bits
# Relays of old tunnels, and examples that this Python does not know yet (RFC 7526, 9637).
NOWHERE = (IPv4Network("192.88.99.0/24"), IPv6Network("3fff::/20"))
NAME = re.compile(r"[\w-]+(\.[\w-]+)*\.?")


def host_problem(host: str) -> str:
    """A sentence with the cure, or nothing."""
    if "://" in host or "/" in host or "@" in host:
        return _("Only the server's name, like mail.example.com: no https://, no / and no @.")
    address = _literal(host)
    if address is None:
        return _name_problem(host)
    if _is_forbidden(address):
        return _(
            "%(host)s is no address of a mail server. If it is one here, permit its range in"
            " CARTERIA_PRIVATE_HOSTS."
        ) % {"host": host}
    return ""


def _name_problem(host: str) -> str:
    if not NAME.fullmatch(host):
        if re.fullmatch(r".+:\d+", host):
            return _("Write the port in its own field, and here only the name.")
        return _("This is no name of a server; write it like mail.example.com.")
    if host.lower().rstrip(".").endswith(METADATA_NAMES):
        return _("%(host)s is a service of the cloud and holds no mail.") % {"host": host}
    return ""


def web_host_problem(host: str) -> str:
    """Of a service that is asked over the web; a sentence with the cure, or nothing.

    Only what the name itself says, without asking the network: `apps.core.outside` asks again
    where each connection really goes.
    """
    address = _literal(host) or (_HERE if _is_here(host) else None)
    if address is None:
        if not NAME.fullmatch(host):
            return _("This is no name of a server; write it like crm.example.com.")
        if not host.lower().rstrip(".").endswith(METADATA_NAMES):
            return ""
    elif is_permitted(address) or is_public(address):
        return ""
    return _(
        "%(host)s is not an address out in the public network. If the service stands in your own,"
        " permit its range in CARTERIA_PRIVATE_HOSTS."
    ) % {"host": host}


def is_permitted_host(host: str) -> bool:
    """By the number that HOST is written with, or as this machine."""
    address = _literal(host) or (_HERE if _is_here(host) else None)
    return address is not None and is_permitted(address)


def _is_here(host: str) -> bool:
    name = host.lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost")


_HERE = IPv4Address("127.0.0.1")


def _literal(host: str) -> Address | None:
    """The address that HOST spells, also as one number or in hexadecimal, as connecting would."""
    try:
        return ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        pass
    if not re.fullmatch(r"[0-9a-fA-Fx.]+", host) or not host[:1].isdigit():
        return None
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def _is_forbidden(address: Address) -> bool:
    address = _unmapped(address)
    if is_permitted(address):
        return False
    never = address.is_link_local or address.is_multicast or address.is_unspecified
    return never or str(address) in METADATA


# ---- resolved addresses ---------------------------------------------------------------------


def is_permitted(address: Address) -> bool:
    """The administrator has named its range in CARTERIA_PRIVATE_HOSTS."""
    return any(_unmapped(address) in network for network in settings.PRIVATE_HOSTS)


def is_public(address: Address) -> bool:
    """Out in the public network, and so is what is wrapped in it."""
    address = _unmapped(address)
    if isinstance(address, IPv6Address):
        if address in NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        # Old tunnels carry an IPv4 address inside; no server of today answers there.
        if address.is_site_local or address.sixtofour or address.teredo:
            return False
    if any(address in network for network in NOWHERE) or str(address) in METADATA:
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _unmapped(address: Address) -> Address:
    return getattr(address, "ipv4_mapped", None) or address

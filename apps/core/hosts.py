"""Hosts that no setting may name: what only this machine or its cloud should answer.

Mail servers may be private, on this machine too; link-local addresses and the metadata services of
clouds never hold mail. CARTERIA_PRIVATE_HOSTS permits ranges all the same.
"""

import re
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings
from django.utils.translation import gettext as _

Address = IPv4Address | IPv6Address
METADATA = frozenset({"169.254.169.254", "100.100.100.200", "fd00:ec2::254"})
METADATA_NAMES = ("metadata.google.internal", "metadata.goog", "instance-data")
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
    address = getattr(address, "ipv4_mapped", None) or address
    if any(address in network for network in settings.PRIVATE_HOSTS):
        return False
    never = address.is_link_local or address.is_multicast or address.is_unspecified
    return never or str(address) in METADATA

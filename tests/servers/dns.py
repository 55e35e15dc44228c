"""A name server on loopback, by UDP and TCP, that knows what a test tells it, and misbehaves.

It answers as a resolver does: aliases are followed, and what is not in its zones is not there.
"""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

Zone = dict[str, list[str]]  # kind: records as a zone file writes them, without their names
LONGEST_CHAIN = 20  # longer than any client follows
PAYLOAD = 1232


@dataclass(slots=True)
class NameServer:
    """`zones` by name; the sets hold names, lower-case and without the last dot."""

    port: int = 0
    zones: dict[str, Zone] = field(default_factory=dict)
    raw: dict[str, list[bytes]] = field(default_factory=dict)  # TXT that no zone file could write
    silent: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)  # SERVFAIL
    refused: set[str] = field(default_factory=set)
    lying: set[str] = field(default_factory=set)  # it answers another question
    garbled: set[str] = field(default_factory=set)  # bytes that are no message
    slow: dict[str, float] = field(default_factory=dict)  # seconds
    dripping: set[str] = field(default_factory=set)  # by TCP, a byte at a time, of 65,535
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # udp or tcp, name, kind

    @property
    def address(self) -> str:
        return f"127.0.0.1@{self.port}"

    def forget(self) -> None:
        for one in (self.zones, self.raw, self.slow):
            one.clear()
        for names in (self.silent, self.failing, self.refused, self.lying, self.garbled):
            names.clear()
        self.dripping.clear()
        self.asked.clear()

    # ---- one question -----------------------------------------------------------------------

    def answer(self, wire: bytes, by: str) -> bytes | None:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append((by, name, dns.rdatatype.to_text(question.rdtype)))
        time.sleep(self.slow.get(name, 0))
        if name in self.silent:
            return None
        if name in self.garbled:
            return wire[:2] + b"\xff" * 40
        return self._written(self._response(query, name), by)

    def _written(self, response: dns.message.Message, by: str) -> bytes:
        """What does not fit into a packet is asked for again by TCP."""
        wire = response.to_wire(max_size=65535)
        if by == "udp" and len(wire) > PAYLOAD:
            response.flags |= dns.flags.TC
            response.answer.clear()
            wire = response.to_wire()
        return wire

    def _response(self, query: dns.message.Message, name: str) -> dns.message.Message:
        response = dns.message.make_response(query, recursion_available=True)
        if name in self.failing | self.refused:
            refusal = dns.rcode.SERVFAIL if name in self.failing else dns.rcode.REFUSED
            response.set_rcode(refusal)
        elif name in self.lying:
            other = dns.name.from_text("elsewhere.example.")
            response.question[0] = dns.rrset.RRset(
                other, dns.rdataclass.IN, query.question[0].rdtype
            )
            response.answer.append(dns.rrset.from_text(other, 60, "IN", "TXT", '"v=spf1 +all"'))
        else:
            self._fill(response, name, query.question[0].rdtype)
        return response

    def _fill(
        self, response: dns.message.Message, name: str, kind: dns.rdatatype.RdataType
    ) -> None:
        for _step in range(LONGEST_CHAIN):
            at, zone = dns.name.from_text(name), self.zones.get(name, {})
            if target := zone.get("CNAME"):
                response.answer.append(dns.rrset.from_text(at, 60, "IN", "CNAME", *target))
                name = target[0].rstrip(".").lower()
                continue
            word = dns.rdatatype.to_text(kind)
            if word == "TXT" and name in self.raw:
                response.answer.append(_raw_texts(at, self.raw[name]))
            elif records := zone.get(word):
                response.answer.append(dns.rrset.from_text(at, 60, "IN", word, *records))
            elif not zone and name not in self.raw and not self._has_below(name):
                response.set_rcode(dns.rcode.NXDOMAIN)
            return

    def _has_below(self, name: str) -> bool:
        return any(one.endswith(f".{name}") for one in (*self.zones, *self.raw))


def _raw_texts(at: dns.name.Name, texts: list[bytes]) -> dns.rrset.RRset:
    rows = []
    for text in texts:
        parts = [text[n : n + 255] for n in range(0, len(text), 255)] or [b""]
        quoted = ('"' + "".join(f"\\{byte:03d}" for byte in part) + '"' for part in parts)
        rows.append(" ".join(quoted))
    return dns.rrset.from_text(at, 60, "IN", "TXT", *rows)


# ---- serving ------------------------------------------------------------------------------------


@contextlib.contextmanager
def name_server() -> Iterator[NameServer]:
    server = NameServer()
    with _bound() as (udp, tcp):
        server.port = udp.getsockname()[1]
        for serve, line in ((_serve_udp, udp), (_serve_tcp, tcp)):
            threading.Thread(target=serve, args=(server, line), daemon=True).start()
        yield server


@contextlib.contextmanager
def _bound() -> Iterator[tuple[socket.socket, socket.socket]]:
    """One port, free for both."""
    tcp = socket.create_server(("127.0.0.1", 0))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        udp.bind(tcp.getsockname())
        yield udp, tcp
    finally:
        for line in (udp, tcp):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)  # who waits on it wakes
            line.close()


def _serve_udp(server: NameServer, line: socket.socket) -> None:
    while True:
        try:
            wire, who = line.recvfrom(4096)
        except OSError:
            return
        if not wire:
            return  # the socket was shut
        threading.Thread(target=_by_udp, args=(server, line, wire, who), daemon=True).start()


def _by_udp(server: NameServer, line: socket.socket, wire: bytes, who: tuple[str, int]) -> None:
    answer = server.answer(wire, "udp")
    with contextlib.suppress(OSError):  # the test is over
        if answer is not None:
            line.sendto(answer, who)


def _serve_tcp(server: NameServer, line: socket.socket) -> None:
    while True:
        try:
            caller, _who = line.accept()
        except OSError:
            return
        threading.Thread(target=_by_tcp, args=(server, caller), daemon=True).start()


def _by_tcp(server: NameServer, caller: socket.socket) -> None:
    with caller, contextlib.suppress(OSError, struct.error):  # the caller lost patience
        (size,) = struct.unpack("!H", caller.recv(2))
        wire = caller.recv(size)
        answer = server.answer(wire, "tcp")
        name = server.asked[-1][1]
        if answer is None:
            time.sleep(10)
            return
        if name in server.dripping:
            caller.sendall(struct.pack("!H", 65535))
            for byte in answer:
                caller.sendall(bytes([byte]))
                time.sleep(0.05)
        caller.sendall(struct.pack("!H", len(answer)) + answer)

"""Listens on a network interface and tells how each TCP connection begins."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

_IPV4, _TCP, _SYN, _ACK = 0x0800, 6, 0x02, 0x10
_ETHERNET_BYTES = 14
_LONGEST = 65535
_SHOWN = 16
TLS_HANDSHAKE = b"\x16\x03"
_MYSQL_HEADER = b"\x20\x00\x00\x01"
_MYSQL_REQUEST_BYTES = 36
_MYSQL_SSL = 0x0800


@dataclass
class Wiretap:
    """``first_bytes``: the server's port → how clients' connections to it began."""

    first_bytes: dict[int, set[bytes]] = field(default_factory=dict)
    _opened: set[tuple[bytes, int, bytes, int]] = field(default_factory=set)

    def see(self, frame: bytes) -> None:
        """Take one Ethernet frame: remember who opens a connection, then the first bytes that he sends."""
        kind, packet = struct.unpack("!H", frame[12:14])[0], frame[_ETHERNET_BYTES:]
        if kind != _IPV4 or packet[9] != _TCP:
            return
        segment = packet[(packet[0] & 15) * 4 : struct.unpack("!H", packet[2:4])[0] or None]
        source_port, port = struct.unpack("!HH", segment[:4])
        flow = (packet[12:16], source_port, packet[16:20], port)
        payload = segment[(segment[12] >> 4) * 4 :]
        if segment[13] & (_SYN | _ACK) == _SYN:  # the client's; a server may greet first, as MariaDB does in the clear
            self._opened.add(flow)
        elif payload and flow in self._opened and not _announces_tls(payload):
            self._opened.discard(flow)
            self.first_bytes.setdefault(port, set()).add(payload[:_SHOWN])

    def in_the_clear(self) -> dict[int, set[bytes]]:
        """Ports to which a client spoke neither TLS nor SSH, and what it began with."""
        plain = {
            port: {start for start in starts if not start.startswith((TLS_HANDSHAKE, b"SSH-2.0"))}
            for port, starts in self.first_bytes.items()
        }
        return {port: starts for port, starts in plain.items() if starts}


def _announces_tls(payload: bytes) -> bool:
    """Whether it is what a client of MariaDB sends before TLS, in answer to the greeting: no name, no password in it.

    Source: the client/server protocol of MariaDB, SSLRequest packet.
    """
    if len(payload) != _MYSQL_REQUEST_BYTES or not payload.startswith(_MYSQL_HEADER):
        return False
    capabilities = struct.unpack_from("<I", payload, len(_MYSQL_HEADER))[0]
    return bool(capabilities & _MYSQL_SSL)


def _listen(tap: Wiretap, wire: socket.socket, stop: Event) -> None:
    while not stop.is_set():
        try:
            tap.see(wire.recv(_LONGEST))
        except TimeoutError:
            continue


@contextmanager
def wiretap(interface: str) -> Iterator[Wiretap]:
    """Listens until the end of the block."""
    tap, stop = Wiretap(), Event()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3)) as wire:
        wire.bind((interface, 0))
        wire.settimeout(0.5)
        thread = Thread(target=_listen, args=(tap, wire, stop), daemon=True)
        thread.start()
        try:
            yield tap
        finally:
            stop.set()
            thread.join()

"""The engine tests' wiretap: what it takes for encrypted, and what not."""

import struct

from tests.engine.docker.wiretap import TLS_HANDSHAKE, Wiretap

CLIENT, SERVER, PORT = b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x02", 3306
SYN, PUSH = 0x02, 0x18
HELLO = TLS_HANDSHAKE + b"\x01" * 40


def frame(flags: int, payload: bytes = b"") -> bytes:
    """What the client sends to the server's port."""
    segment = struct.pack("!HHIIBBHHH", 40000, PORT, 0, 0, 5 << 4, flags, 0, 0, 0) + payload
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(segment), 0, 0, 64, 6, 0, CLIENT, SERVER)
    return b"\0" * 12 + b"\x08\x00" + header + segment


def request(capabilities: int) -> bytes:
    """The packet by which a client of MariaDB asks for TLS, or does not."""
    return b"\x20\0\0\x01" + struct.pack("<IIB23x", capabilities, 1 << 24, 33)


def heard(*payloads: bytes) -> Wiretap:
    tap = Wiretap()
    for each in (frame(SYN), *(frame(PUSH, payload) for payload in payloads)):
        tap.see(each)
    return tap


def test_a_client_of_mariadb_that_asks_for_tls_and_goes_on_in_it_is_encrypted() -> None:
    tap = heard(request(0x0A85 | 0x0800), HELLO)
    assert tap.first_bytes.keys() == {PORT}
    assert tap.in_the_clear() == {}


def test_a_client_that_asks_for_tls_and_goes_on_without_is_not() -> None:
    assert heard(request(0x0800), b"portus\0password").in_the_clear().keys() == {PORT}


def test_a_client_that_signs_in_at_once_is_not() -> None:
    assert heard(request(0x0285) + b"portus\0").in_the_clear().keys() == {PORT}
    assert heard(request(0x0285)).in_the_clear().keys() == {PORT}


def test_tls_from_the_first_byte_is_encrypted() -> None:
    assert heard(HELLO).in_the_clear() == {}

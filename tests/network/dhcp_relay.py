"""The other side of DHCP: the access node that relays a modem's requests and says on which line they came (option 82)."""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass

HOST = "127.0.0.1"
MAGIC = b"\x63\x82\x53\x63"
DISCOVER, OFFER, REQUEST, ACK, NAK = 1, 2, 3, 5, 6
MESSAGE_TYPE, SERVER, WANTED, RELAY_INFORMATION, END = 53, 54, 50, 82, 255
HOSTNAME, LEASE_TIME, ROUTER = 12, 51, 3


@dataclass(frozen=True)
class Granted:
    """What a modem was given."""

    address: str
    circuit_id: str | None  # as the server echoed it
    seconds: int


@dataclass(frozen=True)
class Reply:
    kind: int
    address: str
    options: dict[int, bytes]


class Relay:
    """Sends to the server on `server_port` from the port where it answers relays."""

    def __init__(self, server_port: int, own_port: int) -> None:
        self._server = (HOST, server_port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, own_port))
        self._socket.settimeout(0.7)

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()

    def get_address(self, mac: str, circuit_id: str | None = None) -> Granted | None:
        """DISCOVER, OFFER, REQUEST, ACK. None where the server is silent: the modem is a stranger."""
        offer = self._exchange(mac, DISCOVER, {}, circuit_id)
        if offer is None or offer.kind != OFFER:
            return None
        wanted = {SERVER: offer.options[SERVER], WANTED: socket.inet_aton(offer.address)}
        return self._granted(self._exchange(mac, REQUEST, wanted, circuit_id))

    def renew(self, mac: str, address: str, circuit_id: str | None = None) -> Granted | None:
        """A modem that restarts asks for the address it had. None where the server refuses or is silent."""
        return self._granted(self._exchange(mac, REQUEST, {WANTED: socket.inet_aton(address)}, circuit_id))

    @staticmethod
    def _granted(reply: Reply | None) -> Granted | None:
        if reply is None or reply.kind != ACK:
            return None
        echoed = reply.options.get(RELAY_INFORMATION)
        seconds = struct.unpack("!I", reply.options[LEASE_TIME])[0]
        return Granted(reply.address, echoed[2:].decode() if echoed else None, seconds)

    def _exchange(
        self, mac: str, kind: int, options: dict[int, bytes], circuit_id: str | None
    ) -> Reply | None:
        transaction = os.urandom(4)
        hardware = bytes.fromhex(mac.replace(":", ""))
        header = struct.pack("!BBBB4sHH4s4s4s4s16s64s128s", 1, 1, 6, 1, transaction, 0, 0, b"", b"", b"",
                             socket.inet_aton(HOST), hardware, b"", b"")  # fmt: skip
        sent = {MESSAGE_TYPE: bytes([kind]), **options}
        if circuit_id is not None:
            sent[RELAY_INFORMATION] = bytes([1, len(circuit_id)]) + circuit_id.encode()
        body = b"".join(bytes([code, len(value)]) + value for code, value in sent.items())
        self._socket.sendto(header + MAGIC + body + bytes([END]), self._server)
        try:
            while True:
                answer = self._socket.recv(2048)
                if answer[4:8] == transaction:
                    return _read(answer)
        except TimeoutError:
            return None


def _read(answer: bytes) -> Reply:
    options: dict[int, bytes] = {}
    place = 240
    while place < len(answer) and answer[place] != END:
        code, length = answer[place], answer[place + 1]
        options[code] = answer[place + 2 : place + 2 + length]
        place += 2 + length
    return Reply(options[MESSAGE_TYPE][0], socket.inet_ntoa(answer[16:20]), options)

"""The other side of the HLR: an MSC or SGSN that asks it about subscribers, over GSUP.

GSUP goes in the same IPA frames as CTRL, with 0xEE 0x05 before a message. A message is its type and a list of
elements, each with a tag, a length and a value.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

CCM, OSMOCOM, GSUP = 0xFE, 0xEE, 5
PING, PONG, ID_GET, ID_RESPONSE = 0, 1, 4, 5


class Message(IntEnum):
    UPDATE_LOCATION = 0x04
    SEND_AUTH_INFO = 0x08
    INSERT_DATA = 0x10
    INSERT_DATA_RESULT = 0x12


class Element(IntEnum):
    IMSI = 0x01
    CAUSE = 0x02
    AUTH_TUPLE = 0x03
    MSISDN = 0x08
    RAND = 0x20
    AUTN = 0x25
    RES = 0x27
    DOMAIN = 0x28


class Cause(IntEnum):
    """Why the HLR refuses, in the words of 3GPP TS 24.008."""

    IMSI_UNKNOWN = 2
    GPRS_NOT_ALLOWED = 7
    PLMN_NOT_ALLOWED = 11


@dataclass(frozen=True)
class Vector:
    """One challenge for a SIM card (`rand`, `autn`) and the response that only its keys give."""

    rand: bytes
    autn: bytes
    res: bytes


@dataclass(frozen=True)
class Attached:
    """The subscriber may use this network; `msisdn` is the number that the HLR handed out for it."""

    msisdn: str | None


class Gsup:
    """A link to the HLR under a name of its own. Use it with `with`."""

    def __init__(self, name: str = "MSC-test", host: str = "127.0.0.1", port: int = 4222) -> None:
        self.name = name
        self._inserted: dict[int, bytes] = {}
        self._link = socket.create_connection((host, port), 5)
        self._stream = self._link.makefile("rb")
        # The HLR routes by the name a link gives itself, and takes nothing before that.
        while self._read()[:2] != bytes([CCM, ID_GET]):
            pass
        tags = {8: "", 7: "", 2: "", 3: "", 4: "", 5: "", 1: name, 0: name}
        parts = (_identity(tag, value) for tag, value in tags.items())
        self._write(CCM, bytes([ID_RESPONSE]) + b"".join(parts))

    def __enter__(self) -> Gsup:
        return self

    def __exit__(self, *error: object) -> None:
        self._stream.close()
        self._link.close()

    def send_auth_info(self, imsi: str) -> list[Vector] | Cause:
        """Vectors to authenticate the SIM card with, as many as the HLR gives at once (five)."""
        answer, elements = self._ask(Message.SEND_AUTH_INFO, imsi)
        if answer == Message.SEND_AUTH_INFO + 1:
            return _cause(elements)
        tuples = [dict(_elements(value)) for tag, value in elements if tag == Element.AUTH_TUPLE]
        return [Vector(t[Element.RAND], t[Element.AUTN], t[Element.RES]) for t in tuples]

    def update_location(self, imsi: str, domain: Literal["cs", "ps"]) -> Attached | Cause:
        """Tells that the phone is here now, for calls (`cs`) or data (`ps`)."""
        self._inserted = {}
        which = bytes([Element.DOMAIN, 1, {"ps": 1, "cs": 2}[domain]])
        answer, elements = self._ask(Message.UPDATE_LOCATION, imsi, which)
        if answer == Message.UPDATE_LOCATION + 1:
            return _cause(elements)
        number = self._inserted.get(Element.MSISDN)
        return Attached(_digits(number[1:]) if number else None)

    def _ask(self, message: Message, imsi: str, more: bytes = b"") -> tuple[int, list[tuple[int, bytes]]]:
        """Sends a request; its error has the next number, its result the one after."""
        self._write(OSMOCOM, bytes([GSUP, message]) + _imsi(imsi) + more)
        while True:
            protocol, *rest = frame = self._read()
            if protocol != OSMOCOM or rest[0] != GSUP:
                continue
            answer, elements = rest[1], list(_elements(frame[3:]))
            if answer == Message.INSERT_DATA:
                self._inserted = dict(elements)
                self._write(OSMOCOM, bytes([GSUP, Message.INSERT_DATA_RESULT]) + _imsi(imsi))
            elif answer in (message + 1, message + 2):
                return answer, elements

    def _write(self, protocol: int, payload: bytes) -> None:
        self._link.sendall(struct.pack(">HB", len(payload), protocol) + payload)

    def _read(self) -> bytes:
        """Protocol and payload of the next frame. Pings are answered on the way."""
        while True:
            head = self._stream.read(3)
            if len(head) < 3:
                raise EOFError("the HLR closed the link")
            payload = self._stream.read(int.from_bytes(head[:2], "big"))
            if head[2] == CCM and payload[0] == PING:
                self._write(CCM, bytes([PONG]))
                continue
            return head[2:] + payload


def _identity(tag: int, value: str) -> bytes:
    text = value.encode() + b"\0"
    return struct.pack(">HB", len(text) + 1, tag) + text


def _imsi(imsi: str) -> bytes:
    digits = imsi + "f" * (len(imsi) % 2)
    packed = bytes(int(digits[i + 1] + digits[i], 16) for i in range(0, len(digits), 2))
    return bytes([Element.IMSI, len(packed)]) + packed


def _digits(packed: bytes) -> str:
    return "".join(f"{byte & 15:x}{byte >> 4:x}" for byte in packed).rstrip("f")


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    while data:
        tag, length = data[0], data[1]
        yield tag, data[2 : 2 + length]
        data = data[2 + length :]


def _cause(elements: list[tuple[int, bytes]]) -> Cause:
    return Cause(dict(elements)[Element.CAUSE][0])

"""The Osmocom control interface (CTRL), which programs use to provision osmo-hlr.

A message is a line of text in an IPA frame: two bytes with the length of what follows the third, 0xEE for the
Osmocom extensions, 0x00 for CTRL. A request is `GET <id> <variable>` or `SET <id> <variable> <value>`; its
answer is `GET_REPLY`, `SET_REPLY` or `ERROR` with the same id. A `TRAP` may come at any time and answers
nothing.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from alta.connectors.contract import Call

OSMOCOM, CCM = 0xEE, 0xFE
KEYS = (".aud2g", ".aud3g")


class Refused(Exception):
    """The other side answered ERROR."""

    def __init__(self, variable: str, text: str) -> None:
        super().__init__(f"{variable}: {text}")
        self.text = text


class Garbled(Exception):
    """What came isn't CTRL."""


def frame(text: str) -> bytes:
    payload = b"\0" + text.encode()
    return struct.pack(">HB", len(payload), OSMOCOM) + payload


async def read_message(reader: asyncio.StreamReader) -> str:
    """The next CTRL message, link management skipped. Raises EOFError at the end of the stream."""
    while True:
        length, protocol = struct.unpack(">HB", await reader.readexactly(3))
        if protocol not in (OSMOCOM, CCM):
            raise Garbled(f"IPA protocol {protocol:#04x}")
        payload = await reader.readexactly(length)
        if protocol == OSMOCOM and payload[:1] == b"\0":
            return payload[1:].decode(errors="replace")


def masked(variable: str, value: str) -> str:
    """The value as it may be logged: of a SIM's keys only the algorithm is left."""
    if not variable.endswith(KEYS):
        return value
    algorithm, comma, _keys = value.partition(",")
    return f"{algorithm},•••" if comma else value


class Ctrl:
    """One conversation. Everything said is kept on the call, keys masked."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, call: Call) -> None:
        self._reader = reader
        self._writer = writer
        self._call = call
        self._id = 0

    async def get(self, variable: str) -> str:
        return await self._ask("GET", variable)

    async def set(self, variable: str, value: str) -> str:
        return await self._ask("SET", variable, value)

    async def _ask(self, verb: str, variable: str, value: str = "") -> str:
        self._id += 1
        self._call.sent(f"{verb} {self._id} {variable} {masked(variable, value)}".rstrip())
        self._writer.write(frame(f"{verb} {self._id} {variable} {value}".rstrip(" ")))
        await self._writer.drain()
        return await self._answer(verb, variable)

    async def _answer(self, verb: str, variable: str) -> str:
        """Waits for the answer to the last request. `err` is the id of one that made no sense."""
        while True:
            kind, _, rest = (await read_message(self._reader)).partition(" ")
            identifier, _, rest = rest.partition(" ")
            if kind == "ERROR" and identifier in (str(self._id), "err"):
                self._call.received(f"ERROR {identifier} {rest}")
                raise Refused(variable, rest)
            if kind == "TRAP" or identifier != str(self._id):
                continue
            name, _, value = rest.partition(" ")
            if (kind, name) != (f"{verb}_REPLY", variable):
                raise Garbled(f"{kind} {name} for {verb} {variable}")
            self._call.received(f"{kind} {identifier} {name} {masked(variable, value)}")
            return value


@asynccontextmanager
async def connect(host: str, port: int, call: Call) -> AsyncIterator[Ctrl]:
    """A connection for one conversation: it costs less than a millisecond, and none is left half-used."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        yield Ctrl(reader, writer, call)
    finally:
        writer.close()

"""Dynamic authorisation (RFC 5176): tells a network access server to end a session, or to treat it otherwise.

The request goes to the server that has the session, not to the RADIUS server, over UDP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any

from pyrad import packet
from pyrad.client import Client
from pyrad.dictionary import Dictionary

DICTIONARY = Path(__file__).with_name("dictionary")
TRIES, WAIT = 3, 1.0  # seconds after each


class Cause(IntEnum):
    """Error-Cause: why a NAS refuses."""

    SESSION_REMOVED = 201
    UNSUPPORTED_ATTRIBUTE = 401
    MISSING_ATTRIBUTE = 402
    NAS_MISMATCH = 403
    INVALID_REQUEST = 404
    UNSUPPORTED_SERVICE = 405
    UNSUPPORTED_EXTENSION = 406
    INVALID_VALUE = 407
    PROHIBITED = 501
    NOT_ROUTABLE = 502
    SESSION_NOT_FOUND = 503
    NOT_REMOVABLE = 504
    PROXY_ERROR = 505
    NO_RESOURCES = 506
    INITIATED = 507
    SEVERAL_SESSIONS = 508


PASSING = (Cause.NOT_ROUTABLE, Cause.PROXY_ERROR, Cause.NO_RESOURCES)
NAMES = {
    packet.DisconnectRequest: "Disconnect-Request",
    packet.DisconnectACK: "Disconnect-ACK",
    packet.DisconnectNAK: "Disconnect-NAK",
    packet.CoARequest: "CoA-Request",
    packet.CoAACK: "CoA-ACK",
    packet.CoANAK: "CoA-NAK",
}


@dataclass(frozen=True)
class Nas:
    """A network access server and the secret that it shares with Alta."""

    host: str
    port: int
    secret: str
    dictionary: str | None = None


@dataclass(frozen=True)
class Answer:
    """What a NAS answered. `cause` is a number that only a refusal has."""

    packet: str
    cause: int | None = None

    @property
    def is_done(self) -> bool:
        return self.packet.endswith("-ACK")

    @property
    def has_no_session(self) -> bool:
        return self.cause in (Cause.SESSION_NOT_FOUND, Cause.SESSION_REMOVED)

    @property
    def reason(self) -> str:
        known = {one.value: one.name.replace("_", " ").lower() for one in Cause}
        return f"{self.packet} {self.cause or ''} {known.get(self.cause or 0, '')}".strip()


@cache
def dictionary(path: str | None) -> Dictionary:
    """Alta's own, with the operator's after it."""
    return Dictionary(*filter(None, [str(DICTIONARY), path]))


def ask(nas: Nas, code: int, attributes: Mapping[str, Any]) -> Answer:
    """Sends a request and waits for its answer, three times at most. It blocks: run it in a thread.

    Raises `pyrad.client.Timeout`, OSError, and KeyError or ValueError for attributes that the dictionary doesn't know."""
    client = Client(
        nas.host,
        coaport=nas.port,
        secret=nas.secret.encode(),
        dict=dictionary(nas.dictionary),
        retries=TRIES,
        timeout=WAIT,
    )
    request = client.CreateCoAPacket(code=code)
    for name, value in attributes.items():
        request[name] = value
    try:
        reply = client.SendPacket(request)
    finally:
        client._CloseSocket()
    cause = reply["Error-Cause"][0] if "Error-Cause" in reply else None
    return Answer(NAMES.get(reply.code, str(reply.code)), cause)

"""A double of osmo-hlr: its control interface, with the same answers and errors, where there is no real one.

python -m alta.connectors.hlr.double --port 4259 --state hlr.json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
from dataclasses import asdict, dataclass
from pathlib import Path

from alta.connectors.double import Double
from alta.connectors.hlr.ctrl import Garbled, frame, read_message

HEXADECIMAL = "[0-9A-Fa-f]{32}"
SELECTORS = {"imsi": r"\d{6,15}", "msisdn": r"\d{1,15}", "id": r"\d+"}
FORMS = {"msisdn": r"\d{1,15}|none", "aud3g": "none|[^,]+,.+", "cs-enabled": "[01]", "ps-enabled": "[01]"}


class Error(Exception):
    """The text of an ERROR."""


@dataclass
class Subscriber:
    id: int
    imsi: str
    msisdn: str | None = None
    cs: bool = True
    ps: bool = True
    aud3g: str | None = None

    def info(self) -> str:
        number = [f"msisdn\t{self.msisdn}"] if self.msisdn else []
        access = [f"nam_cs\t{self.cs:d}", f"nam_ps\t{self.ps:d}", "ms_purged_cs\t0", "ms_purged_ps\t0"]
        timers = ["periodic_lu_timer\t0", "periodic_rau_tau_timer\t0", "lmsi\t00000000"]
        return "\n".join(["", f"id\t{self.id}", f"imsi\t{self.imsi}", *number, *access, *timers])


def _verify(value: str, pattern: str, error: str = "Value failed verification.") -> str:
    if not re.fullmatch(pattern, value, re.ASCII):
        raise Error(error)
    return value


def _keys(present: str | None, value: str) -> str | None:
    """What `aud3g` becomes. Like the real one it refuses to remove keys that aren't there."""
    if value == "none":
        if present is None:
            raise Error("Update aud3g failed.")
        return None
    algorithm, k, kind, opc, *_length = [*value.split(","), "", "", ""]
    _verify(algorithm.lower(), "milenage", "Unknown auth algorithm.")
    _verify(k, HEXADECIMAL, "Invalid KI.")
    _verify(kind.lower(), "opc?", "Invalid format.")
    _verify(opc, HEXADECIMAL, "Invalid OP/OPC.")
    return f"MILENAGE,{k.lower()},{kind.upper()},{opc.lower()},5"


class HlrDouble(Double):
    """`rude` makes it answer what isn't CTRL. With a `state` file the subscribers outlive the process."""

    name = "hlr"

    def __init__(self, host: str = "127.0.0.1", port: int = 0, state: Path | None = None) -> None:
        super().__init__(host, port)
        self.rude = False
        self.state = state
        self.subscribers: dict[str, Subscriber] = {}
        self._last_id = 0
        self._server: asyncio.Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()
        if state and state.exists():
            for row in json.loads(state.read_text()):
                self.subscribers[row["imsi"]] = Subscriber(**row)
                self._last_id = max(self._last_id, row["id"])

    def environment(self) -> dict[str, str]:
        return {"ALTA_HLR_HOST": self.host, "ALTA_HLR_PORT": str(self.port)}

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._converse, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        if self._server:
            self._server.close()
        for conversation in self._conversations:
            conversation.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._conversations.add(task)
        try:
            while True:
                request = await read_message(reader)
                await asyncio.sleep(self.delay)
                writer.write(b"<html>502 Bad Gateway</html>" if self.rude else frame(self.answer(request)))
                await writer.drain()
        except (OSError, EOFError, Garbled, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._conversations.discard(task)

    def answer(self, request: str) -> str:
        verb, _, rest = request.partition(" ")
        identifier, _, rest = rest.partition(" ")
        variable, _, value = rest.partition(" ")
        if verb not in ("GET", "SET"):
            return "ERROR err Request type unknown"
        if not identifier.isdecimal():
            return "ERROR err Invalid message ID number"
        try:
            if not variable or (verb == "SET" and not value):
                raise Error(f"{verb} incomplete")
            if "\n" in rest:
                raise Error(f"{verb} with trailing characters")
            answer = self._get(variable) if verb == "GET" else self._set(variable, value)
            return f"{verb}_REPLY {identifier} {variable} {answer}"
        except Error as error:
            return f"ERROR {identifier} {error}"

    def _get(self, variable: str) -> str:
        subscriber, name = self._find(variable)
        values = {
            "info": subscriber.info(),
            "msisdn": subscriber.msisdn or "none",
            "aud3g": subscriber.aud3g or "none",
            "cs-enabled": f"{subscriber.cs:d}",
            "ps-enabled": f"{subscriber.ps:d}",
        }
        if name not in values:
            raise Error("Command not found")
        return values[name]

    def _set(self, variable: str, value: str) -> str:
        match variable:
            case "subscriber.create":
                answer = self._create(_verify(value, r"\d{6,15}", "Invalid IMSI value."))
            case "subscriber.delete":
                answer = self._delete(_verify(value, r"\d{6,15}", "Invalid IMSI value."))
            case _:
                self._change(variable, value)
                answer = "OK"
        self._save()
        return answer

    def _create(self, imsi: str) -> str:
        if imsi in self.subscribers:
            raise Error("Subscriber already exists.")
        self._last_id += 1
        self.subscribers[imsi] = Subscriber(self._last_id, imsi)
        return str(self._last_id)

    def _delete(self, imsi: str) -> str:
        if imsi not in self.subscribers:
            raise Error("Subscriber doesn't exist.")
        return str(self.subscribers.pop(imsi).id)

    def _change(self, variable: str, value: str) -> None:
        name = variable.rpartition(".")[2]
        if name not in FORMS:
            raise Error("Read Only attribute" if name == "info" else "Command not found")
        _verify(value, FORMS[name])
        try:
            subscriber, _name = self._find(variable)
        except Error as error:
            raise Error("An error has occurred." if name.endswith("-enabled") else str(error)) from error
        match name:
            case "msisdn":
                self._number(subscriber, value)
            case "aud3g":
                subscriber.aud3g = _keys(subscriber.aud3g, value)
            case "cs-enabled":
                subscriber.cs = value == "1"
            case "ps-enabled":
                subscriber.ps = value == "1"

    def _number(self, subscriber: Subscriber, value: str) -> None:
        if value != "none" and any(
            s.msisdn == value and s is not subscriber for s in self.subscribers.values()
        ):
            raise Error("Update MSISDN failed")
        subscriber.msisdn = None if value == "none" else value

    def _find(self, variable: str) -> tuple[Subscriber, str]:
        """The subscriber of `subscriber.by-<key>-<value>.<name>`, and the name."""
        match = re.fullmatch(r"subscriber\.by-(\w+)-([^.]*)\.([\w-]+)", variable)
        if not match:
            if variable in ("subscriber.create", "subscriber.delete"):
                raise Error("Write Only attribute")
            raise Error("Command not found")
        key, value, name = match.groups()
        if key not in SELECTORS:
            raise Error("Not a known subscriber 'by-xxx-' selector.")
        _verify(value, SELECTORS[key], "Invalid value part of 'by-xxx-value' selector.")
        for subscriber in self.subscribers.values():
            if str(getattr(subscriber, key)) == value:
                return subscriber, name
        raise Error("No such subscriber.")

    def _save(self) -> None:
        """Writes the state for its owner only, because it holds the SIMs' keys."""
        if not self.state:
            return
        fresh = self.state.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump([asdict(subscriber) for subscriber in self.subscribers.values()], file)
        fresh.replace(self.state)


async def serve(double: HlrDouble) -> None:
    """Answers until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await double.open()
    print(f"HLR double: CTRL on {double.host}:{double.port}", flush=True)
    await ended.wait()
    await double.shut()


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m alta.connectors.hlr.double", description="A double of osmo-hlr"
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4259)
    parser.add_argument("--state", type=Path, help="JSON file in which the subscribers are kept")
    arguments = parser.parse_args()
    asyncio.run(serve(HlrDouble(arguments.host, arguments.port, arguments.state)))


if __name__ == "__main__":
    main()

"""A double of an OLT: NETCONF over SSH, with a candidate configuration, for the model alta-olt.

python -m alta.connectors.olt.double --port 8300 --state olt.json"""

from __future__ import annotations

import argparse
import json
import os
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import paramiko
from lxml import etree

from alta.connectors.double import Double
from alta.connectors.httpdouble import run
from alta.connectors.olt import store
from alta.connectors.olt.model import NAMESPACE, NETCONF
from alta.connectors.olt.store import RpcError

END = b"]]>]]>"
USER, PASSWORD = "alta", "not-a-secret"  # of a simulated OLT
CAPABILITIES = (
    "urn:ietf:params:netconf:base:1.0",
    "urn:ietf:params:netconf:capability:candidate:1.0",
    "urn:ietf:params:netconf:capability:validate:1.0",
    f"{NAMESPACE}?module=alta-olt&revision=2026-11-25",
)


class OltDouble(Double):
    """`locked_by_somebody` refuses every lock; `refusal` refuses every edit with that error-tag; `rude` answers nonsense."""

    name = "olt"

    def __init__(self, host: str = "127.0.0.1", port: int = 0, state: Path | None = None) -> None:
        super().__init__(host, port)
        self.locked_by_somebody = False
        self.refusal: str | None = None
        self.rude = False
        self.running = store.empty()
        self.candidate = self.running
        self.commits = 0
        self.key = paramiko.ECDSAKey.generate()
        self.holder: Conversation | None = None
        self.guard = threading.RLock()
        self._state = state
        self._listener: socket.socket | None = None
        self._transports: list[paramiko.Transport] = []
        if state and state.exists():
            self.running = self.candidate = json.loads(state.read_text())

    def environment(self) -> dict[str, str]:
        return {
            "ALTA_OLT_HOST": self.host,
            "ALTA_OLT_PORT": str(self.port),
            "ALTA_OLT_USERNAME": USER,
            "ALTA_OLT_PASSWORD": PASSWORD,
            "ALTA_OLT_HOST_KEY": self.key.get_base64(),
        }

    @property
    def onts(self) -> dict[str, dict[str, str]]:
        return self.running["ont"]

    async def open(self) -> None:
        self._listener = socket.create_server((self.host, self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()

    async def shut(self) -> None:
        if self._listener:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        for transport in self._transports:
            transport.close()
        self._transports.clear()
        self.holder = None

    def commit(self, lists: store.Lists) -> None:
        store.check(lists)
        self.running = self.candidate = lists
        self.commits += 1
        if self._state:
            fresh = self._state.with_name(f"{self._state.name}.{os.getpid()}.new")
            fresh.write_text(json.dumps(lists))
            fresh.replace(self._state)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(link)
            transport.add_server_key(self.key)
            transport.set_subsystem_handler("netconf", Conversation, self)
            self._transports.append(transport)
            with suppress(paramiko.SSHException, OSError, EOFError):
                transport.start_server(server=_Door(), event=threading.Event())


class _Door(paramiko.ServerInterface):  # type: ignore[misc]
    """Who may come in, and for what."""

    def check_auth_password(self, username: str, password: str) -> int:
        right = (username, password) == (USER, PASSWORD)
        return int(paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED)

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        prohibited = paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        return int(paramiko.OPEN_SUCCEEDED if kind == "session" else prohibited)


class Conversation(paramiko.SubsystemHandler):  # type: ignore[misc]
    """One NETCONF session."""

    def __init__(
        self, channel: paramiko.Channel, name: str, server: paramiko.ServerInterface, double: OltDouble
    ) -> None:
        super().__init__(channel, name, server)
        self.double = double
        self._received = b""

    def start_subsystem(self, name: str, transport: paramiko.Transport, channel: paramiko.Channel) -> None:
        listed = "".join(f"<capability>{escape(one)}</capability>" for one in CAPABILITIES)
        hello = f'<hello xmlns="{NETCONF}"><capabilities>{listed}</capabilities><session-id>1</session-id></hello>'
        channel.sendall(hello.encode() + END)
        with suppress(OSError, EOFError):
            self._message(channel)
            while message := self._message(channel):
                time.sleep(self.double.delay)
                channel.sendall((b"<rude/>" if self.double.rude else self._answer(message)) + END)
                if b"close-session" in message:
                    break
        channel.close()

    def finish_subsystem(self) -> None:
        with self.double.guard:
            if self.double.holder is self:
                self.double.holder = None
                self.double.candidate = self.double.running
        super().finish_subsystem()

    def _message(self, channel: paramiko.Channel) -> bytes:
        while END not in self._received:
            more = channel.recv(65536)
            if not more:
                return b""
            self._received += more
        message, _, self._received = self._received.partition(END)
        return message.strip()

    def _answer(self, message: bytes) -> bytes:
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        rpc = etree.fromstring(message, parser)
        operation = rpc[0]
        name = etree.QName(operation).localname
        try:
            with self.double.guard:
                body = getattr(self, f"_do_{name.replace('-', '_')}", self._unknown)(operation)
        except RpcError as error:
            body = (
                "<rpc-error><error-type>application</error-type>"
                f"<error-tag>{error.tag}</error-tag><error-severity>error</error-severity>"
                f"<error-message>{escape(str(error))}</error-message></rpc-error>"
            )
        number = escape(rpc.get("message-id", ""))
        return f'<rpc-reply xmlns="{NETCONF}" message-id="{number}">{body or "<ok/>"}</rpc-reply>'.encode()

    def _unknown(self, operation: Any) -> str:
        raise RpcError("operation-not-supported", etree.QName(operation).localname)

    def _do_get_config(self, operation: Any) -> str:
        asked = [serial.text for serial in operation.iter(f"{{{NAMESPACE}}}serial")]
        lists = self.double.running
        onts = [one for serial, one in lists["ont"].items() if not asked or serial in asked]
        entries = [("speed-profile", one) for one in lists["speed-profile"].values()]
        entries += [("ont", one) for one in onts]
        shown = "".join(f"<{name}>{_xml(one)}</{name}>" for name, one in entries)
        return f'<data><access xmlns="{NAMESPACE}">{shown}</access></data>'

    def _do_lock(self, operation: Any) -> None:
        if self.double.locked_by_somebody or self.double.holder not in (None, self):
            raise RpcError("lock-denied", "another session has the lock")
        if self.double.candidate is not self.double.running:
            raise RpcError("lock-denied", "somebody left changes in the candidate")
        self.double.holder = self

    def _do_unlock(self, operation: Any) -> None:
        if self.double.holder is not self:
            raise RpcError("operation-failed", "the lock is not yours")
        self.double.holder = None

    def _do_edit_config(self, operation: Any) -> None:
        if self.double.refusal:
            raise RpcError(self.double.refusal, "no")
        self.double.candidate = store.edited(self.double.candidate, operation)

    def _do_validate(self, operation: Any) -> None:
        store.check(self.double.candidate)

    def _do_commit(self, operation: Any) -> None:
        self.double.commit(self.double.candidate)

    def _do_discard_changes(self, operation: Any) -> None:
        self.double.candidate = self.double.running

    def _do_close_session(self, operation: Any) -> None:
        return None


def _xml(entry: store.Entry) -> str:
    return "".join(f"<{leaf}>{escape(value)}</{leaf}>" for leaf, value in entry.items())


def main() -> None:
    parser = argparse.ArgumentParser(description="An OLT that speaks NETCONF")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8300)
    parser.add_argument("--state", type=Path, help="JSON file in which its configuration is kept")
    options = parser.parse_args()
    run(OltDouble(options.host, options.port, options.state), "OLT double: NETCONF")


if __name__ == "__main__":
    main()

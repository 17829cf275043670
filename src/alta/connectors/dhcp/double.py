"""A double of Kea: its control interface with host and lease commands, and its answer to a modem.

python -m alta.connectors.dhcp.double --port 8000 --state dhcp.json"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

from alta.connectors.dhcp.kea import Result
from alta.connectors.httpdouble import HttpDouble, json_response, run
from alta.connectors.ocs.http import Request, Response

NETWORK = IPv4Network("100.64.0.0/16")
FIRST = 256  # the pool begins at 100.64.1.0; addresses before it are for fixed reservations
LEASE_SECONDS = 3600
IDENTIFIERS = ("circuit-id", "hw-address")

Arguments = dict[str, Any]


class Problem(Exception):
    """What Kea says in place of OK."""

    def __init__(self, result: Result, text: str) -> None:
        super().__init__(text)
        self.result = result


class KeaDouble(HttpDouble):
    """`without_host_commands` makes it a Kea 2.2 of Debian. `offer` is what a modem gets."""

    name = "dhcp"

    def __init__(self, host: str = "127.0.0.1", port: int = 0, state: Path | None = None) -> None:
        self.hosts: list[Arguments] = []
        self.leases: dict[str, Arguments] = {}
        self.without_host_commands = False
        super().__init__(host, port, state)
        self._commands: dict[str, Callable[[Arguments], Arguments]] = {
            "version-get": lambda _: {"extended": "double"},
            "list-commands": lambda _: {"commands": sorted(self._commands)},
            "reservation-add": self._add,
            "reservation-get": lambda which: self._find(which, "Host not found."),
            "reservation-del": self._delete,
            "lease4-get": self._lease,
            "lease4-get-by-hostname": self._leases,
            "lease4-del": self._end_lease,
        }

    def environment(self) -> dict[str, str]:
        return {"ALTA_DHCP_URL": self.base_url}

    def dump(self) -> Any:
        return {"hosts": self.hosts, "leases": self.leases}

    def load(self, known: Any) -> None:
        self.hosts, self.leases = known["hosts"], known["leases"]

    def respond(self, request: Request) -> Response:
        try:
            question = json.loads(request.body)
            command = question["command"]
        except (ValueError, KeyError, TypeError):
            return json_response(400, {"result": 400, "text": "Bad Request"})
        if command not in self._commands or (
            self.without_host_commands and command.startswith("reservation-")
        ):
            text = f"'{command}' command not supported."
            return json_response(200, [{"result": Result.UNSUPPORTED, "text": text}])
        try:
            found = self._commands[command](question.get("arguments") or {})
        except Problem as problem:
            return json_response(200, [{"result": problem.result, "text": str(problem)}])
        return json_response(200, [{"result": Result.OK, "text": "done", "arguments": found}])

    def offer(self, mac: str, circuit_id: str | None = None) -> str | None:
        """The address that a modem gets, or None: strangers get nothing."""
        asked = {"hw-address": mac.replace(":", "").lower()}
        if circuit_id is not None:
            asked = {"circuit-id": circuit_id.encode().hex()} | asked
        host = next((one for name in asked for one in self.hosts if one.get(name) == asked[name]), None)
        if host is None:
            return None
        address = host.get("ip-address") or self._free(host["hostname"])
        self.leases[address] = {
            "ip-address": address,
            "hw-address": mac.lower(),
            "hostname": host["hostname"],
            "subnet-id": host["subnet-id"],
            "cltt": int(time.time()),
            "valid-lft": LEASE_SECONDS,
            "state": 0,
        }
        return address

    def _free(self, hostname: str) -> str:
        own = next((a for a, lease in self.leases.items() if lease["hostname"] == hostname), None)
        taken = {*self.leases, *(host.get("ip-address") for host in self.hosts)}
        numbers = range(int(NETWORK[0]) + FIRST, int(NETWORK[-1]))
        return own or next(
            str(IPv4Address(number)) for number in numbers if str(IPv4Address(number)) not in taken
        )

    def _add(self, arguments: Arguments) -> Arguments:
        host = {key: _normal(key, value) for key, value in arguments["reservation"].items()}
        for other in self.hosts:
            same = [
                key for key in (*IDENTIFIERS, "ip-address") if key in host and other.get(key) == host[key]
            ]
            if same and other["subnet-id"] == host["subnet-id"]:
                raise Problem(Result.ERROR, "Database duplicate entry error")
        self.hosts.append(host)
        return {}

    def _find(self, which: Arguments, otherwise: str) -> Arguments:
        for host in self.hosts:
            by_address = which.get("ip-address") and host.get("ip-address") == which["ip-address"]
            kind = which.get("identifier-type")
            by_identifier = kind and host.get(kind) == _normal(kind, which["identifier"])
            if host["subnet-id"] == which["subnet-id"] and (by_address or by_identifier):
                return host
        raise Problem(Result.EMPTY, otherwise)

    def _delete(self, which: Arguments) -> Arguments:
        self.hosts.remove(self._find(which, "Host not deleted (not found)."))
        return {}

    def _lease(self, which: Arguments) -> Arguments:
        if which["ip-address"] not in self.leases:
            raise Problem(Result.EMPTY, "Lease not found.")
        return self.leases[which["ip-address"]]

    def _leases(self, which: Arguments) -> Arguments:
        found = [lease for lease in self.leases.values() if lease["hostname"] == which["hostname"]]
        if not found:
            raise Problem(Result.EMPTY, "0 IPv4 lease(s) found.")
        return {"leases": found}

    def _end_lease(self, which: Arguments) -> Arguments:
        if self.leases.pop(which["ip-address"], None) is None:
            raise Problem(Result.EMPTY, "IPv4 lease not found.")
        return {}


def _normal(key: str, value: Any) -> Any:
    """Identifiers as Kea keeps them: hexadecimal digits without colons."""
    return str(value).replace(":", "").lower() if key in IDENTIFIERS else value


def main() -> None:
    parser = argparse.ArgumentParser(description="Kea's control interface, and its answers to modems")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--state", type=Path, help="JSON file in which reservations and leases are kept")
    options = parser.parse_args()
    run(KeaDouble(options.host, options.port, options.state), "Kea double")


if __name__ == "__main__":
    main()

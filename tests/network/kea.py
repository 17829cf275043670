"""A real Kea with its control agent, and its reservations in a database of its own."""

from __future__ import annotations

import json
import socket
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.network.daemons import HOST, drop_database, free_port, needed, own_database, running
from tests.network.dhcp_relay import Relay

SUBNET = 10
SCHEMA = Path("/usr/share/kea/scripts/pgsql/dhcpdb_create.pgsql")
HOOKS = sorted(Path("/usr/lib").glob("*/kea/hooks/libdhcp_lease_cmds.so"))


@dataclass(frozen=True)
class Kea:
    url: str
    database: str
    server_port: int
    relay_port: int

    def environment(self) -> dict[str, str]:
        return {
            "ALTA_DHCP_URL": self.url,
            "ALTA_DHCP_HOSTS_DATABASE": self.database,
            "ALTA_DHCP_SUBNET": str(SUBNET),
        }

    def relay(self) -> Relay:
        return Relay(self.server_port, self.relay_port)

    def answers(self) -> bool:
        question = json.dumps({"command": "version-get", "service": ["dhcp4"]}).encode()
        request = urllib.request.Request(self.url, question, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=1) as answer:
                return bool(json.load(answer)[0]["result"] == 0)
        except (urllib.error.URLError, OSError):
            return False


def _configuration(folder: Path, database: str) -> dict[str, Any]:
    parts = conninfo_to_dict(database)
    return {
        "Dhcp4": {
            "interfaces-config": {"interfaces": ["lo"], "dhcp-socket-type": "udp"},
            "control-socket": {"socket-type": "unix", "socket-name": str(folder / "dhcp4.sock")},
            "lease-database": {"type": "memfile", "persist": False},
            "hosts-database": {
                "type": "postgresql",
                "host": parts["host"],
                "name": parts["dbname"],
                "user": parts["user"],
                "password": str(parts.get("password", "")),
            },
            # The line comes first: behind it the modem may be exchanged.
            "host-reservation-identifiers": ["circuit-id", "hw-address"],
            "reservations-in-subnet": True,
            "reservations-out-of-pool": False,
            "hooks-libraries": [{"library": str(HOOKS[0])}],
            "valid-lifetime": 3600,
            "subnet4": [
                {
                    "id": SUBNET,
                    "subnet": "100.64.0.0/22",
                    "relay": {"ip-addresses": [HOST]},
                    # Strangers get nothing: only whom a reservation knows.
                    "pools": [{"pool": "100.64.1.0 - 100.64.3.250", "client-class": "KNOWN"}],
                }
            ],
            "loggers": [{"name": "kea-dhcp4", "severity": "INFO", "output_options": [{"output": "stdout"}]}],
        }
    }


@contextmanager
def kea() -> Iterator[Kea]:
    """One that answers, with no reservations. Skips the test where it isn't installed."""
    server, agent = needed("kea-dhcp4", "kea-ctrl-agent")
    if not SCHEMA.exists() or not HOOKS:
        pytest.skip("kea-admin is not installed")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kea-")))
        database = own_database("kea", SCHEMA)
        stack.callback(drop_database, database)
        port = free_port()
        found = Kea(
            f"http://{HOST}:{port}", database, free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)
        )
        (folder / "dhcp4.json").write_text(json.dumps(_configuration(folder, database)))
        agent_configuration = {
            "Control-agent": {
                "http-host": HOST,
                "http-port": port,
                "control-sockets": {
                    "dhcp4": {"socket-type": "unix", "socket-name": str(folder / "dhcp4.sock")}
                },
            }
        }
        (folder / "agent.json").write_text(json.dumps(agent_configuration))
        own = {"KEA_PIDFILE_DIR": str(folder), "KEA_LOCKFILE_DIR": str(folder)}
        ports = ["-p", str(found.server_port), "-P", str(found.relay_port)]
        stack.enter_context(
            running([server, "-c", "dhcp4.json", *ports], folder, (folder / "dhcp4.sock").exists, own)
        )
        stack.enter_context(running([agent, "-c", "agent.json"], folder, found.answers, own))
        yield found


def forget_reservations(real: Kea) -> None:
    with psycopg.connect(real.database) as db:
        db.execute("DELETE FROM hosts")

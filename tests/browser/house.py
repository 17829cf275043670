"""Alta as it runs in production, in processes of its own, on a database of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import URLError

import psycopg
from aiosmtpd.controller import Controller

from alta import postgres
from alta.connectors.dhcp.double import KeaDouble
from alta.connectors.double import Double
from alta.connectors.hlr.double import HlrDouble
from alta.connectors.ocs.double import OcsDouble
from alta.connectors.olt.double import OltDouble
from alta.connectors.payments.double import StripeDouble
from alta.connectors.radius.double import RadiusDouble
from tests.network.osmo_hlr import osmo_hlr

LOAD = """
import django
django.setup()
from django.core.management import call_command
from django.utils import timezone
call_command("migrate", verbosity=0)
from alta.demo.data import load
load(timezone.now())
"""


class Inbox:
    """A real SMTP server that keeps what it is given."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        import email

        self.messages.append(email.message_from_bytes(envelope.content))
        return "250 kept"


@dataclass
class House:
    """What a test needs to know. `sql` asks the house's database."""

    url: str
    ocs: OcsDouble
    inbox: Inbox
    database: str
    environment: dict[str, str]
    log: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *arguments: str) -> None:
        with self.log.open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "alta.cli", *arguments],
                env=self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database, autocommit=True) as connection:
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def wait_until_healthy(self) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=1).close()
                return
            except (URLError, OSError):
                if time.monotonic() > deadline:
                    raise TimeoutError(self.log.read_text()[-4000:]) from None
                time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _make_database(name: str) -> str:
    """A fresh database on the tests' server; its URL."""
    found = postgres.database_settings()
    if postgres.is_embedded():
        admin = f"host={found['HOST']} user=alta dbname=postgres"
        url = f"postgresql://alta@/{name}?host={found['HOST']}"
    else:
        admin = os.environ["DATABASE_URL"]
        url = admin.rsplit("/", 1)[0] + f"/{name}"
    with psycopg.connect(admin, autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}"')
    return url


@contextmanager
def open_house(folder: Path, *, real_hlr: bool, fibre: bool = False) -> Iterator[House]:
    """Starts everything with the demo's data, with `fibre` also OLT, DHCP and RADIUS; stops it at the end."""
    with ExitStack() as stack:
        ocs: OcsDouble = stack.enter_context(OcsDouble())
        bank: StripeDouble = stack.enter_context(StripeDouble())
        hlr = stack.enter_context(osmo_hlr() if real_hlr else HlrDouble())
        inbox = Inbox()
        smtp = Controller(inbox, hostname="127.0.0.1", port=_free_port())
        smtp.start()
        stack.callback(smtp.stop)
        port = _free_port()
        name = f"test_alta_{os.environ['ALTA_TEST_RUN']}_house_{os.getpid()}_{folder.name}".replace("-", "_")
        database = _make_database(name)
        fibre_network: list[Double] = []
        if fibre:
            fibre_network = [OltDouble(), KeaDouble(), RadiusDouble(_make_database(f"{name}_radius"))]
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ALTA_LAB")},
            "DJANGO_SETTINGS_MODULE": "alta.settings",
            "DATABASE_URL": database,
            "ALTA_HOME": str(folder),
            "ALTA_OCS_BREAKER_SECONDS": "1",
            **ocs.environment(),
            **bank.environment(),
            **hlr.environment(),
            **{
                key: value
                for one in fibre_network
                for key, value in stack.enter_context(one).environment().items()
            },
            "ALTA_MAIL_HOST": "127.0.0.1",
            "ALTA_MAIL_PORT": str(smtp.port),
            "ALTA_MAIL_TLS": "none",
            "ALTA_MAIL_SENDER": "Alta <altas@example.com>",
        }
        subprocess.run([sys.executable, "-c", LOAD], env=environment, check=True)
        house = House(f"http://127.0.0.1:{port}", ocs, inbox, database, environment, folder / "processes.log")
        house.start("web", "serve", "--port", str(port))
        house.start("worker", "worker")
        stack.callback(_stop, house)
        house.wait_until_healthy()
        yield house


def _stop(house: House) -> None:
    for process in house.processes.values():
        process.terminate()
    for process in house.processes.values():
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

"""A double of the VoIP switch: the tables of Kamailio's that provisioning writes, and the JSON-RPC of its memory.

python -m alta.connectors.voip.double --database postgresql://…/kamailio --rpc-port 5080

It understands no SIP; `register` does what a phone's registration does.
"""

from __future__ import annotations

import argparse
import json
from contextlib import ExitStack
from typing import Any

import psycopg

from alta import postgres
from alta.connectors.database import database_beside
from alta.connectors.httpdouble import HttpDouble, json_response, run
from alta.connectors.ocs.http import Request, Response
from alta.connectors.voip.credentials import Credentials

# What Kamailio 5.6 has in these tables, as far as provisioning goes.
TABLES = """
CREATE TABLE IF NOT EXISTS subscriber (
    id serial PRIMARY KEY,
    username varchar(64) NOT NULL DEFAULT '',
    domain varchar(64) NOT NULL DEFAULT '',
    password varchar(64) NOT NULL DEFAULT '',
    ha1 varchar(128) NOT NULL DEFAULT '',
    ha1b varchar(128) NOT NULL DEFAULT '',
    UNIQUE (username, domain)
);
CREATE TABLE IF NOT EXISTS dbaliases (
    id serial PRIMARY KEY,
    alias_username varchar(64) NOT NULL DEFAULT '',
    alias_domain varchar(64) NOT NULL DEFAULT '',
    username varchar(64) NOT NULL DEFAULT '',
    domain varchar(64) NOT NULL DEFAULT ''
);
"""


class VoipDouble(HttpDouble):
    """Makes its tables in the given database. `registered` are the phones by address."""

    name = "voip"

    def __init__(
        self, database: str, host: str = "127.0.0.1", port: int = 0, domain: str = "voip.example"
    ) -> None:
        super().__init__(host, port)
        self.domain = domain
        self.registered: dict[str, list[str]] = {}
        self.database = database
        with psycopg.connect(database) as connection:
            connection.execute(TABLES)

    def environment(self) -> dict[str, str]:
        return {
            "ALTA_VOIP_DATABASE": self.database,
            "ALTA_VOIP_RPC": f"{self.base_url}/RPC",
            "ALTA_VOIP_DOMAIN": self.domain,
        }

    def register(self, username: str, password: str) -> int:
        """What a phone is answered: 200, or 401 where the line doesn't exist or has another password."""
        ha1 = Credentials.of(username, self.domain, password).ha1.get_secret_value()
        with psycopg.connect(self.database) as connection:
            found = connection.execute(
                "SELECT FROM subscriber WHERE username = %s AND domain = %s AND ha1 = %s",
                [username, self.domain, ha1],
            ).fetchone()
        if found is None:
            return 401
        self.registered[f"{username}@{self.domain}"] = [f"sip:{username}@192.0.2.10:5060"]
        return 200

    def respond(self, request: Request) -> Response:
        if request.method != "POST" or not request.target.startswith("/RPC"):
            return Response(b"no\n", 404, "text/plain")
        asked: dict[str, Any] = json.loads(request.body)
        match asked:
            case {"method": "core.version"}:
                return _result(asked, "kamailio double")
            case {"method": "ul.rm" | "ul.lookup", "params": [_, address]} if address not in self.registered:
                return _error(asked, 500, "AOR not found in location table")
            case {"method": "ul.rm", "params": [_, address]}:
                del self.registered[address]
                return _result(asked, {})
            case {"method": "ul.lookup", "params": [_, address]}:
                contacts = [{"Contact": {"Address": contact}} for contact in self.registered[address]]
                return _result(asked, {"AoR": address, "Contacts": contacts})
        return _error(asked, -32601, "Method Not Found")


def _result(asked: dict[str, Any], result: Any) -> Response:
    return json_response(200, {"jsonrpc": "2.0", "result": result, "id": asked.get("id")})


def _error(asked: dict[str, Any], code: int, message: str) -> Response:
    error = {"code": code, "message": message}
    return json_response(500, {"jsonrpc": "2.0", "error": error, "id": asked.get("id")})


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="alta double voip", description="A double of a VoIP switch (Kamailio's tables and JSON-RPC)"
    )
    parser.add_argument("--database", help="postgresql://…; without it, `kamailio` beside Alta's own")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--rpc-port", type=int, default=5080)
    parser.add_argument("--domain", default="voip.example")
    options = parser.parse_args()
    with ExitStack() as stack:
        if not options.database:
            postgres.join()
            stack.callback(postgres.leave)
        database = options.database or database_beside("kamailio")
        run(VoipDouble(database, options.host, options.rpc_port, options.domain), "VoIP double")


if __name__ == "__main__":
    main()

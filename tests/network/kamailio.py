"""A real Kamailio: registrar and proxy of one domain, with its tables in a database of its own."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.network.daemons import HOST, drop_database, free_port, needed, own_database, running
from tests.network.phone import Phone

DOMAIN = "voip.example"
TABLES = Path("/usr/share/kamailio/postgres")
MODULES = "db_postgres jsonrpcs kex tm sl rr pv maxfwd textops siputils usrloc registrar auth auth_db alias_db xhttp"

CONFIGURATION = """\
debug=1
log_stderror=yes
children=1
tcp_children=1
auto_aliases=no
alias="{domain}"
listen=udp:{host}:{sip}
listen=tcp:{host}:{rpc}
tcp_accept_no_cl=yes
{modules}
modparam("jsonrpcs", "transport", 1)
modparam("jsonrpcs", "fifo_name", "")
modparam("jsonrpcs", "dgram_socket", "")
modparam("auth_db|alias_db", "db_url", "{database}")
modparam("auth_db", "calculate_ha1", 0)
modparam("auth_db", "password_column", "ha1")
modparam("auth_db", "load_credentials", "")
modparam("auth_db", "use_domain", 1)
modparam("usrloc", "db_mode", 0)
modparam("usrloc", "use_domain", 1)
request_route {{
  if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
  if (has_totag()) {{ loose_route(); t_relay(); exit; }}
  if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
  if (is_method("REGISTER")) {{
    if (!auth_check("$fd", "subscriber", "1")) {{ auth_challenge("$fd", "0"); exit; }}
    save("location");
    exit;
  }}
  if (is_method("INVITE")) {{
    if (!auth_check("$fd", "subscriber", "1")) {{ auth_challenge("$fd", "0"); exit; }}
    consume_credentials();
    record_route();
    if ($rU =~ "^\\+") strip(1);
    alias_db_lookup("dbaliases");
    if (!lookup("location")) {{ sl_send_reply("404", "Not Registered"); exit; }}
    t_relay();
    exit;
  }}
  sl_send_reply("405", "Method Not Allowed");
}}
event_route[xhttp:request] {{
  if ($hu =~ "^/RPC") {{ jsonrpc_dispatch(); exit; }}
  xhttp_reply("404", "Not Found", "text/plain", "no\\n");
}}
"""


@dataclass(frozen=True)
class Kamailio:
    sip_port: int
    rpc_port: int
    database: str

    def environment(self) -> dict[str, str]:
        return {
            "ALTA_VOIP_DATABASE": self.database,
            "ALTA_VOIP_RPC": f"http://{HOST}:{self.rpc_port}/RPC",
            "ALTA_VOIP_DOMAIN": DOMAIN,
        }

    def register(self, username: str, password: str) -> int:
        """What the switch answers a phone's registration: 200 or 401."""
        return Phone(self.sip_port, DOMAIN, username, password).register()


@contextmanager
def kamailio(purpose: str) -> Iterator[Kamailio]:
    """A switch without lines, with a database of that purpose. Skips the test where there can be none."""
    [binary] = needed("kamailio")
    if not (TABLES / "auth_db-create.sql").exists():
        pytest.skip("kamailio-postgres-modules is not installed")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kamailio-")))
        scripts = (TABLES / f"{name}-create.sql" for name in ("standard", "auth_db", "usrloc", "alias_db"))
        database = own_database(f"kamailio_{purpose}", *scripts)
        stack.callback(drop_database, database)
        switch = Kamailio(free_port(socket.SOCK_DGRAM), free_port(), database)
        configuration = folder / "kamailio.cfg"
        configuration.write_text(
            CONFIGURATION.format(
                domain=DOMAIN,
                host=HOST,
                sip=switch.sip_port,
                rpc=switch.rpc_port,
                modules="\n".join(f'loadmodule "{module}.so"' for module in MODULES.split()),
                database=_kamailio_url(database),
            )
        )
        command = [binary, "-DD", "-E", "-f", str(configuration)]
        command += ["-P", str(folder / "pid"), "-Y", str(folder), "-m", "32", "-M", "4"]
        # Its database addresses can't name a folder with a socket.
        environment = {"PGHOST": str(conninfo_to_dict(database)["host"])}
        stack.enter_context(running(command, folder, lambda: _answers(switch), environment))
        yield switch


def _kamailio_url(url: str) -> str:
    found = conninfo_to_dict(url)
    password = f":{found['password']}" if "password" in found else ""
    return f"postgres://{found['user']}{password}@/{found['dbname']}"


def _answers(switch: Kamailio) -> bool:
    question = {"jsonrpc": "2.0", "method": "core.version", "id": 1}
    try:
        url = f"http://{HOST}:{switch.rpc_port}/RPC"
        return httpx.post(url, json=question, timeout=1, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False

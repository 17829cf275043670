"""A real FreeRADIUS on a database of its own, and the access server that asks it: logins, accounting, CoA.

FreeRADIUS plays the access server's part in CoA too: a second virtual server answers for the sessions in `radacct`."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pyrad import packet
from pyrad.client import Client, Timeout

from alta.connectors.radius.coa import dictionary
from tests.network.daemons import HOST, drop_database, free_port, needed, own_database, running

SECRET = "lab-radius"
CONFIGURATIONS = Path("/etc/freeradius/3.0/mods-config/sql/main/postgresql")
CONFIGURATION = """\
prefix = /usr
libdir = /usr/lib/freeradius
logdir = {folder}
run_dir = {folder}
pidfile = {folder}/radiusd.pid
name = alta-test
max_request_time = 5
cleanup_delay = 0
proxy_requests = no
log {{
  destination = stdout
}}
security {{
  reject_delay = 0
  status_server = yes
  allow_vulnerable_openssl = yes
}}
thread pool {{
  start_servers = 2
  max_servers = 4
  min_spare_servers = 1
  max_spare_servers = 2
}}
client lab {{
  ipaddr = {host}
  secret = {secret}
}}
modules {{
  pap {{
  }}
  chap {{
  }}
  expr {{
  }}
  always ok {{
    rcode = ok
  }}
  always reject {{
    rcode = reject
  }}
  sql {{
    dialect = "postgresql"
    driver = "rlm_sql_postgresql"
    radius_db = "{database}"
    acct_table1 = "radacct"
    acct_table2 = "radacct"
    postauth_table = "radpostauth"
    authcheck_table = "radcheck"
    authreply_table = "radreply"
    groupcheck_table = "radgroupcheck"
    groupreply_table = "radgroupreply"
    usergroup_table = "radusergroup"
    client_table = "nas"
    read_groups = yes
    group_attribute = "SQL-Group"
    pool {{
      start = 1
      min = 1
      max = 4
      spare = 1
      uses = 0
      lifetime = 0
      idle_timeout = 0
    }}
    $INCLUDE {configurations}/queries.conf
  }}
}}
policy {{
  name_session {{
    update request {{
      &Acct-Unique-Session-Id := "%{{md5:%{{User-Name}},%{{Acct-Session-Id}}}}"
    }}
  }}
}}
server default {{
  listen {{
    type = auth
    ipaddr = {host}
    port = {auth}
  }}
  listen {{
    type = acct
    ipaddr = {host}
    port = {acct}
  }}
  authorize {{
    chap
    sql
    pap
  }}
  authenticate {{
    Auth-Type PAP {{
      pap
    }}
    Auth-Type CHAP {{
      chap
    }}
  }}
  preacct {{
    name_session
  }}
  accounting {{
    sql
  }}
}}
server access {{
  listen {{
    type = coa
    ipaddr = {host}
    port = {coa}
  }}
  recv-coa {{
    if ("%{{sql:SELECT count(*) FROM radacct WHERE acctstoptime IS NULL AND username = '%{{User-Name}}' \\
        AND acctsessionid = '%{{Acct-Session-Id}}'}}" == 0) {{
      update reply {{
        &Error-Cause := Session-Context-Not-Found
      }}
      reject
    }}
    elsif (&Packet-Type == Disconnect-Request) {{
      update control {{
        &Tmp-Integer-0 := "%{{sql:UPDATE radacct SET acctstoptime = now(), \\
          acctterminatecause = 'Admin-Reset' WHERE acctsessionid = '%{{Acct-Session-Id}}'}}"
      }}
      ok
    }}
    else {{
      update control {{
        &Tmp-Integer-0 := "%{{sql:UPDATE radacct SET connectinfo_stop = '%{{Filter-Id}}' \\
          WHERE acctsessionid = '%{{Acct-Session-Id}}'}}"
      }}
      ok
    }}
  }}
  send-coa {{
    ok
  }}
}}
"""


@dataclass(frozen=True)
class FreeRadius:
    database: str
    auth: int
    acct: int
    coa: int

    def environment(self) -> dict[str, str]:
        return {
            "ALTA_RADIUS_DATABASE": self.database,
            "ALTA_RADIUS_COA_SECRET": SECRET,
            "ALTA_RADIUS_COA_PORT": str(self.coa),
        }

    def _client(self, tries: int = 2) -> Client:
        return Client(
            HOST,
            authport=self.auth,
            acctport=self.acct,
            secret=SECRET.encode(),
            dict=dictionary(None),
            retries=tries,
            timeout=2 if tries > 1 else 0.2,
        )

    def log_in(self, username: str, password: str) -> dict[str, Any] | None:
        """What an Access-Accept grants, by attribute; None for an Access-Reject."""
        client = self._client()
        request = client.CreateAuthPacket(code=packet.AccessRequest, User_Name=username, NAS_IP_Address=HOST)
        request["User-Password"] = request.PwCrypt(password)
        reply = client.SendPacket(request)
        client._CloseSocket()
        if reply.code == packet.AccessReject:
            return None
        assert reply.code == packet.AccessAccept
        names = [name for name in reply.keys() if isinstance(name, str)]  # noqa: SIM118
        return {name: reply[name][0] for name in names if name != "Message-Authenticator"}

    def start_session(self, username: str, session: str) -> None:
        """The access server reports that the customer is on line."""
        client = self._client()
        client.SendPacket(
            client.CreateAcctPacket(
                User_Name=username, NAS_IP_Address=HOST, Acct_Session_Id=session, Acct_Status_Type="Start"
            )
        )
        client._CloseSocket()

    def ended(self, username: str, session: str) -> bool:
        return self._session(username, session, "acctstoptime IS NOT NULL") is True

    def policy(self, username: str, session: str) -> object:
        """The Filter-Id that the session was last given by CoA."""
        return self._session(username, session, "connectinfo_stop")

    def _session(self, username: str, session: str, column: str) -> object:
        query = f"SELECT {column} FROM radacct WHERE username = %s AND acctsessionid = %s"
        with psycopg.connect(self.database) as db:
            row = db.execute(query, [username, session]).fetchone()  # type: ignore[call-overload]
        assert row
        return row[0]

    def answers(self) -> bool:
        client = self._client(tries=1)
        try:
            client.SendPacket(client.CreateAuthPacket(code=packet.StatusServer))
            return True
        except (Timeout, OSError):
            return False
        finally:
            client._CloseSocket()


@contextmanager
def freeradius() -> Iterator[FreeRadius]:
    """One that answers, with no users. Skips the test where it isn't installed."""
    [binary] = needed("freeradius")
    if not (CONFIGURATIONS / "schema.sql").exists():
        pytest.skip("freeradius-postgresql is not installed")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="freeradius-")))
        database = own_database("radius", CONFIGURATIONS / "schema.sql")
        stack.callback(drop_database, database)
        auth, acct, coa = (free_port(socket.SOCK_DGRAM) for _ in range(3))
        (folder / "radiusd.conf").write_text(
            CONFIGURATION.format(
                folder=folder,
                host=HOST,
                secret=SECRET,
                database=database,
                configurations=CONFIGURATIONS,
                auth=auth,
                acct=acct,
                coa=coa,
            )
        )
        (folder / "dictionary").write_text("")
        server = FreeRadius(database, auth, acct, coa)
        command = [binary, "-f", "-d", str(folder), "-n", "radiusd"]
        stack.enter_context(running(command, folder, server.answers))
        yield server

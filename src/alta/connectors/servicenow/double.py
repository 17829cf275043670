"""A double of ServiceNow: the Table API for tickets.

python -m alta.connectors.servicenow.double --port 8443 --state servicenow.json
"""

from __future__ import annotations

import argparse
import json
import re
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from alta.connectors.httpdouble import HttpDouble, basic, json_response, run
from alta.connectors.ocs.http import HttpServer, Request, Response

ADDRESS = re.compile(r"/api/now/(?:v\d/)?table/([a-z_0-9]+)(?:/([0-9a-f]{32}))?")
PREFIXES = {"incident": "INC", "change_request": "CHG", "sc_task": "SCTASK", "task": "TASK"}
JOURNALS = ("work_notes", "comments")  # written, never read back as they were
OVER = {"incident": ("7", "8")}
OVER_ELSEWHERE = ("3", "4", "7")
Record = dict[str, str]


class Error(Exception):
    def __init__(self, status: int, message: str, detail: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.answer = {"error": {"message": message, "detail": detail}, "status": "failure"}


class ServiceNowDouble(HttpDouble):
    """`tables` hold the records by sys_id; every value is a text. Like the real one it ignores a condition on a field
    that no record has.

    `refusing` answers the next requests with 429 and a Retry-After of `retry_after` seconds; tickets in `stuck`, by
    number, stay in their state. With `tls` it speaks https, which the vendor's own client insists on."""

    name = "servicenow"

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        state: Path | None = None,
        *,
        auth: tuple[str, str] = ("alta", "double"),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.auth = auth
        self.tls = tls
        self.scheme = "https" if tls else "http"
        self.refusing = 0
        self.retry_after: str | None = "1"
        self.stuck: set[str] = set()
        self.tables: dict[str, dict[str, Record]] = {table: {} for table in PREFIXES}
        super().__init__(host, port, state)

    def environment(self) -> dict[str, str]:
        return {
            "ALTA_SERVICENOW_URL": self.base_url,
            "ALTA_SERVICENOW_USERNAME": self.auth[0],
            "ALTA_SERVICENOW_PASSWORD": self.auth[1],
        }

    def server(self) -> HttpServer:
        return HttpServer(self._serve, self.host, self.port, self.tls)

    def dump(self) -> Any:
        return self.tables

    def load(self, known: Any) -> None:
        self.tables = known

    def respond(self, request: Request) -> Response:
        if self.refusing:
            self.refusing -= 1
            wait = () if self.retry_after is None else (("Retry-After", self.retry_after),)
            return json_response(429, Error(429, "Rate limit exceeded").answer, *wait)
        try:
            return self._answer(request)
        except Error as error:
            return json_response(error.status, error.answer)

    def _answer(self, request: Request) -> Response:
        if request.headers.get("authorization") != basic(*self.auth):
            detail = "Required to provide Auth information"
            raise Error(HTTPStatus.UNAUTHORIZED, "User Not Authenticated", detail)
        target = urlsplit(request.target)
        address = ADDRESS.fullmatch(target.path)
        if address is None:
            text = f"Requested URI does not represent any resource: {target.path}"
            raise Error(HTTPStatus.BAD_REQUEST, text)
        table, sys_id = address[1], address[2]
        if table not in self.tables:
            raise Error(HTTPStatus.BAD_REQUEST, f"Invalid table {table}")
        asked = dict(parse_qsl(target.query))
        if sys_id is None:
            return self._many(request, table, asked)
        record = self.tables[table].get(sys_id)
        if record is None:
            detail = "Record doesn't exist or ACL restricts the record retrieval"
            raise Error(HTTPStatus.NOT_FOUND, "No Record found", detail)
        match request.method:
            case "PATCH" | "PUT":
                self._change(table, record, _values(request))
            case "DELETE":
                del self.tables[table][sys_id]
                return Response(status=HTTPStatus.NO_CONTENT)
        return json_response(200, {"result": _shown(record, asked)})

    def _many(self, request: Request, table: str, asked: Mapping[str, str]) -> Response:
        if request.method == "POST":
            record = self._create(table, _values(request))
            where = ("Location", f"{self.base_url}/api/now/table/{table}/{record['sys_id']}")
            return json_response(201, {"result": _shown(record, asked)}, where)
        found = list(self._selected(table, asked.get("sysparm_query", "")))
        begin, many = int(asked.get("sysparm_offset", 0)), int(asked.get("sysparm_limit", 10_000))
        page = [_shown(record, asked) for record in found[begin : begin + many]]
        return json_response(200, {"result": page}, ("X-Total-Count", str(len(found))))

    def _selected(self, table: str, query: str) -> Iterator[Record]:
        """In the order in which they were made, which is the only one asked for."""
        records = list(self.tables[table].values())
        terms = (term.partition("=") for term in query.split("^") if not term.startswith("ORDERBY"))
        known = {name for record in records for name in record}
        conditions = [(name, value) for name, _equals, value in terms if name in known]
        return (record for record in records if all(record.get(name) == value for name, value in conditions))

    def _create(self, table: str, values: Record) -> Record:
        number = f"{PREFIXES[table]}{len(self.tables[table]) + 10_001:07d}"
        record = {
            "sys_id": uuid4().hex,
            "number": number,
            "sys_class_name": table,
            "short_description": "",
            "description": "",
            "correlation_id": "",
            "state": "1",
            "active": "true",
            "close_code": "",
            "close_notes": "",
            "sys_created_on": _now(),
            "sys_mod_count": "-1",
        }
        self.tables[table][record["sys_id"]] = record
        self._change(table, record, values)
        return record

    def _change(self, table: str, record: Record, values: Record) -> None:
        if record["number"] in self.stuck:
            values.pop("state", None)
        for name, value in values.items():
            record[name] = f"{record.get(name, '')}{value}\n" if name in JOURNALS else value
        record["active"] = "false" if record["state"] in OVER.get(table, OVER_ELSEWHERE) else "true"
        record["sys_updated_on"] = _now()
        record["sys_mod_count"] = str(int(record["sys_mod_count"]) + 1)


def _values(request: Request) -> Record:
    given = json.loads(request.body or b"{}")
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()
    }


def _shown(record: Record, asked: Mapping[str, str]) -> dict[str, Any]:
    fields = asked.get("sysparm_fields")
    wanted = fields.split(",") if fields else list(record)
    shown = {name: "" if name in JOURNALS else record[name] for name in wanted if name in record}
    if asked.get("sysparm_display_value") == "all":
        return {name: {"display_value": value, "value": value} for name, value in shown.items()}
    return shown


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="alta double servicenow", description="A double of ServiceNow (Table API)"
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8443)
    parser.add_argument("--state", type=Path, metavar="FILE", help="keeps the tickets over a restart")
    options = parser.parse_args()
    run(ServiceNowDouble(options.host, options.port, options.state), "ServiceNow double")


if __name__ == "__main__":
    main()

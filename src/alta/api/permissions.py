"""Which permission each operation of the programming interface asks for. What is not in this table is refused."""

from __future__ import annotations

from alta.accounts.access import ANYBODY, Rule, Table

TABLE: Table = {
    "api:openapi-json": {"GET": ANYBODY},
    "api:read_job": {"GET": Rule("jobs.view")},
}

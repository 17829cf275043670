"""Numbers of states, as the tables come; an operator's own are given by the playbook."""

from __future__ import annotations

# An incident is resolved; ServiceNow itself closes it some days later.
DONE = {"incident": "6"}
DONE_ELSEWHERE = "3"
CANCELLED = {"incident": "8"}
CANCELLED_ELSEWHERE = "4"


def done(table: str) -> str:
    return DONE.get(table, DONE_ELSEWHERE)


def cancelled(table: str) -> str:
    return CANCELLED.get(table, CANCELLED_ELSEWHERE)
